package rule

import (
	"context"
	"fmt"
	"slices"

	"entgo.io/ent/dialect/sql"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/bulkjobproblem"
	"github.com/openhomeroom/homeroom/ent/db/bulkjobrefusedrow"
	"github.com/openhomeroom/homeroom/ent/db/bulkjobrow"
	"github.com/openhomeroom/homeroom/ent/db/predicate"
	"github.com/openhomeroom/homeroom/ent/db/privacy"
	"github.com/openhomeroom/homeroom/ent/db/session"
	"github.com/openhomeroom/homeroom/ent/db/usageday"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// teachersJobs are the kinds of jobs that teachers may submit.
var teachersJobs = []bulkjob.Kind{bulkjob.KindIMPORT_STUDENTS, bulkjob.KindIMPORT_GROUPS, bulkjob.KindEDIT_STUDENTS}

// JobsSeen matches the jobs of the organizations that the viewer administers, and the
// viewer's own jobs as long as the viewer has a role that may submit such jobs. Jobs name
// students, so they disappear together with the role.
func JobsSeen(v *viewer.Viewer) predicate.BulkJob { return jointly(v, jobsSeen) }

func jobsSeen(v *viewer.Viewer) predicate.BulkJob {
	var own []predicate.BulkJob
	if schools := v.TeacherSchools(); len(schools) > 0 {
		own = append(own, bulkjob.And(bulkjob.OrganizationIDIn(schools...), bulkjob.KindIn(teachersJobs...)))
	}
	// A selection from several schools belongs to their district.
	if schools := v.AdminSchools(); len(schools) > 0 {
		own = append(own, bulkjob.And(bulkjob.OrganizationID(v.DistrictID), selectedFrom(schools)))
	}
	if schools := slices.Concat(v.TeacherSchools(), v.AdminSchools()); v.IsTeacher() {
		own = append(own,
			bulkjob.And(bulkjob.OrganizationID(v.DistrictID), bulkjob.KindEQ(bulkjob.KindEDIT_STUDENTS), selectedFrom(schools)))
		// Administrators of a school can select students for deletion wherever they see them,
		// and learn for each row whether the student has to stay.
		if len(v.AdminSchools()) > 0 {
			own = append(own,
				bulkjob.And(bulkjob.OrganizationID(v.DistrictID), bulkjob.KindEQ(bulkjob.KindDELETE_STUDENTS),
					selectedFrom(schools)))
		}
	}
	return anyOf(bulkjob.Or,
		when(v.AdminDistricts(), bulkjob.DistrictIDIn),
		when(v.AdminSchools(), bulkjob.OrganizationIDIn),
		[]predicate.BulkJob{bulkjob.And(bulkjob.SubmittedBy(v.EducatorID), anyOf(bulkjob.Or, own))})
}

// selectedFrom matches the jobs whose students were all selected from certain schools.
func selectedFrom(schools []int) predicate.BulkJob {
	return func(s *sql.Selector) {
		rest, args := s.C(bulkjob.FieldSchools), make([]any, len(schools))
		for i, id := range schools {
			rest, args[i] = "REPLACE("+rest+", ?, '')", fmt.Sprintf("|%d|", id)
		}
		s.Where(sql.ExprP(rest+" = ''", args...))
	}
}

// jobsSeenWhole matches, among the jobs that are seen, those of which the viewer sees all
// rows: the viewer's own, and those of districts that the viewer administers. A row of a
// school's job can name something outside the school, which the administrators of the
// school do not see.
func jobsSeenWhole(v *viewer.Viewer) predicate.BulkJob {
	return jointly(v, func(v *viewer.Viewer) predicate.BulkJob {
		return anyOf(bulkjob.Or, when(v.AdminDistricts(), bulkjob.DistrictIDIn),
			[]predicate.BulkJob{bulkjob.SubmittedBy(v.SubmitterID())})
	})
}

// RefusedRowsSeen matches the refused rows that a viewer may see, of a job that the viewer
// sees. The server reads and decrypts them.
func RefusedRowsSeen(v *viewer.Viewer) predicate.BulkJobRefusedRow {
	if v.IsSystem() {
		return func(*sql.Selector) {}
	}
	return bulkjobrefusedrow.Or(bulkjobrefusedrow.Outside(0), bulkjobrefusedrow.HasJobWith(jobsSeenWhole(v)))
}

// LimitJobsToPurview is the rule for reading jobs.
func LimitJobsToPurview() privacy.QueryRule {
	return privacy.BulkJobQueryRuleFunc(func(ctx context.Context, q *db.BulkJobQuery) error {
		q.Where(JobsSeen(ask(ctx)))
		return privacy.Allow
	})
}

// LimitJobRowsToPurview is the rule for reading what a job will change.
func LimitJobRowsToPurview() privacy.QueryRule {
	return privacy.BulkJobRowQueryRuleFunc(func(ctx context.Context, q *db.BulkJobRowQuery) error {
		v := ask(ctx)
		q.Where(bulkjobrow.HasJobWith(JobsSeen(v)),
			bulkjobrow.Or(bulkjobrow.Outside(0), bulkjobrow.HasJobWith(jobsSeenWhole(v))))
		return privacy.Allow
	})
}

// LimitJobProblemsToPurview is the rule for reading the problems of a job.
func LimitJobProblemsToPurview() privacy.QueryRule {
	return privacy.BulkJobProblemQueryRuleFunc(func(ctx context.Context, q *db.BulkJobProblemQuery) error {
		v := ask(ctx)
		q.Where(bulkjobproblem.HasJobWith(JobsSeen(v)),
			bulkjobproblem.Or(bulkjobproblem.Outside(0), bulkjobproblem.HasJobWith(jobsSeenWhole(v))))
		return privacy.Allow
	})
}

// EducatorsSubmitJobs lets viewers create jobs in their own name: administrators jobs of
// every kind at organizations that they administer, teachers jobs about students and
// groups at their schools, and both selections from several schools of their district.
// After that, only the server changes a job.
func EducatorsSubmitJobs() privacy.MutationRule {
	return privacy.BulkJobMutationRuleFunc(func(ctx context.Context, m *db.BulkJobMutation) error {
		v := ask(ctx)
		if !m.Op().Is(db.OpCreate) {
			return privacy.Skip
		}
		submitter, _ := m.SubmittedBy()
		organizationID, _ := m.OrganizationID()
		districtID, _ := m.DistrictID()
		kind, _ := m.Kind()
		teachers := slices.Contains(teachersJobs, kind)
		// A selection from several schools belongs to their district. It was read within the
		// purview, and every row will be again.
		selected := organizationID == districtID && districtID == v.DistrictID &&
			(kind == bulkjob.KindEDIT_STUDENTS && v.IsTeacher() ||
				v.IsAdmin() && (kind == bulkjob.KindEDIT_STUDENTS || kind == bulkjob.KindDELETE_STUDENTS))
		if submitter == v.EducatorID &&
			(v.Administers(organizationID, districtID) || teachers && v.TeachesAt(organizationID) || selected) {
			return allowIf(checkDistrict(ctx, m.Client(), organizationID, districtID))
		}
		return privacy.Denyf("organization %d is outside of the purview", organizationID)
	})
}

// LimitSessionsToTheirOwner shows people their own sessions.
func LimitSessionsToTheirOwner() privacy.QueryRule {
	return privacy.SessionQueryRuleFunc(func(ctx context.Context, q *db.SessionQuery) error {
		q.Where(session.EducatorID(ask(ctx).EducatorID))
		return privacy.Allow
	})
}

// LimitUsageToPurview shows the usage of students in the purview.
func LimitUsageToPurview() privacy.QueryRule {
	return privacy.UsageDayQueryRuleFunc(func(ctx context.Context, q *db.UsageDayQuery) error {
		q.Where(usageday.HasStudentWith(StudentsSeen(ask(ctx))))
		return privacy.Allow
	})
}
