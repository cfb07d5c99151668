import { cacheExchange } from "@urql/exchange-graphcache";
import type { Exchange } from "@urql/core";

/**
 * What a change may have moved besides the objects in its answer: lists and sums are asked for anew. The notice is
 * one of the objects: it comes with the organizations in the answer, and by its subscription.
 */
const stale = {
  students: ["students"],
  usage: ["usageReport"],
  groups: ["groups"],
  jobs: ["bulkJobs"],
  deleted: ["deletedStudents"],
  trail: ["auditEvents"],
};
type What = keyof typeof stale;

const after: Record<string, What[]> = {
  assignStudentsToGroups: ["students", "usage", "trail"],
  removeStudentsFromGroups: ["students", "usage", "trail"],
  createGroup: ["groups"],
  updateGroup: ["groups"],
  deleteGroup: ["groups", "students", "usage"],
  updateStudent: ["students", "usage", "trail"],
  deleteStudents: ["students", "usage", "groups", "deleted", "trail"],
  restoreStudents: ["students", "usage", "groups", "deleted", "trail"],
  bulkEditStudents: ["jobs"],
  bulkDeleteStudents: ["jobs"],
  submitBulkImport: ["jobs"],
  startBulkJob: ["jobs"],
  cancelBulkJob: ["jobs"],
  approveBulkJob: ["jobs"],
  undoBulkJob: ["jobs"],
  correctBulkJobRow: ["jobs"],
};

/** The fields of Query that everything a finished job may have changed stands in. */
export const movedByJobs = Object.values(stale).flat();

/** cache keeps each object once, by its id; types without an id belong to the object that they stand in. */
export function cache(): Exchange {
  const embedded = () => null;
  return cacheExchange({
    keys: {
      Viewer: embedded,
      RoleAssignment: embedded,
      SecondFactors: embedded,
      SchoolYear: embedded,
      StudentConnection: embedded,
      GroupConnection: embedded,
      DeletedStudentConnection: embedded,
      AuditEventConnection: embedded,
      AuditActor: embedded,
      AuditSubject: embedded,
      AuditChange: embedded,
      AuditFact: embedded,
      OrganizationSettings: embedded,
      NumberSetting: embedded,
      TextSetting: embedded,
      SwitchSetting: embedded,
      SecondFactorSetting: embedded,
      PendingSetting: embedded,
      BulkJobConnection: embedded,
      BulkJobChangeConnection: embedded,
      BulkJobProblemConnection: embedded,
      PageInfo: embedded,
      DetectedFile: embedded,
      HeaderReading: embedded,
      ImportMapping: embedded,
      ImportColumn: embedded,
      BulkJobRefusedRowConnection: embedded,
      BulkJobRefusedRow: embedded,
      BulkJobCell: embedded,
      BulkJobProgress: embedded,
      BulkJobCounts: embedded,
      BulkJobChange: embedded,
      BulkJobProblem: embedded,
      BulkJobProblemGroup: embedded,
      ImportTemplate: embedded,
      UsageReport: embedded,
      UsageTotals: embedded,
      UsageWeek: embedded,
      UsageRow: embedded,
      UserError: embedded,
    },
    updates: {
      Mutation: Object.fromEntries(
        Object.entries(after).map(([mutation, moved]) => [
          mutation,
          (_result, _args, store) => {
            const fields = new Set(moved.flatMap((what) => stale[what]));
            for (const field of store.inspectFields("Query")) {
              if (fields.has(field.fieldName)) store.invalidate("Query", field.fieldName, field.arguments);
            }
          },
        ]),
      ),
      Subscription: {
        bulkJob: (result, _args, store) => {
          const job = result.bulkJob as { finishedAt?: string | null };
          if (!job.finishedAt) return;
          for (const field of store.inspectFields("Query")) {
            if (movedByJobs.includes(field.fieldName)) store.invalidate("Query", field.fieldName, field.arguments);
          }
        },
      },
    },
  });
}
