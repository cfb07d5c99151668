// Starts GraphiQL: finds out who is signed in, fills the examples in, and connects the editor to the server.
const startQuery = `{
  viewer {
    educator { id name email }
    roles { role organization { id name } }
  }
}`;

function isSubscription(documentAST, operationName) {
  return documentAST?.definitions.some(
    (each) => each.operation === "subscription" && (!operationName || each.name?.value === operationName),
  );
}

function fetcher(params, options) {
  return isSubscription(options?.documentAST, params.operationName) ? subscribe(params) : ask(params);
}

// latestJob is the id of the newest bulk job, or nothing: the example with it is worth no error message.
async function latestJob() {
  try {
    const { bulkJobs } = await askData({ query: "{ bulkJobs(first: 1) { nodes { id } } }" });
    return bulkJobs.nodes[0]?.id;
  } catch {
    return undefined;
  }
}

function fillIn(variables, ids) {
  return Object.entries(ids).reduce(
    (text, [placeholder, id]) => (id ? text.replaceAll(`"${placeholder}"`, () => JSON.stringify(id)) : text),
    variables,
  );
}

async function start() {
  const [{ viewer }, job] = await Promise.all([askData({ query: startQuery }), latestJob()]);
  const home = viewer.roles.find((each) => each.role !== "TEACHER") ?? viewer.roles[0];
  const { educator } = viewer;

  const who = document.getElementById("who");
  who.textContent = home ? `${educator.name} · ${home.organization.name}` : educator.name;
  who.title = educator.email;

  // Tabs and history hold names of students and may hold a password, so they last only as long as this browser tab,
  // and are not shown to another person who signs in here.
  if (memory?.getItem("educator") !== educator.id) {
    memory?.clear();
    memory?.setItem("educator", educator.id);
  }

  const ids = { ORGANIZATION_ID: home?.organization.id, JOB_ID: job };
  const examples = JSON.parse(document.getElementById("examples").textContent);
  ReactDOM.createRoot(document.getElementById("graphiql")).render(
    React.createElement(GraphiQL, {
      fetcher,
      storage: memory,
      defaultTabs: examples.map(({ query, variables }) => ({ query, variables: fillIn(variables, ids) })),
      defaultEditorToolsVisibility: "variables",
      // The cookie says who asks. A header editor would only invite tokens into the page.
      isHeadersEditorEnabled: false,
      shouldPersistHeaders: false,
    }),
  );
}

try {
  await start();
} catch (error) {
  notice.textContent = `GraphiQL could not start: ${error.message}`;
  const again = document.createElement("button");
  again.className = "button";
  again.textContent = "Load the page again";
  again.addEventListener("click", () => location.reload());
  document.getElementById("graphiql").replaceChildren(again);
}
