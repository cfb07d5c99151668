package job

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/bulkjobproblem"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
	"github.com/openhomeroom/homeroom/internal/hold"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/scale"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// reservation adds up, in a transaction, what a job deletes and changes and what was
// deleted and changed in the hours before, and records it. If that is too much, it
// records nothing and returns what a second administrator has to approve.
type reservation func(ctx context.Context, client *db.Client) (*scale.Excess, error)

// reservation returns that of the start of a job, or of its undo. The rows are looked
// at before the transaction, which others of the district may wait for.
func (s holding) reservation(ctx context.Context, job *db.BulkJob, undo bool) (reservation, error) {
	state := row.StatePlanned
	if undo {
		state = row.StateApplied
	}
	losses, err := s.scale.Losses(ctx, job, undo, state, nil)
	if err != nil || len(losses) == 0 {
		return unmeasured, err
	}
	return func(ctx context.Context, client *db.Client) (*scale.Excess, error) {
		if err := hold.Lock(ctx, client, job.DistrictID); err != nil {
			return nil, err
		}
		shares, err := s.scale.Measure(ctx, job, undo, losses)
		if err != nil {
			return nil, err
		}
		if e := scale.Worst(shares); e != nil {
			return e, nil
		}
		return nil, hold.Write(ctx, client, s.now(), hold.Job{ID: job.ID, Undo: undo}, losses)
	}, nil
}

// unmeasured is the reservation of what waits for nobody and counts for nothing.
func unmeasured(context.Context, *db.Client) (*scale.Excess, error) { return nil, nil }

// hold puts a job on hold and says why.
func (s holding) hold(ctx context.Context, client *db.Client, job *db.BulkJob, e *scale.Excess) error {
	err := bulk.MustHitOne(client.ExecContext(ctx,
		"UPDATE bulk_jobs SET status = ?, held_for = ?, held_by_rule = ?, warnings = warnings + 1 WHERE id = ? "+
			"AND status = ? AND fence = ?", string(bulkjob.StatusHELD), string(bulkjob.HeldForSTART), e.Percent(), job.ID,
		string(bulkjob.StatusREADY), job.Fence))
	if err != nil {
		return err
	}
	record(ctx, audit.JobHeld, job, e.Facts(job))
	return s.vault.WriteProblems(ctx, client, job.ID, []*row.Problem{e.Problem(job, "This")})
}

// holdAgain says of a held job what it does now.
func (s correction) holdAgain(ctx context.Context, client *db.Client, job *db.BulkJob, e *scale.Excess) error {
	if _, err := s.holding.forgetWhyHeld(ctx, client, job); err != nil {
		return err
	}
	if _, err := client.ExecContext(ctx, "UPDATE bulk_jobs SET held_by_rule = ? WHERE id = ?", e.Percent(),
		job.ID); err != nil {
		return err
	}
	why := row.Problemf(row.Held,
		"Another administrator of the organization, who has corrected none of its rows, "+
			"has to check and approve it. You can also cancel it.",
		"With the rows that were corrected after it was put on hold, this would %s. "+
			"A second administrator has to approve it.",
		e.Does(job))
	why.Warning = true
	return s.vault.WriteProblems(ctx, client, job.ID, []*row.Problem{why})
}

// forgetWhyHeld removes the reason why a job is on hold.
func (s holding) forgetWhyHeld(ctx context.Context, client *db.Client, job *db.BulkJob) (int, error) {
	return client.BulkJobProblem.Delete().
		Where(bulkjobproblem.JobID(job.ID), bulkjobproblem.Row(0), bulkjobproblem.Code(row.Held)).
		Exec(viewer.AsSystem(ctx, "why a job is on hold"))
}
