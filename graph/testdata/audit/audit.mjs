// Runs the audits of graphql-http against HOMEROOM_URL and prints one JSON line for each.
import { serverAudits } from "graphql-http";

const { HOMEROOM_URL: url, HOMEROOM_TOKEN: token } = process.env;

// The audits ask for __type and know nothing of sessions.
const fetchFn = (address, init = {}) =>
  fetch(address, { ...init, headers: { ...init.headers, authorization: `Bearer ${token}` } });

for (const audit of serverAudits({ url, fetchFn })) {
  const result = await audit.fn();
  const body = result.response && !result.response.bodyUsed ? await result.response.text() : "";
  const why = result.status === "ok" ? "" : `${result.reason} (${result.response?.status}) ${body}`;
  console.log(JSON.stringify({ name: `${audit.id} ${audit.name}`, status: result.status, why }));
}
