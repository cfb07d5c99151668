// How the dashboard talks to the server: the clients, and what they share.
import { Client, fetchExchange, mapExchange, subscriptionExchange, makeOperation, type Exchange } from "@urql/core";
import { authExchange } from "@urql/exchange-auth";
import { cache } from "./cache";
import { onReturn, watching } from "./fresh";
import { sessionEnded } from "./session";
import { openSocket } from "./socket";

const url = "/graphql";
const accept = "application/graphql-response+json, application/json";
const options = (accept: string) => ({ headers: { accept }, credentials: "same-origin" as const });

/** hashOf is the SHA-256 by which the server knows an operation; the generated documents carry it. */
export function hashOf(document: unknown): string {
  const hash = (document as { __meta__?: { hash?: string } }).__meta__?.hash;
  if (!hash) throw new Error("a document that codegen has not made");
  return hash;
}

// Only hashes go over the wire, so that the dashboard runs under --operations registered too.
const byHash: Exchange = mapExchange({
  onOperation: (operation) =>
    operation.kind === "teardown"
      ? operation
      : {
          ...makeOperation(operation.kind, operation),
          extensions: { ...operation.extensions, persistedQuery: { version: 1, sha256Hash: hashOf(operation.query) } },
        },
});

/** codeOf returns the code of a request that was refused as a whole, or nothing. */
export function codeOf(
  error: { graphQLErrors: readonly { extensions: Record<string, unknown> }[] } | undefined,
): string {
  return String(error?.graphQLErrors[0]?.extensions.code ?? "");
}

/**
 * door is for people without a session: it keeps nothing and waits for nobody. That there is no session is an ordinary
 * answer to it, with status 200, which the older media type means.
 */
export const door = new Client({
  url,
  fetchOptions: options("application/json"),
  preferGetMethod: false,
  exchanges: [byHash, fetchExchange],
});

/** newClient makes a client for one person. Somebody else who signs in needs a new one, with an empty cache. */
export function newClient(): Client {
  const { exchange, refresh } = watching();
  const socket = openSocket(() => refresh(client));
  const client = new Client({
    url,
    fetchOptions: options(accept),
    preferGetMethod: false,
    exchanges: [
      exchange,
      cache(),
      // An operation that finds the session ended waits until the person has signed in again. Then it is sent again.
      authExchange(async () => ({
        addAuthToOperation: (operation) => operation,
        didAuthError: (error) => codeOf(error) === "UNAUTHENTICATED",
        refreshAuth: sessionEnded,
      })),
      byHash,
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: (request, operation) => ({
          subscribe: (sink) => ({
            unsubscribe: socket.subscribe(
              {
                query: "",
                operationName: request.operationName,
                variables: request.variables,
                extensions: operation.extensions,
              },
              {
                next: (result) => sink.next(result as never),
                error: (error) => sink.error(error as Error),
                complete: () => sink.complete(),
              },
            ),
          }),
        }),
      }),
    ],
  });
  onReturn(() => refresh(client));
  return client;
}
