// The part of the student list that is in the address: the filters, the order and the page, so that people can share it
// and the back button works.
import { useMemo } from "react";
import { useSearchParams } from "wouter";
import type { StudentFilter, StudentOrder, StudentOrderField } from "../../gql/graphql";

export const pageSize = 50;
export const grades = ["PK", "TK", "K", ...Array.from({ length: 13 }, (_, i) => String(i + 1)), "Adult", "UG"];

/** The name of the box "No Classes/Groups" in the list of groups. */
export const noGroups = "none";

export type List = {
  search: string;
  groups: string[];
  active: "" | "yes" | "no";
  grades: string[];
  sort: StudentOrderField;
  descending: boolean;
  after: string;
  before: string;
};

const sorts: readonly string[] = ["NAME", "EXTERNAL_ID", "GRADE", "MINUTES", "LAST_ACTIVE"];
const split = (text: string | null) => (text ? text.split(",").filter(Boolean) : []);

/** readList reads an address. Values that make no sense are ignored. */
export function readList(from: URLSearchParams): List {
  const sort = from.get("sort") ?? "";
  const active = from.get("active");
  return {
    search: from.get("q") ?? "",
    groups: split(from.get("groups")),
    active: active === "yes" || active === "no" ? active : "",
    grades: split(from.get("grades")).filter((grade) => grades.includes(grade)),
    sort: (sorts.includes(sort) ? sort : "NAME") as StudentOrderField,
    descending: from.get("down") === "1",
    after: from.get("after") ?? "",
    before: from.get("before") ?? "",
  };
}

/** writeList returns the address of a list. Defaults are left out. */
export function writeList(list: List): URLSearchParams {
  const to = new URLSearchParams();
  const put = (name: string, value: string) => value && to.set(name, value);
  put("q", list.search);
  put("groups", list.groups.join(","));
  put("active", list.active);
  put("grades", list.grades.join(","));
  put("sort", list.sort === "NAME" ? "" : list.sort);
  put("down", list.descending ? "1" : "");
  put("after", list.after);
  put("before", list.before);
  return to;
}

/** filterOf is the filter as the API has it, for the list, its CSV and the selection of all. */
export function filterOf(list: List): StudentFilter {
  const groupIds = list.groups.filter((id) => id !== noGroups);
  return {
    ...(list.search.trim() && { search: list.search.trim() }),
    ...(groupIds.length && { groupIds }),
    ...(list.groups.includes(noGroups) && { noGroups: true }),
    ...(list.active && { active: list.active === "yes" }),
    ...(list.grades.length && { grades: list.grades }),
  };
}

export function variablesOf(list: List, organizationId: string) {
  const orderBy: StudentOrder = { field: list.sort, direction: list.descending ? "DESC" : "ASC" };
  const page = list.before
    ? { last: pageSize, before: list.before }
    : { first: pageSize, ...(list.after && { after: list.after }) };
  return { organizationId, filter: filterOf(list), orderBy, ...page };
}

/** useList is the list of the address, and what changes it. Any change but that of the page leads to the first page. */
export function useList(): [List, (change: Partial<List>) => void] {
  const [params, setParams] = useSearchParams();
  const list = useMemo(() => readList(params), [params]);
  const change = (part: Partial<List>) =>
    setParams(writeList({ ...list, after: "", before: "", ...part }), { replace: "search" in part });
  return [list, change];
}
