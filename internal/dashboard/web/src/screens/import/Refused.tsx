import { useState } from "react";
import { useQuery } from "urql";
import { RowsToCorrectDocument, type JobFragment, type RefusedRowFragment } from "../../gql/graphql";
import { Button } from "../../kit/Button";
import { useText } from "../../text";
import { CorrectWindow } from "./CorrectWindow";
import { labelOf } from "./correct";

/** The refused rows, each with why, to be corrected in place. They are asked for anew with each version of the job. */
export function Refused({ job, version }: { job: JobFragment; version: string }) {
  const { t } = useText();
  const [pages, setPages] = useState<(string | null)[]>([null]);
  const [correcting, setCorrecting] = useState<RefusedRowFragment | null>(null);
  return (
    <section className="stack" aria-label={t("refused.title")}>
      <div>
        <h2>{t("refused.title")}</h2>
        <p className="soft">{t(job.startedAt ? "refused.lead.done" : "refused.lead")}</p>
      </div>
      <ul className="card problems">
        {pages.map((after, i) => (
          <Page
            key={`${version} ${after}`}
            id={job.id}
            after={after}
            last={i === pages.length - 1}
            onMore={(next) => setPages([...pages, next])}
            onCorrect={setCorrecting}
          />
        ))}
      </ul>
      {correcting && <CorrectWindow job={job} row={correcting} onClose={() => setCorrecting(null)} />}
    </section>
  );
}

type PageProps = {
  id: string;
  after: string | null;
  last: boolean;
  onMore: (after: string) => void;
  onCorrect: (row: RefusedRowFragment) => void;
};

function Page({ id, after, last, onMore, onCorrect }: PageProps) {
  const { t, number } = useText();
  const [{ data }] = useQuery({
    query: RowsToCorrectDocument,
    variables: { id, after },
    requestPolicy: "cache-and-network",
  });
  const page = data?.bulkJob?.refusedRows;
  if (!page) return <li className="wait" aria-busy="true" />;
  return (
    <>
      {page.nodes.map((row) => (
        <li key={row.row}>
          <span className="badge bad">{t("problems.rows", { count: 1, rows: number(row.row) })}</span>
          <div className="row">
            <div className="grow refused-row">
              <p>
                <b>
                  <bdi>{labelOf(row.cells)}</bdi>
                </b>
              </p>
              {row.problems
                .filter(({ severity }) => severity === "ERROR")
                .map(({ code, column, message }) => (
                  <p key={`${code} ${column}`} className="soft small">
                    {[column, message].filter(Boolean).join(": ")}
                  </p>
                ))}
            </div>
            <Button aria-label={t("refused.correct.of", { row: row.row })} onPress={() => onCorrect(row)}>
              {t("refused.correct")}
            </Button>
          </div>
        </li>
      ))}
      {last && page.pageInfo.hasNextPage && (
        <li>
          <Button look="quiet" onPress={() => onMore(page.pageInfo.endCursor ?? "")}>
            {t("more")}
          </Button>
        </li>
      )}
    </>
  );
}
