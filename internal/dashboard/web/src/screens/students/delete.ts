import { useLocation } from "wouter";
import { usePerson } from "../../api/person";
import { useChange } from "../../api/use";
import {
  BulkDeleteDocument,
  DeleteStudentsDocument,
  RestoreStudentsDocument,
  type StudentFilter,
} from "../../gql/graphql";
import { useSay } from "../../kit/Say";
import { useText } from "../../text";
import { mostAtOnce } from "./assign";

/** useRestore brings deleted students back, and says how. True where it is done. */
export function useRestore() {
  const { t } = useText();
  const change = useChange();
  const say = useSay();
  return async (studentIds: string[]) => {
    const done = (await change(RestoreStudentsDocument, { input: { studentIds } }))?.restoreStudents;
    if (!done) return false;
    say({
      text: t(done.enrollmentsLost ? "restore.lost" : "restore.done", {
        count: studentIds.length,
        lost: done.enrollmentsLost,
      }),
    });
    return true;
  };
}

/**
 * useDelete deletes students and offers to bring them back. Many students become a job with a preview. True where it is
 * done.
 */
export function useDelete() {
  const { t } = useText();
  const { organization } = usePerson();
  const change = useChange();
  const say = useSay();
  const restore = useRestore();
  const [, navigate] = useLocation();
  return async (studentIds: string[], everybody?: StudentFilter) => {
    if (everybody || studentIds.length > mostAtOnce) {
      const selection = everybody
        ? { matching: { organizationId: organization.id, filter: everybody } }
        : { studentIds };
      const job = (await change(BulkDeleteDocument, { input: { selection } }))?.bulkDeleteStudents.job;
      if (job) navigate(`/jobs/${job.id}`);
      return Boolean(job);
    }
    const done = (await change(DeleteStudentsDocument, { input: { studentIds } }))?.deleteStudents;
    if (!done) return false;
    say({
      text: t("delete.done", { count: done.deletedIds.length }),
      act: { label: t("undo"), run: async () => void (await restore([...done.deletedIds])) },
    });
    return true;
  };
}
