import { useState } from "react";
import { useQuery } from "urql";
import { useErrorText } from "../../api/use";
import { StudentHistoryDocument } from "../../gql/graphql";
import { Button } from "../../kit/Button";
import { useText } from "../../text";
import { Entry } from "../audit/Entry";
import "../audit/audit.css";

type Props = { organizationId: string; studentId: string };

/** What has happened to a student, newest first. It is read when somebody asks: each reading is on record. */
export function History({ organizationId, studentId }: Props) {
  const { t } = useText();
  const [pages, setPages] = useState<(string | null)[]>([]);
  return (
    <section className="card stack no-print" aria-label={t("student.history")}>
      <h2>{t("student.history")}</h2>
      {!pages.length && (
        <div className="row">
          <p className="soft grow">{t("student.history.lead")}</p>
          <Button onPress={() => setPages([null])}>{t("student.history.show")}</Button>
        </div>
      )}
      {pages.map((after, i) => (
        <Page
          key={after ?? ""}
          organizationId={organizationId}
          studentId={studentId}
          after={after}
          last={i === pages.length - 1}
          onMore={(next) => setPages([...pages, next])}
        />
      ))}
    </section>
  );
}

type PageProps = Props & { after: string | null; last: boolean; onMore: (after: string) => void };

function Page({ organizationId, studentId, after, last, onMore }: PageProps) {
  const { t } = useText();
  const errorText = useErrorText();
  const [{ data, error }] = useQuery({
    query: StudentHistoryDocument,
    variables: { organizationId, studentId, after },
  });
  const page = data?.auditEvents;
  if (error && !page)
    return (
      <p className="banner bad" role="alert">
        {errorText(error)}
      </p>
    );
  if (!page) return <div className="wait" aria-busy="true" />;
  return (
    <>
      {!page.nodes.length && !after && <p className="soft">{t("student.history.none")}</p>}
      <ol className="trail">
        {page.nodes.map((event) => (
          <Entry key={event.id} event={event} about={studentId} />
        ))}
      </ol>
      {last && page.pageInfo.hasNextPage && (
        <Button onPress={() => onMore(page.pageInfo.endCursor ?? "")}>{t("more")}</Button>
      )}
    </>
  );
}
