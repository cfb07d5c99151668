import { useState } from "react";
import { useQuery } from "urql";
import { administersAt, usePerson } from "../../api/person";
import { NewGroupsDocument, type JobFragment } from "../../gql/graphql";
import { useText } from "../../text";
import { CheckAgain } from "./CheckAgain";
import { mayBeReadAgain } from "./state";

/** Classes that rows name and nobody has: what is created with the job, and whether it should be. */
export function NewGroups({ job }: { job: JobFragment }) {
  const { t } = useText();
  const { viewer } = usePerson();
  const [creates, setCreates] = useState(job.createMissingGroups);
  const [{ data }] = useQuery({ query: NewGroupsDocument, variables: { id: job.id } });
  const found = data?.bulkJob;
  if (!found) return null;
  const unknown = found.problemGroups
    .filter(({ code }) => code === "UNKNOWN_GROUP")
    .reduce((sum, { valueCount }) => sum + valueCount, 0);
  const at = viewer.organizations.find(({ id }) => id === job.organization.id);
  const open = at !== undefined && administersAt(viewer, at) && mayBeReadAgain(job);
  if (found.newGroupCount === 0 && !(open && (unknown > 0 || job.createMissingGroups))) return null;
  const title = job.createMissingGroups
    ? t("newGroups.title", { count: found.newGroupCount })
    : t("newGroups.unknown", { count: unknown });
  return (
    <section className="card stack" aria-label={title}>
      <div>
        <h2>{title}</h2>
        <p className="soft">{t(job.createMissingGroups ? "newGroups.lead" : "newGroups.unknown.lead")}</p>
      </div>
      {found.newGroups.length > 0 && (
        <ul className="lines missing-list" aria-label={t("newGroups.list")}>
          {found.newGroups.map((group) => (
            <li key={`${group.organization?.id} ${group.name}`} className="row">
              <bdi className="grow">{group.name}</bdi>
              <span className="soft small">
                {[group.organization?.name, t("newGroups.rows", { count: group.rows })].filter(Boolean).join(" · ")}
              </span>
            </li>
          ))}
        </ul>
      )}
      {found.newGroupCount > found.newGroups.length && (
        <p className="soft small">{t("problems.rest", { count: found.newGroupCount - found.newGroups.length })}</p>
      )}
      {open && (
        <label className="missing-option" data-chosen={creates}>
          <input type="checkbox" className="check" checked={creates} onChange={() => setCreates(!creates)} />
          <span>
            <b>{t("newGroups.create")}</b>
            <span className="soft small missing-means">{t("newGroups.means")}</span>
          </span>
        </label>
      )}
      {creates !== job.createMissingGroups && (
        <CheckAgain
          job={job}
          other={{ createMissingGroups: creates }}
          label={t("newGroups.create")}
          onDiscard={() => setCreates(job.createMissingGroups)}
        />
      )}
    </section>
  );
}
