// Subscribes with the client of graphql-sse, in the mode of distinct connections.
import { createClient } from "graphql-sse";

import { check, equal, followJob, last, token, upload, url } from "./check.mjs";

const { HOMEROOM_NORTH: north, HOMEROOM_EAST: east } = process.env;
const connect = (authorization) =>
  createClient({ url, retryAttempts: 0, headers: authorization ? { authorization } : {} });
const mine = connect(`Bearer ${token}`);

async function all(events) {
  const list = [];
  for await (const event of events) list.push(event);
  return list;
}

const codes = (list) => list.map((each) => each.errors?.[0].extensions.code);

await check("a query", async () => {
  equal(await all(mine.iterate({ query: "{ viewer { educator { email } } }" })), [
    { data: { viewer: { educator: { email: "nora@example.com" } } } },
  ]);
});

await check("a job, from the upload to its end", async () => {
  const id = await upload(north, "Name,School\nBy events,North School\n");
  const events = mine.iterate({ query: "subscription ($id: ID!) { bulkJob(id: $id) { status } }", variables: { id } });
  equal(last(await followJob(events, id), 1), ["COMPLETED"]);
});

await check("another district's notices do not exist", async () => {
  equal(codes(await all(mine.iterate({ query: `subscription { dashboardNotifications(organizationId: "${east}") { count } }` }))), ["NOT_FOUND"]);
});

await check("a document that makes no sense", async () => {
  equal(codes(await all(mine.iterate({ query: "subscription { nothing }" }))), ["GRAPHQL_VALIDATION_FAILED"]);
});

await check("a wrong token and none", async () => {
  const query = `subscription { dashboardNotifications(organizationId: "${north}") { count } }`;
  for (const client of [connect("Bearer nonsense"), connect()]) {
    equal(codes(await all(client.iterate({ query }))), ["UNAUTHENTICATED"]);
  }
});

await check("a subscription that the client ends", async () => {
  const events = mine.iterate({ query: `subscription { dashboardNotifications(organizationId: "${north}") { count } }` });
  equal((await events.next()).value.data.dashboardNotifications.length, 1);
  await events.return();
});
