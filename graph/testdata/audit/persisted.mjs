// Sends hashes in the place of documents with the persisted query link of Apollo's client, and with the clients of
// graphql-ws and graphql-sse.
import { createHash } from "node:crypto";

import apollo from "@apollo/client/core/core.cjs";
import persisted from "@apollo/client/link/persisted-queries/persisted-queries.cjs";
import * as sse from "graphql-sse";
import * as sockets from "graphql-ws";
import WebSocket from "ws";

import { check, equal, token, url } from "./check.mjs";

const { ApolloClient, HttpLink, InMemoryCache, gql } = apollo;
const sha256 = (document) => createHash("sha256").update(document).digest("hex");

const requests = [];
const watched = (address, options) => {
  const sent = options.body ? JSON.parse(options.body) : Object.fromEntries(new URL(address).searchParams);
  requests.push(`${options.method} ${sent.query ? "document" : "hash"}`);
  return fetch(address, options);
};
const client = new ApolloClient({
  cache: new InMemoryCache(),
  defaultOptions: { query: { fetchPolicy: "no-cache" } },
  link: persisted.createPersistedQueryLink({ sha256, useGETForHashedQueries: true })
    .concat(new HttpLink({ uri: url, fetch: watched, headers: { authorization: `Bearer ${token}` } })),
});
const email = { viewer: { educator: { email: "nora@example.com" } } };
const bare = ({ data }) => JSON.parse(JSON.stringify(data, (key, value) => (key === "__typename" ? undefined : value)));

await check("Apollo sends the document once, and then the hash by GET", async () => {
  const query = gql`query Apollo { viewer { educator { email } } }`;
  equal(bare(await client.query({ query })), email);
  equal(requests.splice(0), ["GET hash", "POST document"]);
  equal(bare(await client.query({ query })), email);
  equal(requests.splice(0), ["GET hash"]);
});

await check("Apollo sends mutations by POST", async () => {
  const mutation = gql`mutation Leave { revokeOtherSessions { revokedIds } }`;
  for (const want of [["POST hash", "POST document"], ["POST hash"]]) {
    equal(bare(await client.mutate({ mutation })).revokeOtherSessions.revokedIds, []);
    equal(requests.splice(0), want);
  }
});

await check("Apollo shows errors of the document as ever", async () => {
  try {
    await client.query({ query: gql`query Nothing { nothing }` });
  } catch (error) {
    equal(error.graphQLErrors[0]?.extensions.code ?? error.networkError.result.errors[0].extensions.code, "GRAPHQL_VALIDATION_FAILED");
    return;
  }
  throw new Error("there was no error");
});

const known = "query Apollo {\n  viewer {\n    educator {\n      email\n      __typename\n    }\n    __typename\n  }\n}";
const hashOnly = { query: "", extensions: { persistedQuery: { version: 1, sha256Hash: sha256(known) } } };
const first = async (events) => bare((await events.next()).value);

await check("what came by HTTP is known to a WebSocket", async () => {
  const socket = sockets.createClient({ url: url.replace(/^http/, "ws"), webSocketImpl: WebSocket, connectionParams: { authorization: `Bearer ${token}` } });
  equal(await first(socket.iterate(hashOnly)), email);
  await socket.dispose();
});

await check("and to a stream of events", async () => {
  const stream = sse.createClient({ url, headers: { authorization: `Bearer ${token}` } });
  equal(await first(stream.iterate(hashOnly)), email);
  stream.dispose();
});
