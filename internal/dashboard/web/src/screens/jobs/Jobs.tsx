import { useState } from "react";
import { useQuery } from "urql";
import { Link } from "wouter";
import { usePerson } from "../../api/person";
import { useErrorText } from "../../api/use";
import { JobsDocument } from "../../gql/graphql";
import { Rest } from "../../kit/Rest";
import { useText } from "../../text";
import { JobLine } from "./JobLine";
import "../import/import.css";
import "./jobs.css";

/** Imports and changes of many students, the newest first. */
export default function Jobs() {
  const { t } = useText();
  const { organization } = usePerson();
  const [pages, setPages] = useState({ at: organization.id, more: 0 });
  const more = pages.at === organization.id ? pages.more : 0;
  return (
    <div className="screen">
      <h1 tabIndex={-1}>{t("screen.jobs")}</h1>
      <div className="jobs">
        <Page
          key={organization.id}
          organizationId={organization.id}
          after={null}
          left={more}
          onMore={() => setPages({ at: organization.id, more: more + 1 })}
        />
      </div>
    </div>
  );
}

type PageProps = { organizationId: string; after: string | null; left: number; onMore: () => void };

function Page({ after, left, ...same }: PageProps) {
  const { t } = useText();
  const errorText = useErrorText();
  const [{ data, error }] = useQuery({
    query: JobsDocument,
    variables: { organizationId: same.organizationId, after },
    requestPolicy: "cache-and-network",
  });
  const page = data?.bulkJobs;
  if (error && !page)
    return (
      <p className="banner bad" role="alert">
        {errorText(error)}
      </p>
    );
  if (!page) return <div className="wait" aria-busy="true" />;
  if (!page.nodes.length && !after)
    return (
      <section className="card empty">
        <h2>{t("jobs.none")}</h2>
        <p>{t("jobs.none.text")}</p>
        <Link className="button primary" href="/import">
          {t("screen.import")}
        </Link>
      </section>
    );
  return (
    <>
      {page.nodes.map((job) => (
        <JobLine key={job.id} job={job} />
      ))}
      <Rest
        info={page.pageInfo}
        left={left}
        onMore={same.onMore}
        next={(after, left) => <Page {...same} after={after} left={left} />}
      />
    </>
  );
}
