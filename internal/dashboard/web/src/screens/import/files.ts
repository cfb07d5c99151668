// The files that this page has: those that wait for their turn, and those that were sent. A file that was sent is kept
// until the page is left, so that it can be checked once more with other columns.
import { useSyncExternalStore } from "react";
import type { BulkJobKind, SubmitBulkImportInput } from "../../gql/graphql";

/** How a file is to be read, apart from the file. */
export type How = Omit<SubmitBulkImportInput, "file" | "idempotencyKey">;

export type Waiting = { id: number; file: File; kind: BulkJobKind };

/** The kinds in the order in which their files need each other: a class names its school and its teachers. */
export const kinds: readonly BulkJobKind[] = [
  "IMPORT_ORGANIZATIONS",
  "IMPORT_EDUCATORS",
  "IMPORT_GROUPS",
  "IMPORT_STUDENTS",
  "IMPORT_ENROLLMENTS",
];

/** inTurn sorts files so that each comes after those whose rows it names. */
export function inTurn<File extends { kind: BulkJobKind }>(files: readonly File[]): File[] {
  return [...files].sort((a, b) => kinds.indexOf(a.kind) - kinds.indexOf(b.kind));
}

let waiting: readonly Waiting[] = [];
let last = 0;
const watchers = new Set<() => void>();
const sent = new Map<string, { file: File; how: How }>();
const corrected = new Set<string>();

function set(next: readonly Waiting[]) {
  waiting = next;
  watchers.forEach((watch) => watch());
}

/** wait adds files to those that wait. */
export const wait = (files: { file: File; kind: BulkJobKind }[]) =>
  set(inTurn([...waiting, ...files.map((one) => ({ ...one, id: ++last }))]));

/** takeOut has a file wait no longer. */
export const takeOut = (id: number) => set(waiting.filter((one) => one.id !== id));

/** setKind says what is in a file that waits. */
export const setKind = (id: number, kind: BulkJobKind) =>
  set(inTurn(waiting.map((one) => (one.id === id ? { ...one, kind } : one))));

const subscribe = (watch: () => void) => {
  watchers.add(watch);
  return () => void watchers.delete(watch);
};

/** useWaiting are the files that wait, the next one first. */
export const useWaiting = () => useSyncExternalStore(subscribe, () => waiting);

/** keep remembers what became a job. */
export const keep = (job: string, file: File, how: How) => void sent.set(job, { file, how });

/** kept is the file of a job, if this page has sent it. */
export const kept = (job: string) => sent.get(job);

/** markCorrected remembers that rows of a job were corrected here. The file itself does not have that. */
export const markCorrected = (job: string) => void corrected.add(job);

/** wasCorrected tells whether what was corrected is lost if the file is checked once more. */
export const wasCorrected = (job: string) => corrected.has(job);
