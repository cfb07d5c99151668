import { useClient } from "urql";
import { useLocation } from "wouter";
import { useChange } from "../../api/use";
import { CancelJobDocument, SubmitImportDocument, type JobFragment } from "../../gql/graphql";
import { askForFile } from "../../kit/file";
import { useSay } from "../../kit/Say";
import { useText } from "../../text";
import { keep, kept, type How } from "./files";

/** A second upload of the same file is another job; the same one sent twice is not. */
const newKey = () => Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) => n.toString(36)).join("-");

/** readable tells whether a file is as it was when it was chosen: a browser does not read one that has changed. */
const readable = (file: File) =>
  file
    .slice(0, 1)
    .arrayBuffer()
    .then(() => true)
    .catch(() => false);

/** useSubmit sends a file and gives the id of its job. */
export function useSubmit() {
  const change = useChange();
  const say = useSay();
  const { t } = useText();
  return async (file: File, how: How) => {
    if (!(await readable(file))) return void say({ text: t("import.changed"), bad: true });
    const input = { ...how, file, idempotencyKey: newKey() };
    const job = (await change(SubmitImportDocument, { input }))?.submitBulkImport.job;
    if (job) keep(job.id, file, how);
    return job?.id;
  };
}

/** howOf is how the file of a job was read, as far as the job tells. */
export function howOf(job: JobFragment): How {
  return {
    organizationId: job.organization.id,
    kind: job.kind,
    groupsMode: job.groupsMode,
    commitMode: job.commitMode,
    missing: job.missing,
    createMissingGroups: job.createMissingGroups,
    ...kept(job.id)?.how,
  };
}

/**
 * useAgain checks the file of a job once more, read in another way. The new job takes the place of the old one, which
 * has changed nothing. If this page no longer has the file, or it has changed, it is asked for.
 */
export function useAgain(job: JobFragment) {
  const submit = useSubmit();
  const client = useClient();
  const [, navigate] = useLocation();
  return async (other: Partial<How>) => {
    let file: File | null | undefined = kept(job.id)?.file;
    if (!file || !(await readable(file))) file = await askForFile();
    if (!file) return;
    const id = await submit(file, { ...howOf(job), ...other });
    if (!id) return;
    if (job.status === "READY" || job.status === "HELD")
      void client.mutation(CancelJobDocument, { id: job.id }).toPromise();
    navigate(`/jobs/${id}`, { replace: true });
  };
}
