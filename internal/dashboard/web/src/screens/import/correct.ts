// The cells of a row that is corrected.
import type { BulkJobCellInput, ReadingFragment, RefusedRowFragment, RowProblemFragment } from "../../gql/graphql";

type Cells = RefusedRowFragment["cells"];
export type Line = { header: string; value: string; wrong: boolean; password: boolean };

/** labelOf says which row it is, with the first cells that hold anything. */
export function labelOf(cells: Cells): string {
  const some = cells.filter(({ value }) => value.trim()).slice(0, 3);
  return some.map(({ value }) => value).join(" · ") || "—";
}

/** hasSlipped tells whether cells stand to the right of the last header: such a row is written anew. */
export const hasSlipped = (cells: Cells) => cells.some(({ header, value }) => !header && value);

/** linesOf are the cells to fill in, first those that something is wrong with. The password itself is never shown. */
export function linesOf(
  cells: Cells,
  readings: readonly ReadingFragment[],
  problems: readonly RowProblemFragment[],
): Line[] {
  const passwords = new Set(readings.filter(({ columns }) => columns.includes("Password")).map(({ header }) => header));
  const wrong = new Set(problems.map(({ column }) => column));
  const lines = cells
    .filter(({ header }) => header)
    .map(({ header, value }) => {
      const password = passwords.has(header) || /password/i.test(header);
      return { header, value: password ? "" : value, wrong: wrong.has(header), password };
    });
  return [...lines.filter((line) => line.wrong), ...lines.filter((line) => !line.wrong)];
}

/** toCorrect are the cells that have changed; all that hold anything if the row has slipped. */
export function toCorrect(
  lines: readonly Line[],
  typed: ReadonlyMap<string, string>,
  slipped: boolean,
): BulkJobCellInput[] {
  return lines
    .filter(({ header, value }) => (typed.has(header) ? slipped || typed.get(header) !== value : slipped && value))
    .map(({ header, value }) => ({ column: header, value: typed.get(header) ?? value }));
}
