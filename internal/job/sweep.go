package job

import (
	"context"
	"slices"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/bulkjobrow"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
	"github.com/openhomeroom/homeroom/internal/hold"
	"github.com/openhomeroom/homeroom/internal/job/vault"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

func (s sweeping) sweepForever(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		if err := s.Sweep(ctx); err != nil && ctx.Err() == nil {
			s.log.ErrorContext(ctx, "remove what uploads left behind", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Sweep removes what was left behind: uploads that were cut off; the plans of failed
// or canceled jobs, with the passwords in them; and what an undo would have needed,
// once it is too late for one; see forget. Run calls it every minute.
func (s *Service) Sweep(ctx context.Context) error {
	s.meter.ForgetLives(sweepEvery / 2)
	ctx = viewer.AsSystem(ctx, "remove what uploads left behind")
	client := s.db.Client(ctx)
	cutOff, err := client.BulkJob.Query().
		Where(bulkjob.LeaseOwner(vault.Uploading), bulkjob.LeaseUntilLT(s.instant())).IDs(ctx)
	if err != nil {
		return err
	}
	for _, id := range cutOff {
		s.log.WarnContext(ctx, "an upload was cut off; its pieces are removed", "job", id)
		s.submitting.removeUpload(ctx, id)
	}
	failed, err := client.BulkJob.Query().Where(bulkjob.StatusEQ(bulkjob.StatusFAILED), bulkjob.HasRows()).IDs(ctx)
	if err != nil {
		return err
	}
	for _, id := range failed {
		if err := s.removeRows(ctx, id, s.db.InTx); err != nil {
			return err
		}
	}
	if err := s.canceling.withdrawAll(ctx); err != nil {
		return err
	}
	if err := s.vault.ForgetFiles(ctx); err != nil {
		return err
	}
	if err := s.probes.Forget(ctx); err != nil {
		return err
	}
	if err := s.sweeping.forget(ctx); err != nil {
		return err
	}
	if err := hold.Purge(ctx, s.db, s.now()); err != nil {
		return err
	}
	return s.sweeping.warnOfOtherKeys(ctx)
}

// inTx is InTx of the database, or inFence of a job that is held.
type inTx = func(ctx context.Context, fn func(ctx context.Context, client *db.Client) error) error

// removeRows deletes the plans of a job a few at a time.
func (s *Service) removeRows(ctx context.Context, jobID int, tx inTx) error {
	system := viewer.AsSystem(ctx, "remove the plans of a job")
	for {
		ids, err := s.db.Client(ctx).BulkJobRow.Query().Where(bulkjobrow.JobID(jobID)).
			Order(db.Asc(bulkjobrow.FieldRow)).Limit(2 * bulk.StatementRows).IDs(system)
		if err != nil || len(ids) == 0 {
			return err
		}
		err = tx(ctx, func(ctx context.Context, client *db.Client) error {
			_, err := client.ExecContext(ctx, "DELETE FROM bulk_job_rows WHERE id IN ("+bulk.Placeholders(len(ids))+")",
				bulk.Args(ids)...)
			return err
		})
		if err != nil {
			return err
		}
	}
}

// unclaimedFor is how long a job waits for a server with its key before the log
// says so.
const unclaimedFor = time.Hour

// warnOfOtherKeys tells the operator, once for each job, about jobs that wait for a server
// with another secret key. Only starting such a server helps them.
func (s sweeping) warnOfOtherKeys(ctx context.Context) error {
	jobs, err := s.queue.Runnable(viewer.AsSystem(ctx, "look for jobs with another key"))
	if err != nil {
		return err
	}
	before := s.now().Add(-unclaimedFor)
	for _, job := range jobs {
		since := job.CreatedAt
		for _, at := range []*time.Time{job.StartedAt, job.LeaseUntil} {
			if at != nil && at.After(since) {
				since = *at
			}
		}
		if s.vault.Opens(job) || since.After(before) || !s.firstWarning(job.ID) {
			continue
		}
		s.log.WarnContext(ctx,
			"a job waits for a server with another secret key; add the key with which the file was uploaded as an old "+
				"key of this server (--old-secret-keys), or cancel the "+
				"job", "job", job.ID, "status", job.Status, "since", since, "key",
			job.KeyPrint, "own", s.vault.Print)
	}
	return nil
}

func (s sweeping) firstWarning(jobID int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.Contains(s.warned, jobID) {
		return false
	}
	s.warned = append(s.warned, jobID)
	return true
}
