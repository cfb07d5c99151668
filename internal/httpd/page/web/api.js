// What every page with a script needs: asking the server, and telling the person when that fails.
const endpoint = document.documentElement.dataset.endpoint;
const notice = document.getElementById("notice");

// memory lasts as long as this browser tab. It is null where the browser is set to keep nothing for this site.
const memory = (() => {
  try {
    return window.sessionStorage;
  } catch {
    return null;
  }
})();

function post(body, accept, signal) {
  return fetch(endpoint, {
    method: "POST",
    credentials: "same-origin",
    headers: { "content-type": "application/json", accept },
    body: JSON.stringify(body),
    signal,
  });
}

// ask sends one operation and gives the server's answer, whether it holds data or errors. Where there is no answer it
// throws an Error whose message says what to do.
async function ask(body) {
  let response;
  try {
    response = await post(body, "application/graphql-response+json, application/json");
  } catch {
    throw new Error("The server cannot be reached. Check the network connection, then try again.");
  }
  return readAnswer(response);
}

async function readAnswer(response) {
  try {
    return await response.json();
  } catch {
    throw new Error(
      `The server answered with status ${response.status} and nothing this page can read. ` +
        "Try again in a minute; if it happens again, tell the person who runs the server.",
    );
  }
}

// askData is ask for callers that can do nothing with errors but show the first one.
async function askData(body) {
  const answer = await ask(body);
  if (answer.errors?.length || !answer.data) {
    throw new Error(answer.errors?.[0]?.message ?? "The server answered without data. Try again.");
  }
  return answer.data;
}

// busy keeps a button from being pressed twice while work runs, and shows the error where it fails.
async function busy(button, work) {
  if (button.getAttribute("aria-disabled") === "true") return;
  button.setAttribute("aria-disabled", "true");
  notice.textContent = "";
  try {
    await work();
  } catch (error) {
    notice.textContent = error.message;
  } finally {
    button.removeAttribute("aria-disabled");
  }
}

const signOut = document.getElementById("sign-out");
signOut?.addEventListener("click", () =>
  busy(signOut, async () => {
    const { errors } = await ask({ query: "mutation { signOut }" });
    // Whose time has run out in the meantime is signed out already.
    if (errors?.length && errors[0].extensions?.code !== "UNAUTHENTICATED") throw new Error(errors[0].message);
    // Operations and answers of this person must not wait here for the next one.
    // The editor saves what was typed a moment later, perhaps only while the page is left.
    window.addEventListener("pagehide", () => memory?.clear());
    memory?.clear();
    location.reload();
  }),
);
