// urql with graphcache: a cache that keeps each object by its id, files in variables, and subscriptions as server-sent
// events.
import { File } from "node:buffer";

import { Client, fetchExchange } from "@urql/core";
import { cacheExchange } from "@urql/exchange-graphcache";

import { operations } from "./operations.mjs";
import { counted, headers, url, walk } from "./walk.mjs";

// These have no id: they belong to the object that they are in.
const within = () => null;
const client = new Client({
  url,
  preferGetMethod: false,
  fetch: counted,
  fetchOptions: { headers },
  fetchSubscriptions: true,
  exchanges: [
    cacheExchange({
      keys: { BulkJobProgress: within, BulkJobCounts: within, StudentConnection: within, PageInfo: within },
    }),
    fetchExchange,
  ],
});

function answered({ data, error }) {
  if (error) throw error;
  return data;
}

await walk({
  keepsObjects: true,
  read: async (name, variables, fresh) => {
    const requestPolicy = fresh ? "network-only" : "cache-first";
    return answered(await client.query(operations[name], variables, { requestPolicy }));
  },
  change: async (name, variables) => answered(await client.mutation(operations[name], variables)),
  upload: async ({ input }, file, name) => {
    const variables = { input: { ...input, file: new File([file], name) } };
    return answered(await client.mutation(operations.Upload, variables)).submitBulkImport;
  },
  watch: (id, until) =>
    new Promise((done, fail) => {
      const watching = client.subscription(operations.JobMoved, { id }).subscribe(({ data, error }) => {
        if (error) fail(error);
        else if (data && until.includes(data.bulkJob.status)) {
          // The first event can come before subscribe has returned.
          queueMicrotask(() => watching.unsubscribe());
          done(data.bulkJob);
        }
      });
    }),
});
// urql keeps connections.
process.exit(0);
