// The operations of operations.graphql by name, each as a text with the fragments that it uses.
import { readFileSync } from "node:fs";
import { parse, print, separateOperations } from "graphql";

const all = parse(readFileSync(new URL("operations.graphql", import.meta.url), "utf8"));

export const operations = Object.fromEntries(
  Object.entries(separateOperations(all)).map(([name, document]) => [name, print(document)]),
);
