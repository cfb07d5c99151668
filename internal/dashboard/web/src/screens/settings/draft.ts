import type { UpdateOrganizationSettingsInput, WithSettingsFragment } from "../../gql/graphql";
import type { Key } from "../../text";

export type Draft = Omit<UpdateOrganizationSettingsInput, "organizationId">;
export type Name = keyof Draft;
export type Settings = WithSettingsFragment["settings"];

/** The settings in the order of the page. */
export const sections: { title: Key; names: Name[] }[] = [
  { title: "settings.year", names: ["schoolYear", "usageGoalMinutesPerWeek", "timeZone"] },
  { title: "settings.accounts", names: ["secondFactorRequired", "passwordMinLength", "passwordRequired"] },
  { title: "settings.holds", names: ["holdDeletedPercent", "holdChangedPercent"] },
  { title: "settings.kept", names: ["retentionDays", "jobDays"] },
];

/** The least and the greatest value of each number. */
export const bounds: Partial<Record<Name, [number, number]>> = {
  usageGoalMinutesPerWeek: [1, 10_080],
  passwordMinLength: [4, 64],
  holdDeletedPercent: [1, 100],
  holdChangedPercent: [1, 100],
  retentionDays: [30, 365],
  jobDays: [30, 1095],
};

/** valueOf is the value in effect, as it is sent. */
export function valueOf(settings: Settings, name: Name): NonNullable<Draft[Name]> {
  if (name !== "schoolYear") return settings[name].value;
  const { startsOn, endsOn } = settings.schoolYear;
  return { startsOn, endsOn };
}

/** zones are the time zones that the browser knows. */
export const zones = (): string[] =>
  Intl.supportedValuesOf("timeZone")
    .concat("UTC")
    .filter((zone, i, all) => all.indexOf(zone) === i);
