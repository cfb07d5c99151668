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

// teachersJobs are the kinds of jobs that teachers submit.
var teachersJobs = []bulkjob.Kind{bulkjob.KindIMPORT_STUDENTS, bulkjob.KindIMPORT_GROUPS, bulkjob.KindEDIT_STUDENTS}

// JobsSeen are the jobs of the organizations administered, and one's own where one
// still has a role with which one submits such jobs: they name students.
func JobsSeen(v *viewer.Viewer) predicate.BulkJob { return jointly(v, jobsSeen) }

func jobsSeen(v *viewer.Viewer) predicate.BulkJob {
	var own []predicate.BulkJob
	if schools := v.TeacherSchools(); len(schools) > 0 {
		own = append(own, bulkjob.And(bulkjob.OrganizationIDIn(schools...), bulkjob.KindIn(teachersJobs...)))
	}
	// What was selected from several schools belongs to their district.
	if schools := v.AdminSchools(); len(schools) > 0 {
		own = append(own, bulkjob.And(bulkjob.OrganizationID(v.DistrictID), selectedFrom(schools)))
	}
	if schools := slices.Concat(v.TeacherSchools(), v.AdminSchools()); v.IsTeacher() {
		own = append(own,
			bulkjob.And(bulkjob.OrganizationID(v.DistrictID), bulkjob.KindEQ(bulkjob.KindEDIT_STUDENTS), selectedFrom(schools)))
	}
	return anyOf(bulkjob.Or,
		when(v.AdminDistricts(), bulkjob.DistrictIDIn),
		when(v.AdminSchools(), bulkjob.OrganizationIDIn),
		[]predicate.BulkJob{bulkjob.And(bulkjob.SubmittedBy(v.EducatorID), anyOf(bulkjob.Or, own))})
}

// selectedFrom keeps the jobs whose students were selected from some schools and
// from no others.
func selectedFrom(schools []int) predicate.BulkJob {
	return func(s *sql.Selector) {
		rest, args := s.C(bulkjob.FieldSchools), make([]any, len(schools))
		for i, id := range schools {
			rest, args[i] = "REPLACE("+rest+", ?, '')", fmt.Sprintf("|%d|", id)
		}
		s.Where(sql.ExprP(rest+" = ''", args...))
	}
}

// jobsSeenWhole are, of the jobs that are seen, those of which all rows are: one's
// own, and those of the districts administered. A row of a job for one school can
// name something outside of it, which the school's administrators do not see.
func jobsSeenWhole(v *viewer.Viewer) predicate.BulkJob {
	return jointly(v, func(v *viewer.Viewer) predicate.BulkJob {
		return anyOf(bulkjob.Or, when(v.AdminDistricts(), bulkjob.DistrictIDIn),
			[]predicate.BulkJob{bulkjob.SubmittedBy(v.SubmitterID())})
	})
}

// RefusedRowsSeen are, of the refused rows of a job that is seen, those that a
// viewer is shown. They are read by the server, which opens them.
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

// EducatorsSubmitJobs lets a viewer create jobs in the own name: administrators
// of every kind at organizations administered, teachers students and groups at
// their schools, both what was selected from several schools of their district. Afterwards the server
// alone changes a job.
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
		// A selection from several schools belongs to their district; it was read in
		// the purview, and so is every row of it again.
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

// LimitSessionsToTheirOwner shows everybody the own sessions.
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
