import { useRef } from "react";
import type { StudentOrderField, StudentRowFragment } from "../../gql/graphql";
import { useText, type Key } from "../../text";
import { StudentLine } from "./StudentLine";
import type { List } from "./list";

type Chosen = ReadonlyMap<string, StudentRowFragment>;
type Props = {
  students: StudentRowFragment[];
  list: List;
  change: (part: Partial<List>) => void;
  showSchool: boolean;
  chosen: Chosen;
  everybody: boolean;
  onChoose: (chosen: Chosen) => void;
  busy: boolean;
};

const columns: { field?: StudentOrderField; name: Key; school?: boolean }[] = [
  { field: "NAME", name: "student" },
  { field: "EXTERNAL_ID", name: "studentId" },
  { field: "GRADE", name: "grade" },
  { name: "groups" },
  { name: "school", school: true },
  { field: "MINUTES", name: "minutes" },
  { field: "LAST_ACTIVE", name: "lastActive" },
];

/** The students of a page. A table on a wide screen, cards on a phone; both are a table to a screen reader. */
export function StudentTable({ students, list, change, showSchool, chosen, everybody, onChoose, busy }: Props) {
  const { t } = useText();
  const last = useRef<number>(null);
  const ticked = (student: StudentRowFragment) => everybody || chosen.has(student.id);
  const all = students.every(ticked);
  const some = students.some(ticked);

  const set = (which: StudentRowFragment[], on: boolean) => {
    const next = new Map(everybody ? students.map((student) => [student.id, student]) : chosen);
    for (const student of which) on ? next.set(student.id, student) : next.delete(student.id);
    onChoose(next);
  };
  // With Shift held down, a click ticks everybody from the last one to this one.
  const toggle = (index: number, range: boolean) => {
    const student = students[index]!;
    const from = range && last.current !== null ? last.current : index;
    set(students.slice(Math.min(from, index), Math.max(from, index) + 1), !ticked(student));
    last.current = index;
  };
  const sort = (field: StudentOrderField) =>
    change({ sort: field, descending: list.sort === field && !list.descending });
  return (
    <div className="card table-card" aria-busy={busy}>
      <table role="table" className={showSchool ? "students with-school" : "students"}>
        <caption className="unseen">{t("screen.students")}</caption>
        <thead role="rowgroup">
          <tr role="row">
            <th role="columnheader" scope="col" className="tick-cell">
              <input
                type="checkbox"
                className="check"
                aria-label={t("students.tickPage")}
                checked={all}
                ref={(box) => void (box && (box.indeterminate = some && !all))}
                onChange={() => set(students, !all)}
              />
            </th>
            {columns.map(({ field, name, school }) =>
              school && !showSchool ? null : (
                <th
                  key={name}
                  role="columnheader"
                  scope="col"
                  className={`col-${name}`}
                  aria-sort={field && list.sort === field ? (list.descending ? "descending" : "ascending") : undefined}
                >
                  {field ? (
                    <button type="button" className="sort" onClick={() => sort(field)}>
                      {t(name)}
                      <span aria-hidden="true" className="sort-mark">
                        {list.sort === field ? (list.descending ? "↓" : "↑") : ""}
                      </span>
                    </button>
                  ) : (
                    t(name)
                  )}
                </th>
              ),
            )}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {students.map((student, index) => (
            <StudentLine
              key={student.id}
              student={student}
              showSchool={showSchool}
              ticked={ticked(student)}
              onToggle={(range) => toggle(index, range)}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}
