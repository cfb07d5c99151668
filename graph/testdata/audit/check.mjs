// What the scripts beside this file share: checks that are printed as one JSON line each.
import { isDeepStrictEqual } from "node:util";

export const { HOMEROOM_URL: url, HOMEROOM_TOKEN: token } = process.env;

export async function check(name, run) {
  let why = "";
  try {
    await run();
  } catch (error) {
    why = error?.stack ?? JSON.stringify(error) ?? String(error);
  }
  console.log(JSON.stringify({ name, status: why === "" ? "ok" : "error", why }));
}

export function equal(got, want) {
  if (!isDeepStrictEqual(got, want)) throw new Error(`got ${JSON.stringify(got)}, want ${JSON.stringify(want)}`);
}

// ask sends an operation as an ordinary request.
export async function ask(query, variables) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables }),
  });
  return response.json();
}

// upload submits a file of groups and returns the id of its job.
export async function upload(organizationId, content) {
  const form = new FormData();
  const query = `mutation ($file: Upload!) {
    submitBulkImport(input: { organizationId: "${organizationId}", kind: IMPORT_GROUPS, file: $file }) { job { id } }
  }`;
  form.append("operations", JSON.stringify({ query, variables: { file: null } }));
  form.append("map", JSON.stringify({ 0: ["variables.file"] }));
  form.append("0", new Blob([content]), "groups.csv");
  const response = await fetch(url, { method: "POST", headers: { authorization: `Bearer ${token}` }, body: form });
  return (await response.json()).data.submitBulkImport.job.id;
}

// followJob takes the statuses of a job from an iterator, and starts the job once it is ready.
export async function followJob(events, id) {
  const statuses = [];
  for await (const { data, errors } of events) {
    if (errors) throw errors;
    const { status } = data.bulkJob;
    if (statuses.at(-1) !== status) statuses.push(status);
    if (status === "READY") await ask(`mutation { startBulkJob(id: "${id}") { userErrors { message } } }`);
  }
  return statuses;
}

export const last = (list, n) => list.slice(-n);
