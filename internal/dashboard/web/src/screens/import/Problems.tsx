import { useQuery } from "urql";
import { JobProblemsDocument } from "../../gql/graphql";
import { useText } from "../../text";

/** What is wrong, by cause: in how many rows, and what to do about it. */
export function Problems({ id }: { id: string }) {
  const { t, number } = useText();
  const [{ data }] = useQuery({ query: JobProblemsDocument, variables: { id }, requestPolicy: "cache-and-network" });
  const named = (rows: number[], count: number) => {
    // A row that is wrong in several cells is there several times.
    const some = [...new Set(rows)].map(number).join(", ");
    return count > rows.length ? `${some} ${t("problems.places", { count: count - rows.length })}` : some;
  };
  return (
    <section className="stack">
      <h2>{t("problems.title")}</h2>
      <ul className="card problems">
        {(data?.bulkJob?.problemGroups ?? []).map((group) => (
          <li key={`${group.severity} ${group.code} ${group.column} ${group.value} ${group.rows[0]}`}>
            <span className={`badge ${group.severity === "ERROR" ? "bad" : "warm"}`}>
              {group.rows[0]
                ? t("problems.rows", { count: group.count, rows: named(group.rows, group.count) })
                : t("problems.file")}
            </span>
            <div>
              <p>
                {group.column && <b>{group.column}</b>}
                {group.value && <q>{group.value}</q>}
                {group.valueCount > 1 && (
                  <span className="soft">{t("problems.values", { count: group.valueCount })}</span>
                )}{" "}
                {group.message}
              </p>
              {group.hint && <p className="soft small">{group.hint}</p>}
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}
