package roster

import (
	"context"

	"entgo.io/ent/dialect/sql"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/predicate"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/fault"
)

// What is wrong with a job whose file somebody asks for.
var (
	errNoJob    = fault.NotFoundf("there is no such upload among those you may see")
	errNobodyIn = fault.Conflictf("it is not known who is in the file of this upload: it is no import of students, " +
		"it has not been checked, or it is too old").WithCode("NOT_CHECKED")
)

// notInJob finds the students who are not in the file of an import that the viewer sees.
func (s *Service) notInJob(ctx context.Context, id int) (predicate.Student, error) {
	job, err := s.db.Client(ctx).BulkJob.Get(ctx, id)
	switch {
	case db.IsNotFound(err):
		return nil, errNoJob.At("filter.notInJob")
	case err != nil:
		return nil, err
	case !KnowsWhoIsIn(job):
		return nil, errNobodyIn.At("filter.notInJob")
	}
	return NotIn(job), nil
}

// KnowsWhoIsIn reports whether it is known who is in the file of a job.
func KnowsWhoIsIn(job *db.BulkJob) bool {
	return job.SeenTo > 0 && job.Status != bulkjob.StatusVERIFYING
}

// NotIn matches the students of a job's organization who were there when its file was
// checked and who are not in the file.
func NotIn(job *db.BulkJob) predicate.Student {
	there := student.DistrictID(job.DistrictID)
	if job.OrganizationID != job.DistrictID {
		there = student.And(there, student.OrganizationID(job.OrganizationID))
	}
	return student.And(there, student.IDLTE(job.SeenTo), func(sel *sql.Selector) {
		id := sel.C(student.FieldID)
		// MySQL divides to fractions.
		sel.Where(sql.ExprP("NOT EXISTS (SELECT 1 FROM bulk_job_seens seen WHERE seen.job_id = ? AND seen.thousand = ("+id+
			" - "+id+" % 1000) / 1000 AND SUBSTR(seen.marks, "+id+" % 1000 + 1, 1) = '1')", job.ID))
	})
}
