package importer

import (
	"context"

	"homeroom/ent/db"
	"homeroom/ent/db/bulkjob"
	"homeroom/ent/db/bulkjobproblem"
	"homeroom/internal/audit"
	"homeroom/internal/hold"
	"homeroom/internal/viewer"
)

// reservation counts in a transaction what a job deletes and changes with what has
// been deleted and changed in the hours before, and writes it down. Where that is too
// much it writes nothing and returns what a second administrator has to approve.
type reservation func(ctx context.Context, client *db.Client) (*excess, error)

// reservation returns that of the start of a job, or of its undo. The rows are looked
// at before the transaction, which others of the district may wait for.
func (s *Service) reservation(ctx context.Context, job *db.BulkJob, undo bool) (reservation, error) {
	state := statePlanned
	if undo {
		state = stateApplied
	}
	losses, err := s.losses(ctx, job, undo, state, nil)
	if err != nil || len(losses) == 0 {
		return unmeasured, err
	}
	return func(ctx context.Context, client *db.Client) (*excess, error) {
		if err := hold.Lock(ctx, client, job.DistrictID); err != nil {
			return nil, err
		}
		shares, err := s.measure(ctx, job, undo, losses)
		if err != nil {
			return nil, err
		}
		if e := worst(shares); e != nil {
			return e, nil
		}
		return nil, hold.Write(ctx, client, s.now(), hold.Job{ID: job.ID, Undo: undo}, losses)
	}, nil
}

// unmeasured is the reservation of what waits for nobody and counts for nothing.
func unmeasured(context.Context, *db.Client) (*excess, error) { return nil, nil }

// hold puts a job on hold and says why.
func (s *Service) hold(ctx context.Context, client *db.Client, job *db.BulkJob, e *excess) error {
	err := mustHitOne(client.ExecContext(ctx, "UPDATE bulk_jobs SET status = ?, held_for = ?, held_by_rule = ?, warnings = warnings + 1 WHERE id = ? AND status = ? AND fence = ?",
		string(bulkjob.StatusHELD), string(bulkjob.HeldForSTART), e.percent(), job.ID, string(bulkjob.StatusREADY), job.Fence))
	if err != nil {
		return err
	}
	record(ctx, audit.JobHeld, job, e.facts(job))
	return s.writeProblems(ctx, client, job.ID, []*problem{e.problem(job, "This")})
}

// problem says why a job is on hold. what is what would do it.
func (e *excess) problem(job *db.BulkJob, what string) *problem {
	switch {
	case e.month:
		what = "With what was deleted in the 30 days before, " + lowerFirst(what)
	case e.before:
		what = "With what was done in the 24 hours before, " + lowerFirst(what)
	}
	why := problemf(Held, "Another administrator of the organization has to approve it; or cancel it.",
		"%s would %s. More than %d %% need the approval of a second administrator.", what, e.does(job), e.limit)
	why.Warning = true
	return why
}

// holdAgain says of a held job what it does now.
func (s *Service) holdAgain(ctx context.Context, client *db.Client, job *db.BulkJob, e *excess) error {
	if _, err := s.forgetWhyHeld(ctx, client, job); err != nil {
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

// forgetWhyHeld removes what was said about why a job is on hold.
func (s *Service) forgetWhyHeld(ctx context.Context, client *db.Client, job *db.BulkJob) (int, error) {
	return client.BulkJobProblem.Delete().Where(bulkjobproblem.JobID(job.ID), bulkjobproblem.Row(0), bulkjobproblem.Code(Held)).
		Exec(viewer.AsSystem(ctx, "why a job is on hold"))
}
