import { useState } from "react";
import { useQuery } from "urql";
import { JobChangesDocument } from "../../gql/graphql";
import { Button } from "../../kit/Button";
import { useText } from "../../text";
import { byRow } from "./state";

/** What changes, row by row: the value before, and the one after. */
export function Changes({ id, done }: { id: string; done: boolean }) {
  const { t } = useText();
  const [pages, setPages] = useState<(string | null)[]>([null]);
  return (
    <section className="stack">
      <h2>{t(done ? "changes.done" : "changes.title")}</h2>
      <div className="card table-card">
        <table className="sheet">
          <thead>
            <tr>
              <th scope="col">{t("row")}</th>
              <th scope="col">{t("changes.whom")}</th>
              <th scope="col">{t("changes.what")}</th>
            </tr>
          </thead>
          {pages.map((after, i) => (
            <Page
              key={after ?? ""}
              id={id}
              after={after}
              last={i === pages.length - 1}
              onMore={(next) => setPages([...pages, next])}
            />
          ))}
        </table>
      </div>
    </section>
  );
}

type PageProps = { id: string; after: string | null; last: boolean; onMore: (after: string) => void };

function Page({ id, after, last, onMore }: PageProps) {
  const { t, number } = useText();
  const [{ data }] = useQuery({
    query: JobChangesDocument,
    variables: { id, after },
    requestPolicy: "cache-and-network",
  });
  const list = data?.bulkJob?.changes;
  return (
    <tbody aria-busy={!list}>
      {byRow(list?.nodes ?? []).map(({ row, label, changes }) => (
        <tr key={`${row} ${changes[0]?.field}`}>
          <td className="number">{number(row)}</td>
          <td>
            <bdi>{label}</bdi>
          </td>
          <td>
            {changes.map((change) => (
              <div key={change.field} className="change">
                <span className="soft">{change.field}: </span>
                {change.before != null && change.before !== "" && (
                  <>
                    <del>{change.before}</del>
                    <span className="unseen"> {t("changes.becomes")} </span>
                    <span aria-hidden="true" className="soft">
                      {" → "}
                    </span>
                  </>
                )}
                {change.after != null && change.after !== "" ? (
                  <ins>{change.after}</ins>
                ) : (
                  <span className="soft">{t("changes.empty")}</span>
                )}
              </div>
            ))}
          </td>
        </tr>
      ))}
      {list && !list.nodes.length && !after && (
        <tr>
          <td colSpan={3} className="soft">
            {t("changes.none")}
          </td>
        </tr>
      )}
      {last && list?.pageInfo.hasNextPage && (
        <tr>
          <td colSpan={3}>
            <Button look="quiet" onPress={() => onMore(list.pageInfo.endCursor ?? "")}>
              {t("more")}
            </Button>
          </td>
        </tr>
      )}
    </tbody>
  );
}
