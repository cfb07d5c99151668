import { useState } from "react";
import { useQuery } from "urql";
import { useErrorText } from "../../api/use";
import { StudentHistoryDocument } from "../../gql/graphql";
import { Button } from "../../kit/Button";
import { Rest } from "../../kit/Rest";
import { useText } from "../../text";
import { Entry } from "../audit/Entry";
import "../audit/audit.css";

type Props = { organizationId: string; studentId: string };

/** What has happened to a student, newest first. It is read when somebody asks: each reading is on record. */
export function History({ organizationId, studentId }: Props) {
  const { t } = useText();
  const [pages, setPages] = useState(0);
  return (
    <section className="card stack no-print" aria-label={t("student.history")}>
      <h2>{t("student.history")}</h2>
      {pages > 0 ? (
        <Page
          organizationId={organizationId}
          studentId={studentId}
          after={null}
          left={pages - 1}
          onMore={() => setPages(pages + 1)}
        />
      ) : (
        <div className="row">
          <p className="soft grow">{t("student.history.lead")}</p>
          <Button onPress={() => setPages(1)}>{t("student.history.show")}</Button>
        </div>
      )}
    </section>
  );
}

type PageProps = Props & { after: string | null; left: number; onMore: () => void };

function Page({ after, left, ...same }: PageProps) {
  const { t } = useText();
  const { organizationId, studentId } = same;
  const errorText = useErrorText();
  const [{ data, error }] = useQuery({
    query: StudentHistoryDocument,
    variables: { organizationId, studentId, after },
    requestPolicy: "cache-and-network",
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
      <Rest
        info={page.pageInfo}
        left={left}
        onMore={same.onMore}
        next={(after, left) => <Page {...same} after={after} left={left} />}
      />
    </>
  );
}
