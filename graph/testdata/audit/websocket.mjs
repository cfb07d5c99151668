// Subscribes with the client of graphql-ws.
import { createClient } from "graphql-ws";
import WebSocket from "ws";

import { ask, check, equal, followJob, last, token, upload, url } from "./check.mjs";

const { HOMEROOM_NORTH: north, HOMEROOM_EAST: east } = process.env;
const address = url.replace(/^http/, "ws");
const connect = (authorization, options) =>
  createClient({
    url: address, webSocketImpl: WebSocket, retryAttempts: 0, connectionParams: authorization && { authorization }, ...options,
  });
const mine = () => connect(`Bearer ${token}`);

async function all(events) {
  const list = [];
  for await (const event of events) list.push(event);
  return list;
}

async function failure(client, query) {
  try {
    await all(client.iterate({ query }));
  } catch (error) {
    return error;
  }
  throw new Error("there was no error");
}

await check("a query", async () => {
  const client = mine();
  equal(await all(client.iterate({ query: "{ viewer { educator { email } } }" })), [
    { data: { viewer: { educator: { email: "nora@example.com" } } } },
  ]);
  await client.dispose();
});

await check("a job, from the upload to its end", async () => {
  const client = mine();
  const id = await upload(north, "Name,School\nBy socket,North School\n");
  const events = client.iterate({ query: "subscription ($id: ID!) { bulkJob(id: $id) { status } }", variables: { id } });
  equal(last(await followJob(events, id), 1), ["COMPLETED"]);
  await client.dispose();
});

await check("notices change while two subscriptions share a connection", async () => {
  const client = mine();
  const query = `subscription { dashboardNotifications(organizationId: "${north}") { count } }`;
  const one = client.iterate({ query });
  const two = client.iterate({ query });
  const [before] = (await one.next()).value.data.dashboardNotifications;
  await two.next();
  const created = await ask(`mutation { createStudent(input: {organizationId: "${north}", externalId: "ws-1", firstName: "W",
    lastName: "S", username: "ws-1", grade: "1"}) { userErrors { message } } }`);
  equal(created.data.createStudent.userErrors, []);
  await ask(`mutation { recordUsage(input: {organizationId: "${north}", events: [{eventId: "ws-1", studentExternalId: "ws-1",
    productCode: "MATH", startedAt: "2026-11-18T12:00:00Z", seconds: 600}]}) { accepted } }`);
  equal((await one.next()).value.data.dashboardNotifications, [{ count: before.count + 1 }]);
  equal((await two.next()).value.data.dashboardNotifications, [{ count: before.count + 1 }]);
  await one.return();
  await two.return();
  await client.dispose();
});

await check("another district's notices do not exist", async () => {
  const client = mine();
  const errors = await failure(client, `subscription { dashboardNotifications(organizationId: "${east}") { count } }`);
  equal(errors.map((e) => e.extensions.code), ["NOT_FOUND"]);
  await client.dispose();
});

await check("a document that makes no sense", async () => {
  const client = mine();
  const errors = await failure(client, "subscription { nothing }");
  equal(errors.map((e) => e.extensions.code), ["GRAPHQL_VALIDATION_FAILED"]);
  await client.dispose();
});

await check("a wrong token closes with 4403", async () => {
  equal((await failure(connect("Bearer nonsense"), "{ __typename }")).code, 4403);
});

await check("no token closes with 4403", async () => {
  equal((await failure(connect(), "{ __typename }")).code, 4403);
});

await check("the client's pings are answered", async () => {
  let pongs = 0;
  const client = connect(`Bearer ${token}`, {
    lazy: false, keepAlive: 50, on: { pong: (received) => (pongs += received ? 1 : 0) },
  });
  await new Promise((resolve) => setTimeout(resolve, 400));
  equal(pongs > 1, true);
  await client.dispose();
});

await check("a session that ends closes with 4401", async () => {
  const signedIn = await ask(`mutation { signIn(input: {email: "nora@example.com", password: "correct horse"}) { token } }`);
  const other = signedIn.data.signIn.token;
  // Otherwise the client itself closes when its only subscription has ended.
  const client = connect(`Bearer ${other}`, { lazy: false, onNonLazyError: () => {} });
  let code;
  client.on("closed", (event) => (code = event.code));
  const events = client.iterate({ query: `subscription { dashboardNotifications(organizationId: "${north}") { count } }` });
  await events.next();
  await fetch(url, {
    method: "POST", headers: { "content-type": "application/json", authorization: `Bearer ${other}` },
    body: JSON.stringify({ query: "mutation { signOut }" }),
  });
  const errors = await events.next().catch((error) => error);
  equal(errors.map((e) => e.extensions.code), ["UNAUTHENTICATED"]);
  for (let i = 0; i < 100 && !code; i++) await new Promise((resolve) => setTimeout(resolve, 20));
  equal(code, 4401);
});

process.exit(0);
