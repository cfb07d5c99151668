// What stands on the page is asked for anew when it may have become old without anybody telling: the device was
// offline, the server was gone, or nobody has looked for a while.
import type { Client, Exchange, Operation } from "@urql/core";
import { pipe, tap } from "wonka";

/** So long nobody has to look for what stands there to count as old. */
const old = 30_000;

/** watching knows the queries whose answers stand on the page. */
export function watching(): { exchange: Exchange; refresh: (client: Client) => void } {
  const live = new Map<number, Operation>();
  return {
    exchange:
      ({ forward }) =>
      (operations) =>
        forward(
          pipe(
            operations,
            tap((operation) => {
              if (operation.kind === "query") live.set(operation.key, operation);
              else if (operation.kind === "teardown") live.delete(operation.key);
            }),
          ),
        ),
    refresh: (client) => {
      for (const operation of [...live.values()]) {
        const context = { ...operation.context, requestPolicy: "cache-and-network" as const };
        client.reexecuteOperation(client.createRequestOperation("query", operation, context));
      }
    },
  };
}

/** onReturn calls back when the device is online again, and when somebody looks at the page after a while. */
export function onReturn(call: () => void): void {
  let left = 0;
  addEventListener("online", call);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) left = Date.now();
    else if (left && Date.now() - left > old) call();
  });
}
