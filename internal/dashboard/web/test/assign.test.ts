import { describe, expect, it } from "vitest";
import { joins } from "../src/screens/students/assign";

const student = (id: string, ...groups: string[]) => ({ id, groups: groups.map((group) => ({ id: group })) });

describe("what an undo of an assignment takes back", () => {
  it("is every student who was in none of the groups", () => {
    expect(joins([student("a"), student("b")], ["g", "h"])).toEqual([{ groupIds: ["g", "h"], studentIds: ["a", "b"] }]);
  });
  it("is nobody who was there before", () => {
    expect(joins([student("a", "g"), student("b")], ["g", "h"])).toEqual([
      { groupIds: ["g"], studentIds: ["b"] },
      { groupIds: ["h"], studentIds: ["a", "b"] },
    ]);
  });
  it("is nothing where everybody was there", () => {
    expect(joins([student("a", "g")], ["g"])).toEqual([]);
  });
});
