// TanStack Query: a cache of answers, not of objects. After a change, say which answers are old, and they are asked
// again. It follows a job by asking again until it has ended, which needs no connection that stays open.
import { QueryClient } from "@tanstack/query-core";

import { operations } from "./operations.mjs";
import { sendFile } from "./upload.mjs";
import { counted, headers, url, walk } from "./walk.mjs";

const client = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity, retry: 3 } } });

async function send(name, variables) {
  const response = await counted(url, {
    method: "POST",
    headers: { ...headers, "content-type": "application/json", accept: "application/graphql-response+json" },
    body: JSON.stringify({ query: operations[name], operationName: name, variables }),
  });
  const { data, errors } = await response.json();
  if (errors) throw new Error(`${errors[0].extensions.code}: ${errors[0].message}`);
  return data;
}

const ask = (name, variables) => ({ queryKey: [name, variables], queryFn: () => send(name, variables) });
// Every change can move the notice and the lists.
const old = () => client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== "Job" });

await walk({
  keepsObjects: false,
  read: (name, variables, fresh) => client.fetchQuery({ ...ask(name, variables), ...(fresh ? { staleTime: 0 } : {}) }),
  change: async (name, variables) => {
    const data = await send(name, variables);
    await old();
    return data;
  },
  upload: async (variables, file, name) => {
    const { data } = await sendFile({ url, headers, query: operations.Upload, variables, file, name });
    return data.submitBulkImport;
  },
  // In a browser, the option refetchInterval of a query does this. It does nothing on a server.
  watch: async (id, until) => {
    for (;;) {
      const { bulkJob } = await client.fetchQuery({ ...ask("Job", { id }), staleTime: 0 });
      if (until.includes(bulkJob.status)) {
        await old();
        return bulkJob;
      }
      await new Promise((again) => setTimeout(again, 200));
    }
  },
});
client.clear();
