import { describe, expect, it } from "vitest";
import type { Client, ExchangeInput, Operation, OperationResult } from "@urql/core";
import type { DocumentNode } from "graphql";
import { fromArray, pipe, publish, type Source } from "wonka";
import { knownChanges } from "../src/api/cache";
import { watching } from "../src/api/fresh";
import * as documents from "../src/gql/graphql";

/** What is sent without the cache: by the door, before and after a session, and by pages of their own. */
const withoutCache =
  /^(signIn|signInWithCode|completeSignIn|beginPasskeySignIn|finishPasskeySignIn|signOut|requestPasswordReset)$/;

describe("the consequences of a change", () => {
  const fields = Object.entries(documents)
    .filter(([name, value]) => name.endsWith("Document") && typeof value === "object")
    .flatMap(([, value]) => (value as unknown as DocumentNode).definitions)
    .flatMap((definition) =>
      definition.kind === "OperationDefinition" && definition.operation === "mutation"
        ? definition.selectionSet.selections
        : [],
    )
    .flatMap((selection) => (selection.kind === "Field" ? [selection.name.value] : []))
    .filter((name) => name !== "__typename" && !withoutCache.test(name));
  it("are known for every mutation that the dashboard sends", () => {
    expect([...new Set(fields)].sort()).toEqual([...knownChanges].sort());
  });
});

describe("what stands on the page", () => {
  it("is asked for anew, and nothing else", () => {
    const { exchange, refresh } = watching();
    const asked: unknown[] = [];
    const client = {
      createRequestOperation: (kind: string, { key }: { key: number }, context: object) => ({ kind, key, context }),
      reexecuteOperation: (operation: unknown) => asked.push(operation),
    } as unknown as Client;
    const operations = (["query", "query", "mutation", "teardown"] as const).map(
      (kind, i) =>
        ({ kind, key: [1, 2, 3, 2][i], context: { url: "", requestPolicy: "cache-first" } }) as unknown as Operation,
    );
    const forward = (all: Source<Operation>) => all as unknown as Source<OperationResult>;
    pipe(exchange({ client, dispatchDebug: () => {}, forward } as ExchangeInput)(fromArray(operations)), publish);
    refresh(client);
    expect(asked).toEqual([{ kind: "query", key: 1, context: { url: "", requestPolicy: "cache-and-network" } }]);
  });
});
