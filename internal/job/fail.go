package job

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/hold"
	"github.com/openhomeroom/homeroom/internal/job/queue"
	"github.com/openhomeroom/homeroom/internal/job/row"
)

// fail ends a job of which nothing has been written, because of the file as a whole: every
// row counts as refused.
func (s *Service) fail(ctx context.Context, h *queue.Lease, why *row.Problem) error {
	if h.Job.Status == bulkjob.StatusPROCESSING {
		return s.failRows(ctx, h, []*row.Problem{why})
	}
	return s.failKeeping(ctx, h, why, -1)
}

// failKeeping is fail for a job that is being checked. It keeps the problems of the rows up
// to one of them; see clearPreview.
func (s *Service) failKeeping(ctx context.Context, h *queue.Lease, why *row.Problem, keep int) error {
	if err := s.checking.clearPreview(ctx, h, keep); err != nil {
		return err
	}
	err := s.queue.InFence(ctx, h, func(ctx context.Context, client *db.Client) error {
		if err := s.vault.WriteProblems(ctx, client, h.Job.ID, []*row.Problem{why}); err != nil {
			return err
		}
		_, err := client.ExecContext(ctx,
			"UPDATE bulk_jobs SET status = ?, finished_at = ?, errors = total_rows, lease_owner = '', "+
				"lease_until = NULL WHERE id = ?",
			string(bulkjob.StatusFAILED), s.instant(), h.Job.ID)
		if err != nil {
			return err
		}
		if err := s.vault.ForgetSome(ctx, client, h.Job.ID); err != nil {
			return err
		}
		return s.recordEnd(ctx, client, h.Job.ID)
	})
	if err != nil {
		return err
	}
	return s.vault.ForgetFile(ctx, h.Job.ID)
}

// failRows ends a job because of some of its rows. why holds their problems, if these are
// not stored yet. The other rows stay unchanged, and are counted as such. The plans are
// removed, with the passwords in them, and the file; if the server stops before that, sweep
// removes them.
func (s *Service) failRows(ctx context.Context, h *queue.Lease, why []*row.Problem) error {
	refused := map[int]bool{}
	outside := map[int]bool{}
	for _, p := range why {
		if p.Row > 0 && !p.Warning {
			refused[p.Row], outside[p.Row] = true, p.Outside
		}
	}
	// The progress stays at what people saw last, although the rows were not written.
	reached, err := s.meter.Reached(ctx, h.Job)
	if err != nil {
		return err
	}
	kept, err := s.files.Some(ctx, h.Job, refused)
	if err != nil {
		return err
	}
	for _, r := range kept {
		r.Outside = outside[r.Number]
	}
	err = s.queue.InFence(ctx, h, func(ctx context.Context, client *db.Client) error {
		if err := s.vault.WriteProblems(ctx, client, h.Job.ID, why); err != nil {
			return err
		}
		if err := s.vault.RefuseKept(ctx, client, h.Job.ID, kept); err != nil {
			return err
		}
		// MySQL assigns from left to right, so the sum comes before the zeros.
		_, err := client.ExecContext(ctx,
			"UPDATE bulk_jobs SET status = ?, finished_at = ?, unchanged = unchanged + created + updated + deleted - ?, errors "+
				"= errors + ?, created = 0, updated = 0, deleted = 0, enrollments_added = 0, enrollments_removed = 0, "+
				"processed_rows = CASE WHEN processed_rows < ? THEN ? ELSE processed_rows END, lease_owner = '', "+
				"lease_until = NULL WHERE id = ?",
			string(bulkjob.StatusFAILED), s.instant(), len(refused), len(refused), reached, reached, h.Job.ID)
		if err != nil {
			return err
		}
		if err := hold.Forget(ctx, client, hold.Job{ID: h.Job.ID}); err != nil {
			return err
		}
		if err := s.vault.ForgetSome(ctx, client, h.Job.ID); err != nil {
			return err
		}
		return s.recordEnd(ctx, client, h.Job.ID)
	})
	if err != nil {
		return err
	}
	if err := s.vault.ForgetFile(ctx, h.Job.ID); err != nil {
		return err
	}
	return s.removeRows(ctx, h.Job.ID, s.db.InTx)
}
