import { useSubscription } from "urql";
import { Link } from "wouter";
import { WatchJobLineDocument, type JobLineFragment } from "../../gql/graphql";
import { useText } from "../../text";
import { toneOf, works } from "../import/state";

/** One job of the list. While a server works on it, the line follows. */
export function JobLine({ job }: { job: JobLineFragment }) {
  const { t, intl } = useText();
  useSubscription({ query: WatchJobLineDocument, variables: { id: job.id }, pause: !works(job.status) });
  return (
    <Link href={`/jobs/${job.id}`} className="card job-line">
      <span className="job-name">
        <b>{job.fileName ?? t(`kind.${job.kind}`)}</b>
        <span className="soft small">
          {job.submittedBy.name} · {intl.formatDate(job.createdAt, { dateStyle: "medium", timeStyle: "short" })} ·{" "}
          {job.organization.name}
        </span>
      </span>
      <span className="soft small">
        {works(job.status)
          ? t("job.rows", { done: job.progress.processedRows, all: job.progress.totalRows })
          : t("jobs.counts", job.counts)}
      </span>
      <span className={`badge status ${toneOf[job.status]}`}>{t(`status.${job.status}`)}</span>
    </Link>
  );
}
