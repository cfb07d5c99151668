import type { JobFragment } from "../../gql/graphql";
import { useText } from "../../text";

const shown = ["created", "updated", "unchanged", "deleted", "enrollmentsAdded", "enrollmentsRemoved", "errors"] as const;

/** The rows of a job by what becomes of them. What is none is left out, apart from the first ones. */
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
