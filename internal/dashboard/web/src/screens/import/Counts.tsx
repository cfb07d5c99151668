import type { JobFragment } from "../../gql/graphql";
import { useText } from "../../text";

const shown = [
  "created",
  "updated",
  "unchanged",
  "deleted",
  "enrollmentsAdded",
  "enrollmentsRemoved",
  "errors",
] as const;

/** How many rows a job creates, changes and so on. Zeros are left out, except for the first numbers. */
export function Counts({ job }: { job: JobFragment }) {
  const { t, number } = useText();
  return (
    <dl className="tiles">
      {shown
        .filter((name, i) => i < 3 || job.counts[name] > 0)
        .map((name) => (
          <div key={name} className="card tile" data-name={name}>
            <dt>{t(`count.${name}`)}</dt>
            <dd>{number(job.counts[name])}</dd>
          </div>
        ))}
    </dl>
  );
}
