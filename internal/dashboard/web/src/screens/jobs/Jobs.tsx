import { useQuery } from "urql";
import { Link } from "wouter";
import { useState } from "react";
import { usePerson } from "../../api/person";
import { useErrorText } from "../../api/use";
import { JobsDocument } from "../../gql/graphql";
import { Button } from "../../kit/Button";
import { useText } from "../../text";
import { toneOf } from "../import/state";
import "../import/import.css";
import "./jobs.css";

/** Imports and changes of many students, the newest first. */
export default function Jobs() {
  const { t } = useText();
  const { organization } = usePerson();
  const [pages, setPages] = useState<{ at: string; list: (string | null)[] }>({ at: organization.id, list: [null] });
  const list = pages.at === organization.id ? pages.list : [null];
  return (
    <div className="screen">
      <h1 tabIndex={-1}>{t("screen.jobs")}</h1>
      <div className="jobs">
        {list.map((after, i) => (
          <Page
            key={`${organization.id} ${after}`}
            organizationId={organization.id}
            after={after}
            last={i === list.length - 1}
            onMore={(next) => setPages({ at: organization.id, list: [...list, next] })}
          />
        ))}
      </div>
    </div>
  );
}

type PageProps = { organizationId: string; after: string | null; last: boolean; onMore: (after: string) => void };

function Page({ organizationId, after, last, onMore }: PageProps) {
  const { t, intl } = useText();
  const errorText = useErrorText();
  const [{ data, error }] = useQuery({ query: JobsDocument, variables: { organizationId, after }, requestPolicy: "cache-and-network" });
  const page = data?.bulkJobs;
  if (error && !page) return <p className="banner bad" role="alert">{errorText(error)}</p>;
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
        <Link key={job.id} href={`/jobs/${job.id}`} className="card job-line">
          <span className="job-name">
            <b>{job.fileName ?? t(`kind.${job.kind}`)}</b>
            <span className="soft small">
              {job.submittedBy.name} · {intl.formatDate(job.createdAt, { dateStyle: "medium", timeStyle: "short" })} · {job.organization.name}
            </span>
          </span>
          <span className="soft small">{t("jobs.counts", job.counts)}</span>
          <span className={`badge status ${toneOf[job.status]}`}>{t(`status.${job.status}`)}</span>
        </Link>
      ))}
      {last && page.pageInfo.hasNextPage && <Button onPress={() => onMore(page.pageInfo.endCursor ?? "")}>{t("more")}</Button>}
    </>
  );
}
