import { useEffect, useState } from "react";
import { Input } from "react-aria-components/Input";
import { SearchField } from "react-aria-components/SearchField";
import { Choose } from "../../kit/Choose";
import { SearchIcon } from "../../kit/icons";
import { useText, type Key } from "../../text";
import { GroupFilter } from "./GroupFilter";
import { grades, type List } from "./list";

/** The sort orders for a phone, which shows no column headers. */
const sortable: Partial<Record<List["sort"], Key>> = {
  NAME: "student",
  GRADE: "grade",
  MINUTES: "minutes",
  LAST_ACTIVE: "lastActive",
};

type Props = { list: List; change: (part: Partial<List>) => void; organizationId: string };

/** Search and filters above the list. */
export function Filters({ list, change, organizationId }: Props) {
  const { t } = useText();
  return (
    <div className="row filters no-print" role="search">
      <Search text={list.search} onText={(search) => change({ search })} />
      <GroupFilter list={list} change={change} organizationId={organizationId} />
      <Choose
        label={t("filter.active")}
        shown={list.active ? t(`filter.active.${list.active}`) : t("filter.active")}
        className={list.active ? "set" : ""}
        options={[
          { id: "any", name: t("filter.active.any") },
          { id: "yes", name: t("filter.active.yes") },
          { id: "no", name: t("filter.active.no") },
        ]}
        chosen={[list.active || "any"]}
        onChoose={([id]) => change({ active: id === "any" ? "" : (id as List["active"]) })}
      />
      <Choose
        label={t("grade")}
        shown={list.grades.length ? t("filter.grades", { grades: list.grades.join(", ") }) : t("grade")}
        className={list.grades.length ? "set" : ""}
        options={grades.map((id) => ({ id, name: id }))}
        chosen={list.grades}
        several
        onChoose={(ids) => change({ grades: grades.filter((grade) => ids.includes(grade)) })}
      />
      <Choose
        label={t("students.sort")}
        shown={t(sortable[list.sort] ?? "student")}
        className="only-narrow"
        options={Object.entries(sortable).map(([id, name]) => ({ id, name: t(name) }))}
        chosen={[list.sort]}
        onChoose={([id]) => change({ sort: id as List["sort"], descending: id === "MINUTES" || id === "LAST_ACTIVE" })}
      />
    </div>
  );
}

/** Searches as somebody types, shortly after the last letter. */
function Search({ text, onText }: { text: string; onText: (text: string) => void }) {
  const { t } = useText();
  const [typed, setTyped] = useState(text);
  const [sent, setSent] = useState(text);
  // The address may change by itself: back, or a filter that was cleared.
  if (text !== sent) {
    setSent(text);
    setTyped(text);
  }
  useEffect(() => {
    if (typed === sent) return;
    const wait = setTimeout(() => {
      setSent(typed);
      onText(typed);
    }, 180);
    return () => clearTimeout(wait);
  });
  return (
    <SearchField className="search" aria-label={t("students.search")} value={typed} onChange={setTyped}>
      <SearchIcon />
      <Input className="input" placeholder={t("students.search")} />
    </SearchField>
  );
}
