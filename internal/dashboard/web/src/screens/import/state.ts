import type { BulkJobKind, BulkJobStatus } from "../../gql/graphql";

/** Whether a server works on the job. */
export const works = (status: BulkJobStatus) =>
  status === "VERIFYING" || status === "PROCESSING" || status === "UNDOING";

/** Whether the job can still change by itself, or because somebody else does something soon. */
export const moves = (status: BulkJobStatus) => works(status) || status === "READY" || status === "HELD";

/** Whether what the job has changed can be put back. */
export const undoable = (status: BulkJobStatus) => status === "COMPLETED" || status === "COMPLETED_WITH_ERRORS";

type Job = { kind: BulkJobKind; status: BulkJobStatus; heldFor?: string | null; counts: { errors: number } };
const isImport = (kind: BulkJobKind) => kind.startsWith("IMPORT_");

/** Whether the file of the job can be checked once more, read in another way, because nothing was written. */
export const mayBeReadAgain = ({ kind, status, heldFor }: Job) =>
  isImport(kind) && (status === "READY" || status === "FAILED" || (status === "HELD" && heldFor !== "UNDO"));

/** Whether refused rows of the job can be corrected. */
export const correctable = ({ kind, status, heldFor, counts }: Job) =>
  isImport(kind) &&
  counts.errors > 0 &&
  (status === "READY" || status === "COMPLETED_WITH_ERRORS" || (status === "HELD" && heldFor !== "UNDO"));

export type Tone = "pine" | "warm" | "bad" | "good" | "";

export const toneOf: Record<BulkJobStatus, Tone> = {
  VERIFYING: "pine",
  READY: "warm",
  HELD: "warm",
  PROCESSING: "pine",
  COMPLETED: "good",
  COMPLETED_WITH_ERRORS: "warm",
  FAILED: "bad",
  CANCELED: "",
  UNDOING: "pine",
  UNDONE: "",
  PARTIALLY_UNDONE: "warm",
};

type Change = { row: number; label: string; field: string; before?: string | null; after?: string | null };

/** byRow puts together what changes in one row of the file. */
export function byRow<C extends Change>(changes: readonly C[]): { row: number; label: string; changes: C[] }[] {
  const rows: { row: number; label: string; changes: C[] }[] = [];
  for (const change of changes) {
    const last = rows.at(-1);
    if (last?.row === change.row) last.changes.push(change);
    else rows.push({ row: change.row, label: change.label, changes: [change] });
  }
  return rows;
}
