import { useState } from "react";
import { useQuery } from "urql";
import { JobProblemsDocument } from "../../gql/graphql";
import { Button } from "../../kit/Button";
import { useText } from "../../text";
import { byCause } from "./state";

/** What is wrong, with the number of the row, and what to do about it. */
export function Problems({ id }: { id: string }) {
  const { t } = useText();
  const [pages, setPages] = useState<(string | null)[]>([null]);
  return (
    <section className="stack">
      <h2>{t("problems.title")}</h2>
      <ul className="card problems">
        {pages.map((after, i) => (
          <Page key={after ?? ""} id={id} after={after} last={i === pages.length - 1} onMore={(next) => setPages([...pages, next])} />
        ))}
      </ul>
    </section>
  );
}

type PageProps = { id: string; after: string | null; last: boolean; onMore: (after: string) => void };

function Page({ id, after, last, onMore }: PageProps) {
  const { t, number } = useText();
  const [{ data }] = useQuery({ query: JobProblemsDocument, variables: { id, after }, requestPolicy: "cache-and-network" });
  const list = data?.bulkJob?.problems;
  const named = (rows: number[]) => {
    const some = rows.slice(0, 8).map(number).join(", ");
    return rows.length > 8 ? `${some} ${t("problems.rest", { count: rows.length - 8 })}` : some;
  };
  return (
    <>
      {byCause(list?.nodes ?? []).map(({ problem, rows }) => (
        <li key={`${problem.code} ${problem.column} ${problem.value} ${rows[0]}`}>
          <span className={`badge ${problem.severity === "ERROR" ? "bad" : "warm"}`}>
            {problem.row ? t("problems.rows", { count: rows.length, rows: named(rows) }) : t("problems.file")}
          </span>
          <div>
            <p>
              {problem.column && <b>{problem.column}</b>}
              {problem.value && <q>{problem.value}</q>} {problem.message}
            </p>
            {problem.hint && <p className="soft small">{problem.hint}</p>}
          </div>
        </li>
      ))}
      {last && list?.pageInfo.hasNextPage && (
        <li>
          <Button look="quiet" onPress={() => onMore(list.pageInfo.endCursor ?? "")}>
            {t("more")}
          </Button>
        </li>
      )}
    </>
  );
}
