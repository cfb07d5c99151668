import { useLocation } from "wouter";
import { usePerson } from "../../api/person";
import { useChange } from "../../api/use";
import {
  AssignStudentsDocument,
  BulkEditDocument,
  RemoveStudentsDocument,
  type StudentFilter,
} from "../../gql/graphql";
import { useSay } from "../../kit/Say";
import { useText } from "../../text";

/** How many students can be assigned at once. More become a job with a preview. */
export const mostAtOnce = 1000;

type Member = { id: string; groups: readonly { id: string }[] };

/** joins are the students who are not in a group yet, for each group: what an undo has to take back, and no more. */
export function joins(
  students: readonly Member[],
  groupIds: readonly string[],
): { groupIds: string[]; studentIds: string[] }[] {
  const byStudents = new Map<string, { groupIds: string[]; studentIds: string[] }>();
  for (const group of groupIds) {
    const studentIds = students.filter(({ groups }) => !groups.some(({ id }) => id === group)).map(({ id }) => id);
    if (!studentIds.length) continue;
    const same = byStudents.get(studentIds.join());
    if (same) same.groupIds.push(group);
    else byStudents.set(studentIds.join(), { groupIds: [group], studentIds });
  }
  return [...byStudents.values()];
}

/** useRemove takes students out of a group and offers to put them back. True where it is done. */
export function useRemove() {
  const { t } = useText();
  const change = useChange();
  const say = useSay();
  return async (students: readonly Member[], groupId: string) => {
    const input = { studentIds: students.map(({ id }) => id), groupIds: [groupId] };
    if (!(await change(RemoveStudentsDocument, { input }))) return false;
    const undo = async () => {
      if (await change(AssignStudentsDocument, { input }))
        say({ text: t("assign.undone", { count: students.length }) });
    };
    say({ text: t("remove.done", { count: students.length }), act: { label: t("undo"), run: undo } });
    return true;
  };
}

/** useAssign puts students into groups and offers to take that back. True where it is done, or has become a job. */
export function useAssign() {
  const { t } = useText();
  const { organization } = usePerson();
  const change = useChange();
  const say = useSay();
  const [, navigate] = useLocation();

  return async (
    students: readonly Member[],
    groups: readonly { id: string; name: string }[],
    everybody?: StudentFilter,
  ) => {
    const groupIds = groups.map(({ id }) => id);
    const studentIds = students.map(({ id }) => id);
    if (everybody || students.length > mostAtOnce) {
      const selection = everybody
        ? { matching: { organizationId: organization.id, filter: everybody } }
        : { studentIds };
      const job = (await change(BulkEditDocument, { input: { selection, addToGroupIds: groupIds } }))?.bulkEditStudents
        .job;
      if (job) navigate(`/jobs/${job.id}`);
      return Boolean(job);
    }
    const before = joins(students, groupIds);
    const done = (await change(AssignStudentsDocument, { input: { studentIds, groupIds } }))?.assignStudentsToGroups;
    if (!done) return false;
    const undo = async () => {
      for (const input of before) if (!(await change(RemoveStudentsDocument, { input }))) return;
      say({ text: t("assign.undone", { count: students.length }) });
    };
    say({
      text: t("assign.done", { students: students.length, groups: groups.map(({ name }) => name).join(", ") }),
      act: before.length ? { label: t("undo"), run: undo } : undefined,
    });
    return true;
  };
}
