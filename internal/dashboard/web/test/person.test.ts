import { describe, expect, it } from "vitest";
import { administersAt, inOrder, type Organization, type Viewer } from "../src/api/person";
import { screensFor } from "../src/frame/screens";

const district = { id: "d", name: "District", type: "DISTRICT", parent: null } as Organization;
const school = (id: string, parent: string | null = "d") =>
  ({ id, name: id, type: "SCHOOL", parent: parent && { id: parent } }) as Organization;
const person = (role: string, at: string) => ({ roles: [{ role, organization: { id: at } }] }) as unknown as Viewer;

describe("who administers", () => {
  it("a district and its schools: its administrator", () => {
    expect(administersAt(person("DISTRICT_ADMIN", "d"), district)).toBe(true);
    expect(administersAt(person("DISTRICT_ADMIN", "d"), school("s"))).toBe(true);
    expect(administersAt(person("DISTRICT_ADMIN", "d"), school("s", "other"))).toBe(false);
  });
  it("one school: its administrator, and not the district", () => {
    expect(administersAt(person("SCHOOL_ADMIN", "s"), school("s"))).toBe(true);
    expect(administersAt(person("SCHOOL_ADMIN", "s"), school("t"))).toBe(false);
    expect(administersAt(person("SCHOOL_ADMIN", "s"), district)).toBe(false);
  });
  it("nothing: a teacher, who sees neither jobs nor usage", () => {
    expect(administersAt(person("TEACHER", "s"), school("s"))).toBe(false);
    expect(screensFor(person("TEACHER", "s"))).not.toContain("jobs");
    expect(screensFor(person("SCHOOL_ADMIN", "s"))).toContain("jobs");
  });
});

describe("organizations", () => {
  it("stand below their district", () => {
    expect(inOrder([school("b"), district, school("a")]).map(({ id, level }) => `${level} ${id}`)).toEqual([
      "0 d",
      "1 b",
      "1 a",
    ]);
  });
  it("stand first where the district is not there", () => {
    expect(inOrder([school("a"), school("b")]).map(({ level }) => level)).toEqual([0, 0]);
  });
});
