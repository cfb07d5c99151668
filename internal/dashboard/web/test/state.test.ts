import { describe, expect, it } from "vitest";
import { byCause, byRow } from "../src/screens/import/state";
import { hashOf } from "../src/api/client";
import * as documents from "../src/gql/graphql";
import persisted from "../src/gql/persisted-documents.json";

describe("changes of a job", () => {
  it("stand together by row", () => {
    const change = (row: number, field: string) => ({ row, label: `row ${row}`, field });
    const rows = byRow([change(1, "Grade"), change(1, "Groups"), change(3, "Grade")]);
    expect(rows.map(({ row, changes }) => [row, changes.length])).toEqual([[1, 2], [3, 1]]);
  });
});

describe("problems of a job", () => {
  it("stand together by cause, with their rows", () => {
    const problem = (row: number, value: string) => ({ row, value, column: "Classes/Groups", code: "UNKNOWN_GROUP", message: value });
    const causes = byCause([problem(1, "Club"), problem(2, "Band"), problem(4, "Club")]);
    expect(causes.map(({ problem, rows }) => [problem.value, rows])).toEqual([["Club", [1, 4]], ["Band", [2]]]);
  });
});

describe("operations", () => {
  const all = Object.entries(documents).filter(([name, value]) => name.endsWith("Document") && typeof value === "object");
  it("have the hash under which the server knows them", () => {
    expect(all.length).toBe(Object.keys(persisted).length);
    for (const [name, document] of all) expect(Object.keys(persisted), name).toContain(hashOf(document));
  });
  it("that have no hash are never sent", () => {
    expect(() => hashOf({ kind: "Document", definitions: [] })).toThrow();
  });
});
