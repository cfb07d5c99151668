package importer

import (
	"context"

	"homeroom/ent/db"
	"homeroom/ent/db/bulkjob"
	"homeroom/ent/db/bulkjobproblem"
	"homeroom/internal/audit"
	"homeroom/internal/viewer"
)

// tooMuch returns why a job has to wait for a second administrator, or nil. Jobs
// about schools, educators and groups change no student, and are never held. Each
// job is measured by itself: the hold is against a slip, and not against an
// administrator who goes on piece by piece, whose jobs the audit trail names and
// an undo takes back.
func (s *Service) tooMuch(ctx context.Context, job *db.BulkJob) (*excess, error) {
	switch job.Kind {
	case bulkjob.KindIMPORT_STUDENTS, bulkjob.KindIMPORT_ENROLLMENTS, bulkjob.KindEDIT_STUDENTS, bulkjob.KindDELETE_STUDENTS:
	default:
		return nil, nil
	}
	if job.Updated+job.Deleted == 0 {
		return nil, nil
	}
	shares, err := s.measure(ctx, job, nil)
	if err != nil {
		return nil, err
	}
	if job.Kind == bulkjob.KindDELETE_STUDENTS || worst(shares) == nil {
		return worst(shares), nil
	}
	err = s.countLosses(ctx, job, shares, nil)
	return worst(shares), err
}

// excessWith is what a held job does with a row that has been corrected. It stays on
// hold even where that is not too much any more: it has been asked of a second
// administrator, who is not passed by.
func (s *Service) excessWith(ctx context.Context, job *db.BulkJob, r *fileRow) (*excess, error) {
	shares, err := s.measure(ctx, job, r)
	if err != nil {
		return nil, err
	}
	if err := s.countLosses(ctx, job, shares, r); err != nil {
		return nil, err
	}
	if e := worst(shares); e != nil {
		return e, nil
	}
	whole := shares[0]
	return &excess{"change", whole.changed, whole.students, whole.limits.HoldChangedPercent, whole.org}, nil
}

// hold puts a job on hold and says why.
func (s *Service) hold(ctx context.Context, client *db.Client, job *db.BulkJob, e *excess) error {
	err := mustHitOne(client.ExecContext(ctx, "UPDATE bulk_jobs SET status = ?, held_by_rule = ?, warnings = warnings + 1 WHERE id = ? AND status = ? AND fence = ?",
		string(bulkjob.StatusHELD), e.percent(), job.ID, string(bulkjob.StatusREADY), job.Fence))
	if err != nil {
		return err
	}
	record(ctx, audit.JobHeld, job, e.facts(job))
	why := problemf(Held, "Another administrator of the organization has to approve it; or cancel it.",
		"This would %s. More than %d %% need the approval of a second administrator.", e.does(job), e.limit)
	why.Warning = true
	return s.writeProblems(ctx, client, job.ID, []*problem{why})
}

// holdAgain says of a held job what it does now.
func (s *Service) holdAgain(ctx context.Context, client *db.Client, job *db.BulkJob, e *excess) error {
	_, err := client.BulkJobProblem.Delete().Where(bulkjobproblem.JobID(job.ID), bulkjobproblem.Row(0), bulkjobproblem.Code(Held)).
		Exec(viewer.AsSystem(ctx, "why a job is on hold"))
	if err != nil {
		return err
	}
	if _, err := client.ExecContext(ctx, "UPDATE bulk_jobs SET held_by_rule = ? WHERE id = ?", e.percent(), job.ID); err != nil {
		return err
	}
	why := problemf(Held, "Another administrator of the organization, who has corrected none of its rows, has to look at it and approve it; or cancel it.",
		"With the rows that have been corrected since it was put on hold, this would %s. It needs the approval of a second administrator.",
		e.does(job))
	why.Warning = true
	return s.writeProblems(ctx, client, job.ID, []*problem{why})
}
