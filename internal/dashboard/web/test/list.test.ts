import { describe, expect, it } from "vitest";
import { filterOf, readList, variablesOf, writeList } from "../src/screens/students/list";

const read = (address: string) => readList(new URLSearchParams(address));

describe("the list in the address", () => {
  it("comes back as it was", () => {
    const address = "q=ana&groups=none%2Cgrp_1&active=yes&grades=TK%2CK%2C13%2CUG&sort=MINUTES&down=1&after=abc";
    expect(writeList(read(address)).toString()).toBe(address);
  });
  it("is short where nothing was chosen", () => {
    expect(writeList(read("")).toString()).toBe("");
  });
  it("leaves out what makes no sense", () => {
    expect(filterOf(read("active=maybe&grades=14,x&sort=PASSWORD"))).toEqual({});
    expect(read("sort=PASSWORD").sort).toBe("NAME");
  });
  it("is the notice: active students in no group", () => {
    expect(filterOf(read("groups=none&active=yes"))).toEqual({ noGroups: true, active: true });
  });
  it("combines groups with the box No Classes/Groups", () => {
    expect(filterOf(read("groups=none,grp_1,grp_2"))).toEqual({ noGroups: true, groupIds: ["grp_1", "grp_2"] });
  });
  it("asks for the page before with last, and otherwise with first", () => {
    expect(variablesOf(read("before=x"), "org_1")).toMatchObject({ last: 50, before: "x" });
    expect(variablesOf(read("before=x"), "org_1")).not.toHaveProperty("first");
    expect(variablesOf(read("after=x"), "org_1")).toMatchObject({ first: 50, after: "x" });
  });
});
