import { useState } from "react";
import { useQuery } from "urql";
import { Link } from "wouter";
import { MissingStudentsDocument } from "../../gql/graphql";
import { Button } from "../../kit/Button";
import { LockIcon } from "../../kit/icons";
import { useText } from "../../text";

/** The students who are not in the file. */
export function MissingList({ id }: { id: string }) {
  const { t } = useText();
  const [pages, setPages] = useState<(string | null)[]>([null]);
  return (
    <ul className="lines missing-list" aria-label={t("missing.list")}>
      {pages.map((after, i) => (
        <Page
          key={after ?? ""}
          id={id}
          after={after}
          last={i === pages.length - 1}
          onMore={(next) => setPages([...pages, next])}
        />
      ))}
    </ul>
  );
}

type PageProps = { id: string; after: string | null; last: boolean; onMore: (after: string) => void };

function Page({ id, after, last, onMore }: PageProps) {
  const { t } = useText();
  const [{ data }] = useQuery({ query: MissingStudentsDocument, variables: { id, after } });
  const page = data?.bulkJob?.missingStudents;
  if (!page) return <li className="wait" aria-busy="true" />;
  return (
    <>
      {page.nodes.map((student) => (
        <li key={student.id} className="row">
          <Link href={`/students/${student.id}`} className="grow">
            <bdi>{`${student.firstName} ${student.lastName}`}</bdi>
          </Link>
          {student.synced && (
            <span className="soft small with-lock">
              <LockIcon />
              {t("missing.kept")}
            </span>
          )}
          <span className="soft small">
            {[student.externalId, `${t("grade")} ${student.grade}`, student.organization.name].join(" · ")}
          </span>
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
