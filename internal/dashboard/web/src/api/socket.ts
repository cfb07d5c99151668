import { useSyncExternalStore } from "react";
import { createClient, type Client } from "graphql-ws";
import { sessionEnded } from "./session";

let lost = false;
const watchers = new Set<() => void>();
const subscribe = (watch: () => void) => {
  watchers.add(watch);
  return () => void watchers.delete(watch);
};
function tell(now: boolean) {
  lost = now;
  watchers.forEach((watch) => watch());
}

/** useLost is true while the server does not answer although the device has a network. */
export const useLost = () => useSyncExternalStore(subscribe, () => lost);

// Ends when there is a session again.
let back: Promise<void> = Promise.resolve();

/**
 * openSocket gives subscriptions a WebSocket. It opens with the first one and reconnects by itself. When it has
 * come back, onBack is called: nobody has told what changed meanwhile.
 */
export function openSocket(onBack: () => void): Client {
  const url = new URL("/graphql", location.href);
  url.protocol = url.protocol.replace("http", "ws");
  return createClient({
    url: url.href,
    lazy: true,
    retryAttempts: Infinity,
    shouldRetry: () => true,
    retryWait: async (tries) => {
      await back;
      const wait = Math.min(500 * 2 ** tries, 5_000) * (0.75 + Math.random() / 2);
      await new Promise((resolve) => setTimeout(resolve, wait));
    },
    on: {
      connected: () => {
        if (!lost) return;
        tell(false);
        onBack();
      },
      closed: (event) => {
        // The server closes with these codes if there is no session, or no longer.
        const { code } = event as CloseEvent;
        if (code === 4401 || code === 4403) back = sessionEnded();
        // 1000 is a close on purpose: nobody listens any more.
        else if (code !== 1000) tell(true);
      },
    },
  });
}
