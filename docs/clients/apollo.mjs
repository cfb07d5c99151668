// Apollo Client 4: a cache that keeps each object by its id, and subscriptions over a WebSocket.
import { ApolloClient, HttpLink, InMemoryCache, gql, split } from "@apollo/client/core/index.js";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions/index.js";
import { getMainDefinition } from "@apollo/client/utilities/index.js";
import { createClient } from "graphql-ws";
import WebSocket from "ws";

import { operations } from "./operations.mjs";
import { sendFile } from "./upload.mjs";
import { counted, headers, socket, token, url, walk } from "./walk.mjs";

const events = createClient({
  url: socket,
  webSocketImpl: WebSocket,
  connectionParams: { authorization: `Bearer ${token}` },
});
const client = new ApolloClient({
  cache: new InMemoryCache(),
  link: split(
    ({ query }) => getMainDefinition(query).operation === "subscription",
    new GraphQLWsLink(events),
    new HttpLink({ uri: url, fetch: counted, headers }),
  ),
});
const documents = Object.fromEntries(Object.entries(operations).map(([name, text]) => [name, gql(text)]));

await walk({
  keepsObjects: true,
  read: async (name, variables, fresh) => {
    const fetchPolicy = fresh ? "network-only" : "cache-first";
    return (await client.query({ query: documents[name], variables, fetchPolicy })).data;
  },
  change: async (name, variables) => (await client.mutate({ mutation: documents[name], variables })).data,
  upload: async (variables, file, name) => {
    const { data } = await sendFile({ url, headers, query: operations.Upload, variables, file, name });
    return data.submitBulkImport;
  },
  watch: (id, until) =>
    new Promise((done, fail) => {
      const watching = client.subscribe({ query: documents.JobMoved, variables: { id } }).subscribe({
        next: ({ data, error }) => {
          if (error) fail(error);
          else if (until.includes(data.bulkJob.status)) {
            watching.unsubscribe();
            done(data.bulkJob);
          }
        },
        error: fail,
      });
    }),
});
await events.dispose();
