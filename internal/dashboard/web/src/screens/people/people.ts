// What of the list of people can be chosen.
import type { Organization } from "../../api/person";
import type { EducatorFilter, Role } from "../../gql/graphql";

export const roles: readonly Role[] = ["DISTRICT_ADMIN", "SCHOOL_ADMIN", "TEACHER"];
export const states = ["any", "enabled", "disabled", "invited"] as const;
export type State = (typeof states)[number];

/** filterOf is the filter as the API has it. */
export function filterOf(search: string, chosen: readonly Role[], state: State): EducatorFilter {
  return {
    ...(search.trim() && { search: search.trim() }),
    ...(chosen.length && { roles: [...chosen] }),
    ...(state === "invited" ? { invited: true } : state !== "any" && { disabled: state === "disabled" }),
  };
}

/** placesFor are the organizations at which somebody can have a role: a district has its own administrators only. */
export function placesFor(role: Role, organizations: readonly Organization[]): Organization[] {
  return organizations.filter(({ type }) => (type === "DISTRICT") === (role === "DISTRICT_ADMIN"));
}

/** rolesFor are the roles for which there is a place. */
export const rolesFor = (organizations: readonly Organization[]) =>
  roles.filter((role) => placesFor(role, organizations).length > 0);
