// Relay: compiled operations, a store that keeps each object by its id, and subscriptions as server-sent events.
import { createClient } from "graphql-sse";
import relay from "relay-runtime";

import { sendFile } from "../upload.mjs";
import { counted, headers, url, walk } from "../walk.mjs";
import operations from "./operations.built.js";

const { Environment, Network, Observable, RecordSource, Store } = relay;
const { commitMutation, fetchQuery, requestSubscription } = relay;
const events = createClient({ url, headers });

async function send(operation, variables, _, uploadables) {
  if (uploadables) {
    return sendFile({ url, headers, query: operation.text, variables, ...uploadables });
  }
  const response = await counted(url, {
    method: "POST",
    headers: { ...headers, "content-type": "application/json", accept: "application/graphql-response+json" },
    body: JSON.stringify({ query: operation.text, operationName: operation.name, variables }),
  });
  return response.json();
}

const subscribe = ({ text, name }, variables) =>
  Observable.create((sink) => events.subscribe({ query: text, operationName: name, variables }, sink));

const environment = new Environment({ network: Network.create(send, subscribe), store: new Store(new RecordSource()) });

const commit = (mutation, variables, uploadables) =>
  new Promise((done, fail) => {
    commitMutation(environment, {
      mutation,
      variables,
      uploadables,
      onCompleted: (data, errors) => (errors ? fail(errors) : done(data)),
      onError: fail,
    });
  });

await walk({
  keepsObjects: true,
  read: (name, variables, fresh) => {
    const fetchPolicy = fresh ? "network-only" : "store-or-network";
    return fetchQuery(environment, operations[name], variables, { fetchPolicy }).toPromise();
  },
  change: (name, variables) => commit(operations[name], variables),
  upload: async ({ input }, file, name) =>
    (await commit(operations.Upload, { input: { ...input, file: null } }, { file, name })).submitBulkImport,
  watch: (id, until) =>
    new Promise((done, fail) => {
      const watching = requestSubscription(environment, {
        subscription: operations.JobMoved,
        variables: { id },
        onNext: ({ bulkJob }) => {
          if (!until.includes(bulkJob.status)) return;
          queueMicrotask(() => watching.dispose());
          done(bulkJob);
        },
        onError: fail,
      });
    }),
});
events.dispose();
