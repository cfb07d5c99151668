import { useState } from "react";
import { useClient, useQuery } from "urql";
import { administersAt, usePerson } from "../../api/person";
import { MissingCountDocument, MissingCsvDocument, type JobFragment } from "../../gql/graphql";
import { Button } from "../../kit/Button";
import { download } from "../../kit/download";
import { DownloadIcon } from "../../kit/icons";
import { useText } from "../../text";
import { MissingChoice } from "./MissingChoice";
import { MissingList } from "./MissingList";
import { mayBeReadAgain } from "./state";

/** Who is on record and not in the file, and what is to become of them. */
export function Missing({ job }: { job: JobFragment }) {
  const { t } = useText();
  const { viewer } = usePerson();
  const client = useClient();
  const [open, setOpen] = useState(false);
  const [{ data }] = useQuery({ query: MissingCountDocument, variables: { id: job.id } });
  const count = data?.bulkJob?.missingStudents?.totalCount;
  if (count === undefined || (count === 0 && job.missing === "IGNORE")) return null;
  const at = viewer.organizations.find(({ id }) => id === job.organization.id);
  const administers = at !== undefined && administersAt(viewer, at);
  const csv = async () => {
    const asked = await client.query(MissingCsvDocument, { id: job.id }, { requestPolicy: "network-only" }).toPromise();
    if (asked.data?.bulkJob?.missingStudentsCsvUrl) download(asked.data.bulkJob.missingStudentsCsvUrl);
  };
  return (
    <section className="card stack" aria-label={t("missing.title", { count })}>
      <div className="row">
        <div className="grow missing-head">
          <h2>{t("missing.title", { count })}</h2>
          <p className="soft">{t("missing.lead", { organization: job.organization.name })}</p>
        </div>
        {count > 0 && (
          <>
            <Button look="quiet" aria-expanded={open} onPress={() => setOpen(!open)}>
              {t(open ? "missing.hide" : "missing.show")}
            </Button>
            {administers && (
              <Button onPress={csv}>
                <DownloadIcon />
                {t("students.csv")}
              </Button>
            )}
          </>
        )}
      </div>
      {open && <MissingList id={job.id} />}
      {administers && mayBeReadAgain(job) ? (
        <MissingChoice job={job} settings={data?.bulkJob?.organization.settings} />
      ) : (
        <p>{t(`missing.${job.missing}`, { count: job.missingRows })}</p>
      )}
    </section>
  );
}
