package importer

import (
	"context"
	"time"

	"homeroom/ent/db"
	"homeroom/ent/db/bulkjob"
	"homeroom/ent/db/bulkjobrefusedrow"
	"homeroom/ent/db/bulkjobrow"
	"homeroom/internal/hold"
	"homeroom/internal/viewer"
)

func (s sweeping) sweepForever(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		if err := s.Sweep(ctx); err != nil && ctx.Err() == nil {
			s.log.ErrorContext(ctx, "remove what uploads have left behind", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Sweep removes what was left behind: uploads that were cut off, and the plans
// of jobs that failed or were canceled, with the passwords in them, and what an
// undo would have needed, where it is too late for one; see forget. Run does it
// every minute.
func (s *Service) Sweep(ctx context.Context) error {
	s.meter.forgetLives(sweepEvery / 2)
	ctx = viewer.AsSystem(ctx, "remove what uploads have left behind")
	client := s.db.Client(ctx)
	cutOff, err := client.BulkJob.Query().Where(bulkjob.LeaseOwner(uploading), bulkjob.LeaseUntilLT(s.instant())).IDs(ctx)
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
	if err := s.sweeping.forgetFiles(ctx); err != nil {
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

// forgetFiles removes the files of jobs that have ended, should any be left.
func (s sweeping) forgetFiles(ctx context.Context) error {
	ended, err := s.db.Client(ctx).BulkJob.Query().
		Where(bulkjob.StatusIn(finished...), bulkjob.Or(bulkjob.HasChunks(), bulkjob.HasRefusedRowsWith(bulkjobrefusedrow.PasswordNotNil()))).IDs(ctx)
	for _, id := range ended {
		if err := s.db.InTx(ctx, func(ctx context.Context, client *db.Client) error { return forgetFile(ctx, client, id) }); err != nil {
			return err
		}
	}
	return err
}

// inTx is InTx of the database, or inFence of a job that is held.
type inTx = func(ctx context.Context, fn func(ctx context.Context, client *db.Client) error) error

// removeRows deletes the plans of a job a few at a time.
func (s *Service) removeRows(ctx context.Context, jobID int, tx inTx) error {
	system := viewer.AsSystem(ctx, "remove the plans of a job")
	for {
		ids, err := s.db.Client(ctx).BulkJobRow.Query().Where(bulkjobrow.JobID(jobID)).
			Order(db.Asc(bulkjobrow.FieldRow)).Limit(2 * statementRows).IDs(system)
		if err != nil || len(ids) == 0 {
			return err
		}
		err = tx(ctx, func(ctx context.Context, client *db.Client) error {
			_, err := client.ExecContext(ctx, "DELETE FROM bulk_job_rows WHERE id IN ("+places(len(ids))+")", anys(ids)...)
			return err
		})
		if err != nil {
			return err
		}
	}
}
