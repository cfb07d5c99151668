import { useState, type ReactNode } from "react";
import { useQuery } from "urql";
import { GroupChoicesDocument, type GroupChoiceFragment } from "../../gql/graphql";
import { Field } from "../../kit/Field";
import { LockIcon } from "../../kit/icons";
import { useSettled } from "../../kit/useSettled";
import { useText } from "../../text";

type Props = {
  organizationId: string;
  chosen: string[];
  onToggle: (group: GroupChoiceFragment) => void;
  /** Groups that the school's information system owns cannot be chosen. */
  unlockedOnly?: boolean;
  /** Groups that come first, because they were just created. */
  made?: GroupChoiceFragment[];
  /** What is below the list. It gets the text of the search. */
  foot?: (search: string) => ReactNode;
};

/** A list of groups with boxes to tick, and a search above. */
export function GroupPicker({ organizationId, chosen, onToggle, unlockedOnly, made = [], foot }: Props) {
  const { t } = useText();
  const [search, setSearch] = useState("");
  const settled = useSettled(search.trim());
  const filter = settled ? { search: settled } : {};
  const [{ data, fetching }] = useQuery({ query: GroupChoicesDocument, variables: { organizationId, filter } });
  const found = (data?.groups?.nodes ?? []).filter((group) => !made.some((own) => own.id === group.id));
  const groups = [...made, ...found];
  return (
    <div className="group-picker">
      <Field label={t("groups.search")} value={search} onChange={setSearch} type="search" autoComplete="off" />
      <div className="group-list" role="group" aria-label={t("groups")} aria-busy={fetching}>
        {groups.map((group) => {
          const locked = unlockedOnly && group.synced;
          return (
            <label key={group.id} className="group-choice" data-locked={locked}>
              <input
                type="checkbox"
                className="check"
                checked={chosen.includes(group.id)}
                disabled={locked}
                onChange={() => onToggle(group)}
              />
              <span className="grow">
                <span className="group-name">{group.name}</span>
                <span className="soft small">
                  {[group.organization.name, ...group.educators.map(({ name }) => name)].join(" · ")}
                  {locked && ` · ${t("synced.why")}`}
                </span>
              </span>
              {group.synced && <LockIcon />}
            </label>
          );
        })}
        {!groups.length && !fetching && <p className="soft">{t("groups.noMatch")}</p>}
      </div>
      {foot?.(search.trim())}
    </div>
  );
}
