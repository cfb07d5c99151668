// Sends an operation with a file, as the GraphQL multipart request specification says. Most clients leave that to
// others: urql takes files in variables, Apollo needs a link of its own, Relay and TanStack Query send what you write.
export async function sendFile({ url, headers, query, variables, file, name }) {
  const form = new FormData();
  // The order matters: first the operation, then where the file belongs, then the file.
  const input = { ...variables.input, file: null };
  form.append("operations", JSON.stringify({ query, variables: { ...variables, input } }));
  form.append("map", JSON.stringify({ file: ["variables.input.file"] }));
  form.append("file", file, name);
  const response = await fetch(url, { method: "POST", headers, body: form });
  return response.json();
}
