import { createClient, type Client } from "graphql-ws";
import { sessionEnded } from "./session";

/** openSocket gives subscriptions a WebSocket, which is opened with the first one and comes back by itself. */
export function openSocket(): Client {
  const url = new URL("/graphql", location.href);
  url.protocol = url.protocol.replace("http", "ws");
  return createClient({
    url: url.href,
    lazy: true,
    retryAttempts: Infinity,
    shouldRetry: () => true,
    retryWait: async (tries) => {
      await back;
      await new Promise((resolve) => setTimeout(resolve, Math.min(500 * 2 ** tries, 10_000) * (0.75 + Math.random() / 2)));
    },
    on: {
      closed: (event) => {
        // The codes with which the server closes where there is no session (any more).
        const code = (event as CloseEvent).code;
        if (code === 4401 || code === 4403) back = sessionEnded();
      },
    },
  });
}

// Ends when there is a session again.
let back: Promise<void> = Promise.resolve();
