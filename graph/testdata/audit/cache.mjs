// Watches the notice in the caches of urql's graphcache and of Apollo while students join and leave groups. Neither cache
// is told anything about the API, and neither may ask again.
import { cacheExchange } from "@urql/exchange-graphcache";
import { Client, fetchExchange } from "@urql/core";
import apollo from "@apollo/client/core/core.cjs";

import { ask, check, equal, token, url } from "./check.mjs";

const { ApolloClient, HttpLink, InMemoryCache, gql } = apollo;
const { HOMEROOM_NORTH: north, HOMEROOM_EAST: east } = process.env;
const headers = { authorization: `Bearer ${token}` };
let requests = 0;
const watched = (address, options) => {
  requests += 1;
  return fetch(address, options);
};

// student makes somebody who is active and in no group.
async function student(name) {
  const created = await ask(`mutation { createStudent(input: {organizationId: "${north}", externalId: "${name}", firstName: "C",
    lastName: "N", username: "${name}", grade: "1"}) { student { id } } }`);
  await ask(`mutation { recordUsage(input: {organizationId: "${north}", events: [{eventId: "1", studentExternalId: "${name}",
    productCode: "MATH", startedAt: "2026-11-18T12:00:00Z", seconds: 600}]}) { accepted } }`);
  return created.data.createStudent.student.id;
}

const page = `query Page($id: ID!) {
  dashboardNotifications(organizationId: $id) { __typename id kind count }
  organization(id: $id) { __typename id name notifications { __typename id count } }
}`;
const report = `query Report($id: ID!) {
  usageReport(organizationId: $id) { __typename notifications { __typename id count } }
}`;
const change = (verb) => `mutation Change($student: ID!, $group: ID!) {
  ${verb}(input: { studentIds: [$student], groupIds: [$group] }) {
    __typename
    organizations { __typename id notifications { __typename id count } }
    userErrors { __typename code }
  }
}`;
const { data } = await ask(`{ groups(organizationId: "${north}", filter: {synced: false}) { nodes { id } } }`);
const group = data.groups.nodes[0].id;
const shown = (page, report) => [
  page.dashboardNotifications[0].count,
  page.organization.notifications[0].count,
  report.usageReport.notifications[0].count,
];

await check("graphcache shows the new notice everywhere after an assignment, and the old one after its undo", async () => {
  const mine = await student("cached-by-urql");
  const client = new Client({
    url,
    preferGetMethod: false,
    fetch: watched,
    fetchOptions: { headers },
    exchanges: [cacheExchange({ keys: { UsageReport: () => null } }), fetchExchange],
  });
  const read = async (requestPolicy) => {
    const [one, two] = [await client.query(page, { id: north }, { requestPolicy }), await client.query(report, { id: north }, { requestPolicy })];
    return shown(one.data, two.data);
  };
  const before = await read("network-only");
  for (const [verb, count] of [["assignStudentsToGroups", before[0] - 1], ["removeStudentsFromGroups", before[0]]]) {
    const { error } = await client.mutation(change(verb), { student: mine, group });
    equal(error, undefined);
    requests = 0;
    equal(await read("cache-only"), [count, count, count]);
    equal(requests, 0);
  }
});

await check("so does Apollo", async () => {
  const mine = await student("cached-by-apollo");
  const client = new ApolloClient({ cache: new InMemoryCache(), link: new HttpLink({ uri: url, fetch: watched, headers }) });
  const read = async (fetchPolicy) => {
    const ask = async (text) => (await client.query({ query: gql(text), variables: { id: north }, fetchPolicy })).data;
    return shown(await ask(page), await ask(report));
  };
  const before = await read("network-only");
  for (const [verb, count] of [["assignStudentsToGroups", before[0] - 1], ["removeStudentsFromGroups", before[0]]]) {
    await client.mutate({ mutation: gql(change(verb)), variables: { student: mine, group } });
    requests = 0;
    equal(await read("cache-only"), [count, count, count]);
    equal(requests, 0);
  }
});

const partly = `query Partly($id: ID!, $other: ID!) {
  refused: groups(organizationId: $other) { __typename totalCount }
  organization(id: $id) { __typename id name }
}`;

await check("graphcache shows what stands beside a refused field, and does not keep the refusal", async () => {
  const client = new Client({
    url,
    preferGetMethod: false,
    fetch: watched,
    fetchOptions: { headers },
    exchanges: [cacheExchange({ keys: { GroupConnection: () => null } }), fetchExchange],
  });
  const first = await client.query(partly, { id: north, other: east });
  equal([first.data.organization.name, first.data.refused, first.error.graphQLErrors[0].extensions.code], ["North School", null, "NOT_FOUND"]);
  requests = 0;
  const again = await client.query(partly, { id: north, other: east }, { requestPolicy: "cache-first" });
  equal([requests, again.error.graphQLErrors[0].extensions.code], [1, "NOT_FOUND"]);
});

await check("so does Apollo, if it is told to take both", async () => {
  const client = new ApolloClient({ cache: new InMemoryCache(), link: new HttpLink({ uri: url, headers }) });
  const { data, errors } = await client.query({ query: gql(partly), variables: { id: north, other: east }, errorPolicy: "all" });
  equal([data.organization.name, data.refused, errors[0].extensions.code], ["North School", null, "NOT_FOUND"]);
});

// urql keeps connections.
process.exit(0);
