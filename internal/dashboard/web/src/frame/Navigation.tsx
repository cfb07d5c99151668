import type { ComponentType } from "react";
import { Link } from "wouter";
import { usePerson } from "../api/person";
import {
  AuditIcon,
  GroupsIcon,
  ImportIcon,
  JobsIcon,
  PeopleIcon,
  SettingsIcon,
  StudentsIcon,
  UsageIcon,
} from "../kit/icons";
import { useText } from "../text";
import { BrandMark } from "./BrandMark";
import { isTeacher, seldom, type ScreenName } from "./screens";

const icons: Record<ScreenName, ComponentType> = {
  usage: UsageIcon,
  students: StudentsIcon,
  groups: GroupsIcon,
  import: ImportIcon,
  jobs: JobsIcon,
  people: PeopleIcon,
  settings: SettingsIcon,
  audit: AuditIcon,
};

/** The links to the screens: at the side, and on a phone at the bottom. */
export function Navigation({ screens, path }: { screens: readonly ScreenName[]; path: string }) {
  const { t } = useText();
  const { viewer } = usePerson();
  return (
    <nav className="navigation" aria-label={t("navigation")}>
      <BrandMark />
      {screens.map((screen) => {
        const Icon = icons[screen];
        return (
          <Link
            key={screen}
            href={`/${screen}`}
            className={seldom.includes(screen) ? "way seldom" : "way"}
            aria-current={path.startsWith(`/${screen}`) ? "page" : undefined}
          >
            <Icon />
            {t(screen === "groups" && isTeacher(viewer) ? "screen.myGroups" : `screen.${screen}`)}
          </Link>
        );
      })}
    </nav>
  );
}
