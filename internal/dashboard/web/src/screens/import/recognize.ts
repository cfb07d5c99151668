// What kind of rows a file may hold, told from the names of its columns.
import type { BulkJobKind, RecognizeFileQuery } from "../../gql/graphql";

const most = 300;

/** headersOf are the names of the columns in the first line of a text; none if they cannot be told. */
export function headersOf(text: string): string[] {
  const line = text.replace(/^\ufeff/, "").split(/\r\n|\n|\r/, 1)[0] ?? "";
  const bare = line.replace(/"[^"]*"/g, "");
  const delimiter = [",", ";", "\t", "|"].sort((a, b) => bare.split(b).length - bare.split(a).length)[0]!;
  const cells = line.match(new RegExp(`"(?:[^"]|"")*"|[^${delimiter === "|" ? "\\|" : delimiter}]+`, "g")) ?? [];
  const headers = cells.map((cell) => cell.trim().replace(/^"|"$/g, "").replaceAll('""', '"').trim()).filter(Boolean);
  return headers.length > most || headers.some((header) => /[\0-\x08]/.test(header)) ? [] : headers;
}

/** readHeaders are the names of the columns of a file. A workbook does not tell them here. */
export async function readHeaders(file: File): Promise<string[]> {
  const bytes = new Uint8Array(await file.slice(0, 64 << 10).arrayBuffer());
  const [first, second] = bytes;
  if (first === 0x50 && second === 0x4b) return [];
  const encoding =
    first === 0xff && second === 0xfe ? "utf-16le" : first === 0xfe && second === 0xff ? "utf-16be" : "utf-8";
  return headersOf(new TextDecoder(encoding).decode(bytes));
}

const names = {
  organizations: "IMPORT_ORGANIZATIONS",
  educators: "IMPORT_EDUCATORS",
  groups: "IMPORT_GROUPS",
  students: "IMPORT_STUDENTS",
  enrollments: "IMPORT_ENROLLMENTS",
} as const satisfies Record<string, BulkJobKind>;

/** Words in the names of files, in the order in which they count: StudentEnrollment.csv is not one of students. */
const words: [RegExp, BulkJobKind][] = [
  [/enrol|roster|member|matr[ií]cula|inscri/i, "IMPORT_ENROLLMENTS"],
  [/teacher|educator|staff|faculty|docente|profesor|maestr|educador/i, "IMPORT_EDUCATORS"],
  [/student|pupil|learner|estudiante|alumn/i, "IMPORT_STUDENTS"],
  [/section|class|group|course|clase|grupo|secci/i, "IMPORT_GROUPS"],
  [/school|^orgs?\b|escuela/i, "IMPORT_ORGANIZATIONS"],
];

/**
 * kindOf is the kind that would be accepted and understands most headers; what is a name of a column counts more than
 * what only may mean it. The name of the file decides between two that are nearly as good. If no kind fits, it is the
 * one given.
 */
export function kindOf(
  fits: RecognizeFileQuery,
  fileName: string,
  allowed: readonly BulkJobKind[],
  otherwise: BulkJobKind = "IMPORT_STUDENTS",
): BulkJobKind {
  const named = words.find(([word]) => word.test(fileName))?.[1];
  let best = { kind: otherwise, points: 0 };
  for (const [name, kind] of Object.entries(names)) {
    const fit = fits[name as keyof typeof names];
    if (!fit || fit.problem || !allowed.includes(kind)) continue;
    const points = fit.columns.reduce((sum, { how }) => sum + (how === "HEADER" ? 3 : how === "MEANING" ? 1 : 0), 0);
    const all = points + (kind === named ? 2 : 0);
    if (all > best.points || (all === best.points && kind === otherwise)) best = { kind, points: all };
  }
  return best.kind;
}
