// Does the job with urql's client, which accepts JSON and event streams with everything that it sends.
import { cacheExchange, Client, fetchExchange } from "@urql/core";

import { check, equal, token, url } from "./check.mjs";

const { HOMEROOM_NORTH: north } = process.env;
const answers = [];
const watched = async (address, options) => {
  const response = await fetch(address, options);
  answers.push(`${response.status} ${response.headers.get("content-type")?.split(";")[0]}`);
  return response;
};
const connect = (headers) =>
  new Client({
    url,
    exchanges: [cacheExchange, fetchExchange],
    fetch: watched,
    fetchOptions: { headers },
    fetchSubscriptions: true,
    preferGetMethod: false,
  });
const mine = connect({ authorization: `Bearer ${token}` });
const json = "application/graphql-response+json";

await check("a query is answered in JSON", async () => {
  const { data, error } = await mine.query("{ viewer { educator { email } } }", {});
  equal([error, data.viewer.educator.email], [undefined, "nora@example.com"]);
  equal(answers.splice(0), [`200 ${json}`]);
});

await check("so are a mutation, and a document that makes no sense", async () => {
  const { data } = await mine.mutation("mutation { revokeOtherSessions { revokedIds } }", {});
  equal(data.revokeOtherSessions.revokedIds, []);
  const { error } = await mine.query("{ nothing }", {});
  equal(error.graphQLErrors.map((each) => each.extensions.code), ["GRAPHQL_VALIDATION_FAILED"]);
  equal(answers.splice(0), [`200 ${json}`, `400 ${json}`]);
});

await check("a caller who must sign in has a status", async () => {
  const { error } = await connect({}).query("query ($id: ID!) { dashboardNotifications(organizationId: $id) { count } }", { id: north });
  equal([error.response.status, error.graphQLErrors[0].extensions.code], [401, "UNAUTHENTICATED"]);
  equal(answers.splice(0), [`401 ${json}`]);
});

let job;
await check("a file", async () => {
  const { data, error } = await mine.mutation(
    `mutation ($file: Upload!, $at: ID!) {
      submitBulkImport(input: { organizationId: $at, kind: IMPORT_GROUPS, file: $file }) { job { id } }
    }`,
    { file: new File(["Name,School\nBy urql,North School\n"], "groups.csv"), at: north },
  );
  equal(error, undefined);
  job = data.submitBulkImport.job.id;
  equal(answers.splice(0), [`200 ${json}`]);
});

await check("a job by events, until it ends", async () => {
  const statuses = [];
  await new Promise((done, fail) => {
    mine.subscription("subscription ($id: ID!) { bulkJob(id: $id) { status } }", { id: job }).subscribe(({ data, error, hasNext }) => {
      if (error) return fail(error);
      if (data && statuses.at(-1) !== data.bulkJob.status) statuses.push(data.bulkJob.status);
      if (statuses.at(-1) === "READY") {
        mine.mutation("mutation ($id: ID!) { startBulkJob(id: $id) { userErrors { message } } }", { id: job }).then(() => {}, fail);
      }
      if (statuses.at(-1) === "COMPLETED" || hasNext === false) done();
    });
  });
  equal(statuses.at(-1), "COMPLETED");
  equal(answers.toSorted(), [`200 ${json}`, "200 text/event-stream"].toSorted());
});

// urql keeps connections.
process.exit(0);
