// Whether the session of this page is valid. If it has ended, requests wait until the person has signed in again.
import { useSyncExternalStore } from "react";

let ended = false;
let waiting: (() => void)[] = [];
const watchers = new Set<() => void>();

function tell(now: boolean) {
  ended = now;
  watchers.forEach((watch) => watch());
}

/** sessionEnded shows the sign-in form over the page. Its promise ends when the person has signed in again. */
export function sessionEnded(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    if (!ended) tell(true);
  });
}

/** sessionBack sends the requests that have waited. */
export function sessionBack(): void {
  const all = waiting;
  waiting = [];
  tell(false);
  all.forEach((resolve) => resolve());
}

const subscribe = (watch: () => void) => {
  watchers.add(watch);
  return () => void watchers.delete(watch);
};

/** useSessionEnded is true while somebody has to sign in again. */
export const useSessionEnded = () => useSyncExternalStore(subscribe, () => ended);
