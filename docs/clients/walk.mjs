// The main job, from the notice to 0 and back, in the words of a client. Each file beside this one says what these
// words are in its client.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

export const { HOMEROOM_URL: url, HOMEROOM_TOKEN: token, HOMEROOM_ORGANIZATION: at } = process.env;
export const headers = { authorization: `Bearer ${token}` };
export const socket = url.replace(/^http/, "ws");

let requests = 0;

/** counted is fetch, and counts what a client sends. */
export function counted(address, options) {
  requests += 1;
  return fetch(address, options);
}

/**
 * walk does the main job with a client:
 * - read(name, variables, fresh) gives the data of a query, from the cache unless fresh;
 * - change(name, variables) sends a mutation;
 * - upload(variables, file, name) sends a mutation with a file;
 * - watch(id, until) follows a job until its status is one of a list, and gives its last state.
 * keepsObjects is true for a cache that knows objects by id.
 */
export async function walk({ read, change, upload, watch, keepsObjects }) {
  const notice = async (fresh) => (await read("Notice", { at }, fresh)).organization.notifications[0];
  const before = await notice(true);
  step(`${before.count} active students are in no group`);

  const { students } = await read("Unassigned", { at }, true);
  assert.equal(students.totalCount, before.count);
  step(`the first of them is ${students.nodes[0].name}`);

  // A file names groups, so the name has to be the only one of the school.
  const name = `Made by ${process.argv[1].split("/").at(-1)} ${randomUUID().slice(0, 8)}`;
  const { createGroup } = await change("CreateGroup", { input: { organizationId: at, name } });
  accepted(createGroup);
  const two = students.nodes.slice(0, 2).map((student) => student.id);
  const { assignStudentsToGroups } = await change("Assign", {
    input: { studentIds: two, groupIds: [createGroup.group.id] },
  });
  accepted(assignStudentsToGroups);
  assert.equal(assignStudentsToGroups.enrollmentsAdded, 2);
  requests = 0;
  const left = await notice();
  assert.equal(left.count, before.count - 2);
  if (keepsObjects) assert.equal(requests, 0, "the cache had to ask for the notice");
  step(`two are in the new group, and the notice says ${left.count}`);

  // The address of a file works for a short time: ask for it when somebody clicks.
  const list = await download((await notice(true)).csvUrl);
  const job = await upload(
    { input: { organizationId: at, kind: "IMPORT_STUDENTS", idempotencyKey: randomUUID() } },
    new Blob([filledIn(list, name)]),
    "unassigned.csv",
  );
  accepted(job);
  const preview = await watch(job.job.id, ["READY", "FAILED"]);
  assert.deepEqual([preview.status, preview.counts.updated, preview.counts.errors], ["READY", left.count, 1]);
  step(`the preview: ${preview.counts.updated} students would change, ${preview.counts.errors} row is refused`);

  accepted((await change("Start", { id: job.job.id })).startBulkJob);
  const done = await watch(job.job.id, ["COMPLETED_WITH_ERRORS", "COMPLETED", "HELD", "FAILED"]);
  assert.deepEqual([done.status, done.counts.enrollmentsAdded], ["COMPLETED_WITH_ERRORS", left.count]);
  // The last event of the subscription had the notice of the school.
  requests = 0;
  assert.equal((await notice(!keepsObjects)).count, 0);
  if (keepsObjects) assert.equal(requests, 0, "the cache had to ask for the notice");
  step("it is done, and nobody is left");

  const { failedRowsCsvUrl } = (await read("Job", { id: job.job.id }, true)).bulkJob;
  const refused = await download(failedRowsCsvUrl);
  assert.match(refused, /Refused Because/);
  assert.match(refused, /A group that nobody has made/);
  step("the refused row says why");

  accepted((await change("Undo", { id: job.job.id })).undoBulkJob);
  assert.equal((await watch(job.job.id, ["UNDONE", "PARTIALLY_UNDONE"])).status, "UNDONE");
  assert.equal((await notice(true)).count, left.count);
  step(`it is undone, and the notice says ${left.count} again`);
}

/** download gets a file. Without --public-url its address begins with a slash. */
async function download(address) {
  const response = await fetch(new URL(address, url), { headers });
  assert.equal(response.status, 200);
  return response.text();
}

function step(text) {
  console.log(`ok: ${text}`);
}

/** accepted fails if a mutation was refused. userErrors say why, with a code for programs and a message for people. */
function accepted({ userErrors }) {
  assert.deepEqual(userErrors, []);
}

/** filledIn puts a group into the empty column of every row, and adds a row that cannot be used. */
function filledIn(list, group) {
  const [header, ...rows] = list.trimEnd().split(/\r?\n/);
  const column = header.replace("\ufeff", "").split(",").indexOf("Classes/Groups");
  const filled = rows.map((row) => {
    const cells = row.split(",");
    cells[column] = group;
    return cells.join(",");
  });
  const wrong = filled[0].split(",");
  wrong.fill("");
  wrong[1] = "no-such-id";
  wrong[2] = "Nobody";
  wrong[3] = "Known";
  wrong[column] = "A group that nobody has made";
  return [header, ...filled, wrong.join(",")].join("\r\n");
}
