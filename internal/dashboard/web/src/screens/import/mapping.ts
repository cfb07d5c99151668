// As which columns the headers of a file are read, and how a person changes that.
import type { ImportColumnChoice, ReadingFragment } from "../../gql/graphql";

/** Names of a person in one column. The API takes them beside the columns of a template. */
const wholeNames = ["Name (Last, First)", "Name (First Last)"];

/** What a header is read as: what it says itself (by), nothing (no), or a column. */
export const asItSays = "by";
export const notRead = "no";

/** columnsToChoose are the columns of a template, and whole names where there are two columns for a name. */
export function columnsToChoose(columns: readonly string[]): string[] {
  const exported = ["Minutes", "Last Active"];
  const names = ["First Name", "Last Name"].every((name) => columns.includes(name)) ? wholeNames : [];
  return [...columns.filter((name) => !exported.includes(name)), ...names];
}

/** chosenBefore is what somebody has said about the headers already, by header. */
export function chosenBefore(
  readings: readonly ReadingFragment[],
  said: readonly ImportColumnChoice[] | null | undefined,
): Map<string, string> {
  const choices = new Map<string, string>();
  for (const { header, columns, how } of readings) {
    if (how !== "CHOSEN" && how !== "REMEMBERED") continue;
    const told = said?.find((one) => one.header === header);
    // A whole name becomes two columns. A file with a comma in its names needs nobody to say so.
    const column = told ? told.column : columns.length > 1 ? wholeNames[1] : columns[0];
    choices.set(header, column ?? notRead);
  }
  return choices;
}

/** toSend are choices as the API takes them. */
export function toSend(choices: ReadonlyMap<string, string>): ImportColumnChoice[] {
  return [...choices].map(([header, column]) => ({ header, column: column === notRead ? null : column }));
}

/** With choose, a header is read in another way. Another header that had the column has it no longer. */
export function choose(choices: ReadonlyMap<string, string>, header: string, column: string): Map<string, string> {
  const next = new Map(choices);
  for (const [other, chosen] of choices) if (chosen === column && column !== notRead) next.delete(other);
  if (column === asItSays) next.delete(header);
  else next.set(header, column);
  return next;
}
