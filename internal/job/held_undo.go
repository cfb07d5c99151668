package job

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/scale"
	"github.com/openhomeroom/homeroom/internal/job/state"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// holdUndo puts the undo of a job on hold, which the viewer has asked for, and says
// why.
func (s holding) holdUndo(ctx context.Context, client *db.Client, job *db.BulkJob, e *scale.Excess) error {
	was, err := s.forgetWhyHeld(ctx, client, job)
	if err != nil {
		return err
	}
	err = bulk.MustHitOne(client.ExecContext(ctx,
		"UPDATE bulk_jobs SET status = ?, held_for = ?, held_at = ?, undo_from = ?, undone_by = ?, held_by_rule = ?, "+
			"warnings = warnings + ? WHERE id = ? AND status = ?",
		string(bulkjob.StatusHELD), string(bulkjob.HeldForUNDO), s.instant(), string(job.Status),
		viewer.FromContext(ctx).EducatorID, e.Percent(), 1-was, job.ID, string(job.Status)))
	if err != nil {
		return err
	}
	facts := e.Facts(job)
	facts["undo"] = true
	record(ctx, audit.JobHeld, job, facts)
	return s.vault.WriteProblems(ctx, client, job.ID, []*row.Problem{e.Problem(job, "Undoing this")})
}

// approveUndo lets an undo on hold continue, for the person who has asked for it.
func (s holding) approveUndo(ctx context.Context, client *db.Client, job *db.BulkJob) error {
	return bulk.MustHitOne(client.ExecContext(ctx,
		"UPDATE bulk_jobs SET status = ?, held_for = NULL, undo_approved_by = ?, finished_at = NULL, lease_owner = '', "+
			"lease_until = NULL WHERE id = ? AND status = ? AND held_for = ? AND fence = ?",
		string(bulkjob.StatusUNDOING), viewer.FromContext(ctx).EducatorID, job.ID, string(bulkjob.StatusHELD),
		string(bulkjob.HeldForUNDO), job.Fence))
}

// dropUndo returns a job whose row is locked to its state before somebody asked for
// its undo.
func (s holding) dropUndo(ctx context.Context, client *db.Client, job *db.BulkJob) error {
	was, err := s.forgetWhyHeld(ctx, client, job)
	if err != nil {
		return err
	}
	return bulk.MustHitOne(client.ExecContext(ctx,
		"UPDATE bulk_jobs SET status = ?, held_for = NULL, held_at = NULL, undo_from = '', undone_by = NULL, held_by_rule = "+
			"0, warnings = warnings - ?, fence = fence + 1 WHERE id = ? AND status = ?",
		job.UndoFrom, was, job.ID, string(bulkjob.StatusHELD)))
}

// expireUndo drops an undo that nobody has approved within waitFor.
func (s sweeping) expireUndo(ctx context.Context, job *db.BulkJob) error {
	if job.HeldAt != nil && job.HeldAt.After(s.now().Add(-waitFor)) {
		return nil
	}
	err := s.db.InTx(ctx, func(ctx context.Context, client *db.Client) error {
		now, err := s.canceling.lockToCancel(ctx, client, job)
		if err != nil || !state.HoldsUndo(now) {
			return err
		}
		record(ctx, audit.JobCanceled, now, audit.Facts{"status": string(now.Status), "undo": true})
		return s.holding.dropUndo(ctx, client, now)
	})
	if fault.From(err) != nil {
		return nil //nolint:nilerr // somebody has just approved or canceled it
	}
	return err
}
