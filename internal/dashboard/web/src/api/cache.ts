import { cacheExchange, type Cache } from "@urql/exchange-graphcache";
import type { Exchange } from "@urql/core";

/**
 * What a change may have affected besides the objects in its answer: lists and sums are asked for again. The notice
 * is one of the objects: it comes with the organizations in the answer, and by its subscription.
 */
const stale = {
  students: ["students"],
  usage: ["usageReport"],
  groups: ["groups"],
  jobs: ["bulkJobs"],
  deleted: ["deletedStudents"],
  people: ["educators"],
  trail: ["auditEvents"],
};
type What = keyof typeof stale;

/** Whatever somebody changes is in the audit trail and the histories, so that these are not named here. */
const after: Record<string, What[]> = {
  assignStudentsToGroups: ["students", "usage"],
  removeStudentsFromGroups: ["students", "usage"],
  createGroup: ["groups"],
  updateGroup: ["groups"],
  updateStudent: ["students", "usage", "groups"],
  deleteStudents: ["students", "usage", "groups", "deleted"],
  restoreStudents: ["students", "usage", "groups", "deleted"],
  bulkEditStudents: ["jobs"],
  bulkDeleteStudents: ["jobs"],
  submitBulkImport: ["jobs"],
  startBulkJob: ["jobs"],
  cancelBulkJob: ["jobs"],
  approveBulkJob: ["jobs"],
  undoBulkJob: ["jobs"],
  correctBulkJobRow: ["jobs"],
  inviteEducator: ["people"],
  disableEducator: ["people"],
  enableEducator: ["people"],
  setEducatorRole: ["people", "groups"],
  endEducatorRole: ["people", "groups"],
  resendInvitation: ["people"],
  withdrawInvitation: ["people"],
  changePassword: [],
  revokeSession: [],
  revokeOtherSessions: [],
  resetSecondFactors: [],
  updateOrganizationSettings: ["students", "usage"],
  approvePendingSetting: ["students", "usage"],
  withdrawPendingSetting: [],
};

/** The mutations whose consequences are known here; a test fails for another one. */
export const knownChanges = Object.keys(after);

/** What may have changed if a number of unassigned students has: somebody else has assigned or deleted some. */
const movedByOthers: What[] = ["students", "usage", "groups", "deleted"];

function invalidate(store: Cache, moved: readonly What[]) {
  const fields = new Set(moved.flatMap((what) => stale[what]));
  for (const field of store.inspectFields("Query")) {
    if (fields.has(field.fieldName)) store.invalidate("Query", field.fieldName, field.arguments);
  }
}

type Notices = readonly { count: number }[] | null | undefined;
type Concerned = { organizations?: readonly { id: string; notifications?: Notices }[] };
const sum = (notices: Notices) => notices?.reduce((total, { count }) => total + count, 0);

/** cache keeps each object once, by its id. Types without an id belong to the object that contains them. */
export function cache(): Exchange {
  const embedded = () => null;
  // How many students were unassigned when that was last told, by organization.
  const counts = new Map<string, number | undefined>();
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
      EducatorConnection: embedded,
      Invitation: embedded,
      StudentUsageWeek: embedded,
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
          (result, _args, store) => {
            // What this window has changed itself is no news when the subscription tells it.
            for (const { id, notifications } of (result[mutation] as Concerned | null)?.organizations ?? [])
              if (notifications) counts.set(id, sum(notifications));
            invalidate(store, [...moved, "trail"]);
          },
        ]),
      ),
      Subscription: {
        bulkJob: (result, _args, store) => {
          const job = result.bulkJob as { finishedAt?: string | null };
          if (job.finishedAt) invalidate(store, Object.keys(stale) as What[]);
        },
        dashboardNotifications: (result, args, store) => {
          const id = args.organizationId as string;
          const now = sum(result.dashboardNotifications as Notices);
          const before = counts.get(id);
          counts.set(id, now);
          if (before !== undefined && before !== now) invalidate(store, movedByOthers);
        },
      },
    },
  });
}
