package rule

import (
	"context"

	"homeroom/ent/db"
	"homeroom/ent/db/bulkjob"
	"homeroom/ent/db/bulkjobproblem"
	"homeroom/ent/db/bulkjobrow"
	"homeroom/ent/db/predicate"
	"homeroom/ent/db/privacy"
	"homeroom/ent/db/session"
	"homeroom/ent/db/usageday"
	"homeroom/internal/viewer"
)

// JobsSeen are the jobs of the organizations administered, and one's own where one
// still has a role: they name students.
func JobsSeen(v *viewer.Viewer) predicate.BulkJob {
	own := when(v.TeacherSchools(), bulkjob.OrganizationIDIn)
	if v.IsAdmin() || v.IsTeacher() {
		// What was selected from several schools belongs to their district.
		own = append(own, bulkjob.And(bulkjob.OrganizationID(v.DistrictID), bulkjob.KindIn(bulkjob.KindEDIT_STUDENTS, bulkjob.KindDELETE_STUDENTS)))
	}
	return anyOf(bulkjob.Or,
		when(v.AdminDistricts(), bulkjob.DistrictIDIn),
		when(v.AdminSchools(), bulkjob.OrganizationIDIn),
		[]predicate.BulkJob{bulkjob.And(bulkjob.SubmittedBy(v.EducatorID), anyOf(bulkjob.Or, own))})
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
		q.Where(bulkjobrow.HasJobWith(JobsSeen(ask(ctx))))
		return privacy.Allow
	})
}

// LimitJobProblemsToPurview is the rule for reading the problems of a job.
func LimitJobProblemsToPurview() privacy.QueryRule {
	return privacy.BulkJobProblemQueryRuleFunc(func(ctx context.Context, q *db.BulkJobProblemQuery) error {
		q.Where(bulkjobproblem.HasJobWith(JobsSeen(ask(ctx))))
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
		teachers := kind == bulkjob.KindIMPORT_STUDENTS || kind == bulkjob.KindIMPORT_GROUPS || kind == bulkjob.KindEDIT_STUDENTS
		// A selection from several schools belongs to their district; it was read in
		// the purview, and so is every row of it again.
		selected := organizationID == districtID && districtID == v.DistrictID &&
			(kind == bulkjob.KindEDIT_STUDENTS && v.IsTeacher() || v.IsAdmin() && (kind == bulkjob.KindEDIT_STUDENTS || kind == bulkjob.KindDELETE_STUDENTS))
		if submitter == v.EducatorID && (v.Administers(organizationID, districtID) || teachers && v.TeachesAt(organizationID) || selected) {
			return privacy.Allow
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
