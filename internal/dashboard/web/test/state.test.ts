import { describe, expect, it } from "vitest";
import { byRow } from "../src/screens/import/state";
import { hashOf } from "../src/api/client";
import * as documents from "../src/gql/graphql";
import persisted from "../src/gql/persisted-documents.json";

describe("changes of a job", () => {
  it("stand together by row", () => {
    const change = (row: number, field: string) => ({ row, label: `row ${row}`, field });
    const rows = byRow([change(1, "Grade"), change(1, "Groups"), change(3, "Grade")]);
    expect(rows.map(({ row, changes }) => [row, changes.length])).toEqual([
      [1, 2],
      [3, 1],
    ]);
  });
});

describe("operations", () => {
  const all = Object.entries(documents).filter(
    ([name, value]) => name.endsWith("Document") && typeof value === "object",
  );
  it("have the hash under which the server knows them", () => {
    expect(all.length).toBe(Object.keys(persisted).length);
    for (const [name, document] of all) expect(Object.keys(persisted), name).toContain(hashOf(document));
  });
  it("that have no hash are never sent", () => {
    expect(() => hashOf({ kind: "Document", definitions: [] })).toThrow();
  });
});
