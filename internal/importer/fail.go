package importer

import (
	"context"

	"homeroom/ent/db"
	"homeroom/ent/db/bulkjob"
	"homeroom/internal/hold"
)

// fail ends a job of which nothing has been written, because of the file as a
// whole: every row of it counts as refused.
func (s *Service) fail(ctx context.Context, h *held, why *problem) error {
	if h.job.Status == bulkjob.StatusPROCESSING {
		return s.failRows(ctx, h, []*problem{why})
	}
	if err := s.checking.clearPreview(ctx, h); err != nil {
		return err
	}
	return s.queue.inFence(ctx, h, func(ctx context.Context, client *db.Client) error {
		if err := s.vault.writeProblems(ctx, client, h.job.ID, []*problem{why}); err != nil {
			return err
		}
		_, err := client.ExecContext(ctx,
			"UPDATE bulk_jobs SET status = ?, finished_at = ?, errors = total_rows, lease_owner = '', lease_until = NULL WHERE id = ?",
			string(bulkjob.StatusFAILED), s.instant(), h.job.ID)
		if err != nil {
			return err
		}
		if err := forgetFile(ctx, client, h.job.ID); err != nil {
			return err
		}
		return s.recordEnd(ctx, client, h.job.ID)
	})
}

// failRows ends a job because of some of its rows, given with what is wrong with
// them as far as that is not written down yet. The other rows stay unchanged,
// and are counted so. The plans go, with the passwords in them; should the
// server stop before they are gone, sweep removes them.
func (s *Service) failRows(ctx context.Context, h *held, why []*problem) error {
	refused := map[int]bool{}
	outside := map[int]bool{}
	for _, p := range why {
		if p.Row > 0 && !p.Warning {
			refused[p.Row], outside[p.Row] = true, p.outside
		}
	}
	// The progress stays where it was seen last, though what was written is not there.
	reached, err := s.meter.reached(ctx, h.job)
	if err != nil {
		return err
	}
	kept, err := s.refusedIn(ctx, h.job, refused)
	if err != nil {
		return err
	}
	for _, r := range kept {
		r.outside = outside[r.row]
	}
	err = s.queue.inFence(ctx, h, func(ctx context.Context, client *db.Client) error {
		if err := s.vault.writeProblems(ctx, client, h.job.ID, why); err != nil {
			return err
		}
		if err := s.vault.refuseKept(ctx, client, h.job.ID, kept); err != nil {
			return err
		}
		// MySQL assigns from left to right, so the sum comes before the zeros.
		_, err := client.ExecContext(ctx,
			"UPDATE bulk_jobs SET status = ?, finished_at = ?, unchanged = unchanged + created + updated + deleted - ?, errors = errors + ?, "+
				"created = 0, updated = 0, deleted = 0, enrollments_added = 0, enrollments_removed = 0, "+
				"processed_rows = CASE WHEN processed_rows < ? THEN ? ELSE processed_rows END, lease_owner = '', lease_until = NULL WHERE id = ?",
			string(bulkjob.StatusFAILED), s.instant(), len(refused), len(refused), reached, reached, h.job.ID)
		if err != nil {
			return err
		}
		if err := forgetFile(ctx, client, h.job.ID); err != nil {
			return err
		}
		if err := hold.Forget(ctx, client, hold.Job{ID: h.job.ID}); err != nil {
			return err
		}
		return s.recordEnd(ctx, client, h.job.ID)
	})
	if err != nil {
		return err
	}
	return s.removeRows(ctx, h.job.ID, s.db.InTx)
}
