import type { Viewer } from "../api/person";

/** All screens, in the order of the navigation. */
export const everyScreen = ["usage", "students", "groups", "import", "jobs", "people", "settings", "audit"] as const;
/** Screens that are rarely needed. A phone has no room for them at the bottom, so they are in the account menu. */
export const seldom: readonly ScreenName[] = ["people", "settings", "audit"];

export type ScreenName = (typeof everyScreen)[number];

/** isTeacher is true for somebody who administers nothing. */
export const isTeacher = (viewer: Viewer) => viewer.roles.every(({ role }) => role === "TEACHER");

/** screensFor are the screens of a person; the first one is home. */
export function screensFor(viewer: Viewer): readonly ScreenName[] {
  return isTeacher(viewer) ? ["students", "groups", "import"] : everyScreen;
}
