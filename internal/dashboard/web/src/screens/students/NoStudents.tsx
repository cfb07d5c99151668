import { Link } from "wouter";
import { Button } from "../../kit/Button";
import { useText } from "../../text";
import { filterOf, type List } from "./list";

/** Says why the list is empty, and what to do about it. */
export function NoStudents({ list, change }: { list: List; change: (part: Partial<List>) => void }) {
  const { t } = useText();
  const filtered = Object.keys(filterOf(list)).length > 0;
  const allWell = list.active === "yes" && list.groups.join() === "none" && !list.search && !list.grades.length;
  return (
    <section className="card empty">
      <h2>{t(allWell ? "students.allWell" : filtered ? "students.noMatch" : "students.none")}</h2>
      <p>{t(allWell ? "students.allWell.text" : filtered ? "students.noMatch.text" : "students.none.text")}</p>
      {filtered ? (
        <Button onPress={() => change({ search: "", groups: [], active: "", grades: [] })}>
          {t("students.showAll")}
        </Button>
      ) : (
        <Link className="button primary" href="/import">
          {t("students.import")}
        </Link>
      )}
    </section>
  );
}
