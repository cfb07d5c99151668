import { useEffect } from "react";
import { useQuery, useSubscription } from "urql";
import { Link, useParams } from "wouter";
import { usePerson } from "../../api/person";
import { useErrorText } from "../../api/use";
import { isTeacher } from "../../frame/screens";
import { JobDocument, WatchJobDocument } from "../../gql/graphql";
import { useText } from "../../text";
import { Changes } from "./Changes";
import { Counts } from "./Counts";
import { JobActions } from "./JobActions";
import { JobProgress } from "./JobProgress";
import { Missing } from "./Missing";
import { NewGroups } from "./NewGroups";
import { NextFile } from "./NextFile";
import { Problems } from "./Problems";
import { Recognized } from "./Recognized";
import { Refused } from "./Refused";
import { correctable, moves, toneOf, works } from "./state";
import "./import.css";

/** One job, from the check of its file to the last row, and its undo. */
export default function Job() {
  const { t, intl } = useText();
  const errorText = useErrorText();
  const { viewer } = usePerson();
  const { id = "" } = useParams();
  const [{ data, error }] = useQuery({ query: JobDocument, variables: { id }, requestPolicy: "cache-and-network" });
  const job = data?.bulkJob;
  const [watched, watch] = useSubscription({
    query: WatchJobDocument,
    variables: { id },
    pause: !job || !moves(job.status),
  });
  // The answer to a start can come after the last event of a short job, and says that the job is at work.
  const missedTheEnd = Boolean(job && moves(job.status) && !watched.fetching);
  useEffect(() => {
    if (!missedTheEnd) return;
    const later = setTimeout(() => watch(), 1000);
    return () => clearTimeout(later);
  }, [missedTheEnd]);
  if (error && !data)
    return (
      <p className="banner bad" role="alert">
        {errorText(error)}
      </p>
    );
  if (!data) return <div className="wait" aria-busy="true" />;
  if (!job)
    return (
      <section className="card empty">
        <h1 tabIndex={-1}>{t("job.none")}</h1>
        <Link className="button" href="/import">
          {t("screen.import")}
        </Link>
      </section>
    );
  const checked = job.status !== "VERIFYING";
  // Lists of a job are asked for anew when it has moved, or a row was corrected.
  const version = `${job.status} ${job.previewVersion}`;
  return (
    <div className="screen">
      <div className="screen-head">
        <div>
          {!isTeacher(viewer) && (
            <Link href="/jobs" className="small">
              {t("screen.jobs")}
            </Link>
          )}
          <h1 tabIndex={-1}>{job.fileName ?? t(`kind.${job.kind}`)}</h1>
          <p className="soft">
            {t(`kind.${job.kind}`)} · {job.organization.name} · {job.submittedBy.name} ·{" "}
            {intl.formatDate(job.createdAt, { dateStyle: "medium", timeStyle: "short" })}
          </p>
        </div>
        <span className={`badge status ${toneOf[job.status]}`} role="status">
          {t(`status.${job.status}`)}
        </span>
      </div>
      {works(job.status) && <JobProgress job={job} />}
      <NextFile job={job} />
      <JobActions job={job} />
      {checked && <Counts job={job} />}
      {checked && job.counts.errors + job.counts.warnings > 0 && <Problems id={job.id} key={`problems ${version}`} />}
      {correctable(job) && <Refused job={job} version={version} key={`refused ${job.id}`} />}
      {checked && <Changes id={job.id} key={`changes ${job.previewVersion}`} done={Boolean(job.startedAt)} />}
      {checked && job.kind === "IMPORT_STUDENTS" && <NewGroups job={job} key={`newGroups ${version}`} />}
      {checked && job.kind === "IMPORT_STUDENTS" && <Missing job={job} key={`missing ${job.id}`} />}
      {job.detected && <Recognized job={job} detected={job.detected} key={`recognized ${job.id}`} />}
    </div>
  );
}
