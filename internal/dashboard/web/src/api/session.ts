// Whether the session of this page is alive. Where it has ended, what was asked waits until the person is back.
import { useSyncExternalStore } from "react";

let ended = false;
let waiting: (() => void)[] = [];
const watchers = new Set<() => void>();

function tell(now: boolean) {
  ended = now;
  watchers.forEach((watch) => watch());
}

/** sessionEnded has the form to sign in shown over the page, and ends when the person is back. */
export function sessionEnded(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    if (!ended) tell(true);
  });
}

/** sessionBack sends what has waited. */
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
