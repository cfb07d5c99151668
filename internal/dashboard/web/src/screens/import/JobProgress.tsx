import { ProgressBar } from "react-aria-components/ProgressBar";
import type { JobFragment } from "../../gql/graphql";
import { useText } from "../../text";

/** The progress of the job. */
export function JobProgress({ job }: { job: JobFragment }) {
  const { t } = useText();
  const { percent, processedRows, totalRows, phase } = job.progress;
  const label = t(job.waiting ? "job.waiting" : phase ? `phase.${phase}` : `status.${job.status}`);
  return (
    <ProgressBar className="card stack progress" aria-label={label} value={percent}>
      {({ percentage = 0 }) => (
        <>
          <div className="row">
            <h2 className="grow">{label}</h2>
            <span className="soft">{totalRows > 0 && t("job.rows", { done: processedRows, all: totalRows })}</span>
          </div>
          <div className="meter">
            <div style={{ width: `${percentage}%` }} />
          </div>
        </>
      )}
    </ProgressBar>
  );
}
