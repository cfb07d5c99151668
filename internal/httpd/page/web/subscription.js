// Subscriptions come as server-sent events, one connection each, over the same endpoint and cookie as everything else.

// subscribe gives the answers of one subscription as an async iterator; return() closes the connection at once.
function subscribe(params) {
  const stop = new AbortController();
  const answers = readAnswers(params, stop.signal);
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: () => answers.next(),
    return: () => {
      stop.abort();
      return answers.return();
    },
  };
}

async function* readAnswers(params, signal) {
  try {
    const response = await post(params, "text/event-stream", signal);
    if (!response.headers.get("content-type")?.startsWith("text/event-stream")) {
      yield await readAnswer(response);
      return;
    }
    for await (const event of readEvents(response.body)) {
      if (event.name === "complete") return;
      if (event.data) yield JSON.parse(event.data);
    }
  } catch (error) {
    if (!signal.aborted) throw new Error(`The subscription broke off: ${error.message}. Run it again.`);
  }
}

// readEvents splits a stream of server-sent events at the empty lines. Comments, which keep a connection alive, are
// left out.
async function* readEvents(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (rest + value).replaceAll("\r\n", "\n").split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const lines = block.split("\n");
      const field = (name) =>
        lines.filter((line) => line.startsWith(`${name}:`)).map((line) => line.slice(name.length + 1).trim());
      yield { name: field("event")[0] ?? "message", data: field("data").join("\n") };
    }
  }
}
