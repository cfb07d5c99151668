import { describe, expect, it } from "vitest";
import type { RecognizeFileQuery } from "../src/gql/graphql";
import { hasSlipped, labelOf, linesOf, toCorrect } from "../src/screens/import/correct";
import { inTurn } from "../src/screens/import/files";
import { asItSays, choose, chosenBefore, columnsToChoose, notRead, toSend } from "../src/screens/import/mapping";
import { headersOf, kindOf, readHeaders } from "../src/screens/import/recognize";
import { correctable, mayBeReadAgain } from "../src/screens/import/state";

describe("several files", () => {
  it("stand in the order in which they need each other, and otherwise as they were dropped", () => {
    const files = [
      { kind: "IMPORT_STUDENTS", name: "b" },
      { kind: "IMPORT_GROUPS", name: "c" },
      { kind: "IMPORT_STUDENTS", name: "a" },
      { kind: "IMPORT_ORGANIZATIONS", name: "d" },
    ] as const;
    expect(
      inTurn(files)
        .map(({ name }) => name)
        .join(""),
    ).toBe("dcba");
  });
});

describe("the headers of a file", () => {
  it("are found whatever separates them", () => {
    expect(headersOf("Student ID,First Name\r\n1,Ann")).toEqual(["Student ID", "First Name"]);
    expect(headersOf("\ufeffStudent ID;Grade;\n")).toEqual(["Student ID", "Grade"]);
    expect(headersOf("a\tb, c\td")).toEqual(["a", "b, c", "d"]);
    expect(headersOf("a|b|c")).toEqual(["a", "b", "c"]);
  });
  it("may be quoted", () => {
    expect(headersOf('"Name (Last, First)","The ""ID"""')).toEqual(["Name (Last, First)", 'The "ID"']);
  });
  it("are none where there is no text", () => {
    expect(headersOf("\0\0\0\0,\x01")).toEqual([]);
    expect(headersOf("")).toEqual([]);
  });
  it("are read from bytes, and not from a workbook", async () => {
    const utf16 = new Uint8Array([0xff, 0xfe, ...[..."ID;Grade"].flatMap((c) => [c.charCodeAt(0), 0])]);
    expect(await readHeaders(new File([utf16], "a.csv"))).toEqual(["ID", "Grade"]);
    expect(await readHeaders(new File(["PK\x03\x04,a,b"], "a.xlsx"))).toEqual([]);
  });
});

describe("the kind of a file", () => {
  const fit = (...how: string[]) => ({ problem: null, columns: how.map((one) => ({ how: one })) });
  const no = { problem: "no", columns: [{ how: "HEADER" }, { how: "HEADER" }, { how: "HEADER" }] };
  const fits = (part: object) =>
    ({
      organizations: no,
      educators: no,
      groups: no,
      students: no,
      enrollments: no,
      ...part,
    }) as unknown as RecognizeFileQuery;
  const all = [
    "IMPORT_ORGANIZATIONS",
    "IMPORT_EDUCATORS",
    "IMPORT_GROUPS",
    "IMPORT_STUDENTS",
    "IMPORT_ENROLLMENTS",
  ] as const;
  it("is the one that understands most headers and is not refused", () => {
    const both = fits({ groups: fit("HEADER", "HEADER", "NOT_READ"), enrollments: fit("HEADER", "HEADER", "HEADER") });
    expect(kindOf(both, "a.csv", all)).toBe("IMPORT_ENROLLMENTS");
  });
  it("is rather one whose columns have these names than one whose columns may be meant", () => {
    const both = fits({ groups: fit("HEADER", "HEADER"), students: fit("HEADER", "MEANING") });
    expect(kindOf(both, "a.csv", all)).toBe("IMPORT_GROUPS");
  });
  it("is told by the name of the file between two that are as good", () => {
    const both = fits({ groups: fit("HEADER"), educators: fit("HEADER"), enrollments: fit("HEADER") });
    expect(kindOf(both, "Teacher.csv", all)).toBe("IMPORT_EDUCATORS");
    expect(kindOf(both, "TeacherRoster.csv", all)).toBe("IMPORT_ENROLLMENTS");
    expect(kindOf(both, "Section.csv", all)).toBe("IMPORT_GROUPS");
  });
  it("is one that the person may import", () => {
    expect(kindOf(fits({ enrollments: fit("HEADER") }), "a.csv", ["IMPORT_STUDENTS"])).toBe("IMPORT_STUDENTS");
  });
  it("is that of students if two are as good, or none is", () => {
    expect(kindOf(fits({ groups: fit("HEADER"), students: fit("HEADER") }), "a.csv", all)).toBe("IMPORT_STUDENTS");
    expect(kindOf(fits({}), "a.csv", all)).toBe("IMPORT_STUDENTS");
  });
});

describe("the columns of a file", () => {
  const reading = (header: string, how: string, ...columns: string[]) => ({ header, how, columns }) as never;
  it("keep what was chosen before, here or for an earlier file", () => {
    const readings = [
      reading("ID", "HEADER", "Student ID"),
      reading("Jgst", "REMEMBERED", "Grade"),
      reading("Note", "CHOSEN"),
      reading("Who", "CHOSEN", "First Name", "Last Name"),
    ];
    expect(toSend(chosenBefore(readings, [{ header: "Who", column: "Name (Last, First)" }]))).toEqual([
      { header: "Jgst", column: "Grade" },
      { header: "Note", column: null },
      { header: "Who", column: "Name (Last, First)" },
    ]);
    expect(chosenBefore(readings, null).get("Who")).toBe("Name (First Last)");
  });
  it("are chosen once each", () => {
    const first = choose(new Map([["a", "Grade"]]), "b", "Grade");
    expect([...first]).toEqual([["b", "Grade"]]);
    expect([...choose(first, "c", notRead)]).toEqual([
      ["b", "Grade"],
      ["c", notRead],
    ]);
    expect([...choose(first, "b", asItSays)]).toEqual([]);
  });
  it("have whole names where there are two parts, and nothing that an import ignores", () => {
    expect(columnsToChoose(["First Name", "Last Name", "Minutes"])).toEqual([
      "First Name",
      "Last Name",
      "Name (Last, First)",
      "Name (First Last)",
    ]);
    expect(columnsToChoose(["Name"])).toEqual(["Name"]);
  });
});

describe("a row that is corrected", () => {
  const cell = (header: string, value: string) => ({ __typename: "BulkJobCell" as const, header, value });
  const cells = [cell("ID", "7"), cell("Pass", "set"), cell("Grade", "99")];
  const readings = [{ header: "Pass", columns: ["Password"] }] as never;
  const lines = linesOf(cells, readings, [{ column: "Grade" }] as never);
  it("begins with the cell that is wrong, and never shows a password", () => {
    expect(lines.map(({ header, value }) => [header, value])).toEqual([
      ["Grade", "99"],
      ["ID", "7"],
      ["Pass", ""],
    ]);
    expect(labelOf(cells)).toBe("7 · set · 99");
  });
  it("sends what has changed and nothing else", () => {
    expect(
      toCorrect(
        lines,
        new Map([
          ["Grade", "9"],
          ["ID", "7"],
        ]),
        false,
      ),
    ).toEqual([{ column: "Grade", value: "9" }]);
  });
  it("is sent as a whole if its cells have slipped", () => {
    expect(hasSlipped([...cells, cell("", "x")])).toBe(true);
    expect(hasSlipped(cells)).toBe(false);
    expect(toCorrect(lines, new Map([["Grade", "9"]]), true)).toEqual([
      { column: "Grade", value: "9" },
      { column: "ID", value: "7" },
    ]);
  });
  it("is one of a job that can take it", () => {
    const job = { kind: "IMPORT_STUDENTS", status: "READY", counts: { errors: 1 } } as const;
    expect(correctable(job)).toBe(true);
    expect(correctable({ ...job, counts: { errors: 0 } })).toBe(false);
    expect(correctable({ ...job, kind: "EDIT_STUDENTS" })).toBe(false);
    expect(correctable({ ...job, status: "FAILED" })).toBe(false);
    expect(mayBeReadAgain({ ...job, status: "FAILED" })).toBe(true);
    expect(mayBeReadAgain({ ...job, status: "HELD", heldFor: "UNDO" })).toBe(false);
    expect(mayBeReadAgain({ ...job, status: "COMPLETED" })).toBe(false);
  });
});
