package job

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"entgo.io/ent/dialect/sql"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/bulkjobrow"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/state"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// How long what a canceled job had stored is being removed before the rest is left to Sweep.
// The person waits for it, because the counts of a job that was started follow; those of
// another one are right at once.
const (
	withdrawTime = time.Minute
	answerTime   = 5 * time.Second
)

// Cancel ends a job. A job that was not started has written nothing; its file, its
// plans and their passwords are removed. A job that is being written stops after the
// present batch. What was written stays, the counts say how much, and it can be
// undone.
//
// A job whose undo is on hold is not ended; it returns to its state before somebody
// asked for the undo.
//
// Everybody who sees a job may cancel it: the submitter, and the administrators of its
// organization. Cancel returns fault.Conflict for a finished job, and for a job that
// is all or nothing and is being written at the moment.
func (s *Service) Cancel(ctx context.Context, jobID int) (*db.BulkJob, error) {
	job, err := s.Job(ctx, jobID)
	if err != nil {
		return nil, err
	}
	var was *db.BulkJob
	err = s.db.InTx(ctx, func(ctx context.Context, client *db.Client) (err error) {
		if was, err = s.canceling.lockToCancel(ctx, client, job); err != nil {
			return err
		}
		record(ctx, audit.JobCanceled, was, audit.Facts{"status": string(was.Status)})
		return s.canceling.cancel(ctx, client, was)
	})
	if err != nil {
		return nil, err
	}
	if state.HoldsUndo(job) {
		return s.Job(ctx, jobID)
	}
	s.stopWork(jobID)
	// The rest is not worth keeping the person waiting for an error: what cannot be
	// removed now is removed by Sweep.
	within := withdrawTime
	if was.StartedAt == nil {
		within = answerTime
	}
	if err := s.canceling.withdraw(ctx, was, within); err != nil {
		s.log.WarnContext(ctx, "what a job that was canceled had stored is removed later", "job", jobID, "error", err)
	}
	return s.Job(ctx, jobID)
}

// lockToCancel waits until no batch of the job is being written, and returns the job
// as it is then. If everything is one transaction, it does not wait.
func (s canceling) lockToCancel(ctx context.Context, client *db.Client, job *db.BulkJob) (*db.BulkJob, error) {
	system := viewer.AsSystem(ctx, "cancel a job that the viewer sees")
	q := client.BulkJob.Query().Where(bulkjob.ID(job.ID))
	atOnce := job.Status == bulkjob.StatusPROCESSING && job.CommitMode == bulkjob.CommitModeALL_OR_NOTHING
	switch {
	case s.locks() && atOnce:
		q.ForUpdate(sql.WithLockAction(sql.SkipLocked))
	case s.locks():
		q.ForUpdate()
	}
	now, err := q.Only(system)
	switch {
	case db.IsNotFound(err) && atOnce:
		return nil, fault.Conflictf(
			"the upload is all or nothing, and the server is writing it as a whole at the moment; wait until it ends, and " +
				"undo it then").
			WithCode("NOT_CANCELABLE").At("id")
	case db.IsNotFound(err):
		return nil, ErrNoJob.At("id")
	case err != nil:
		return nil, err
	case !slices.Contains(state.Cancelable, now.Status):
		return nil, s.notNow(now, "NOT_CANCELABLE")
	}
	return now, nil
}

// cancel changes the state of a job whose row is locked. It raises the fence, so that
// a server at work on the job writes nothing more. What the job has stored is left to
// withdraw: so much may be stored that nobody else could write for half a minute.
func (s canceling) cancel(ctx context.Context, client *db.Client, job *db.BulkJob) error {
	if state.HoldsUndo(job) {
		return s.holding.dropUndo(ctx, client, job)
	}
	const end = "UPDATE bulk_jobs SET status = ?, finished_at = ?, lease_owner = '', lease_until = NULL, fence = fence + 1"
	args := []any{string(bulkjob.StatusCANCELED), s.instant()}
	if job.Status == bulkjob.StatusPROCESSING {
		// The progress stays at what people saw last.
		reached, err := s.meter.Reached(ctx, job)
		if err != nil {
			return err
		}
		return bulk.MustHitOne(client.ExecContext(ctx, end+", processed_rows = ? WHERE id = ? AND status = ?",
			append(args, reached, job.ID, string(job.Status))...))
	}
	return bulk.MustHitOne(client.ExecContext(ctx,
		end+", created = 0, updated = 0, deleted = 0, enrollments_added = 0, enrollments_removed = 0, "+
			"unchanged = total_rows - errors WHERE id = ? AND status = ?", append(args, job.ID, string(job.Status))...))
}

// withdraw removes the file of a canceled job and the plans that were not carried out, with
// the passwords in them, and takes these out of the counts. Of a job that was never started
// it removes the refused rows as well. It works a few rows at a time, and gives up after a
// while.
func (s canceling) withdraw(ctx context.Context, job *db.BulkJob, within time.Duration) error {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), within)
	defer stop()
	for left := true; left; {
		var err error
		if left, err = s.withdrawSome(ctx, job.ID); err != nil {
			return err
		}
	}
	if err := s.scale.LessLost(ctx, job.ID); err != nil {
		return err
	}
	if job.StartedAt == nil {
		if err := s.vault.Remove(ctx, job.ID, "bulk_job_refused_rows", -1, s.db.InTx); err != nil {
			return err
		}
	}
	return s.vault.ForgetFile(ctx, job.ID)
}

func (s canceling) withdrawSome(ctx context.Context, jobID int) (left bool, err error) {
	system := viewer.AsSystem(ctx, "remove the plans of a job that was canceled")
	err = s.db.InTx(ctx, func(ctx context.Context, client *db.Client) error {
		// Two who withdraw at the same moment must not count a row twice.
		q := client.BulkJob.Query().Where(bulkjob.ID(jobID))
		if s.locks() {
			q.ForUpdate()
		}
		job, err := q.Only(system)
		if err != nil {
			return err
		}
		rows, err := client.BulkJobRow.Query().Where(bulkjobrow.JobID(jobID), bulkjobrow.State(row.StatePlanned)).
			Order(db.Asc(bulkjobrow.FieldRow)).Limit(bulk.StatementRows).All(system)
		left = len(rows) > 0
		if err != nil || !left {
			return err
		}
		var t row.Tally
		ids := make([]any, len(rows))
		for i, stored := range rows {
			ids[i] = stored.ID
			p, err := row.ReadPlan(stored.Plan)
			if err != nil {
				return fmt.Errorf("plan of row %d: %w", stored.Row, err)
			}
			t.Plan(p)
		}
		if _, err := client.ExecContext(ctx, "DELETE FROM bulk_job_rows WHERE id IN ("+bulk.Placeholders(len(ids))+")",
			ids...); err != nil {
			return err
		}
		if job.StartedAt == nil {
			// Its counts are those of a job that wrote nothing already.
			return nil
		}
		_, err = client.ExecContext(ctx,
			"UPDATE bulk_jobs SET created = created - ?, updated = updated - ?, deleted = deleted - ?, unchanged = unchanged + "+
				"?, enrollments_added = enrollments_added - ?, enrollments_removed = enrollments_removed - ? WHERE id = ?",
			t.Created, t.Updated, t.Deleted, len(rows), t.Added, t.Removed, jobID)
		return err
	})
	return left, err
}

// withdrawAll continues if a server stopped while it was withdrawing plans.
func (s canceling) withdrawAll(ctx context.Context) error {
	left, err := s.db.Client(ctx).BulkJob.Query().
		Where(bulkjob.StatusEQ(bulkjob.StatusCANCELED), bulkjob.FinishedAtGT(s.now().Add(-24*time.Hour)),
			bulkjob.Or(bulkjob.HasRowsWith(bulkjobrow.State(row.StatePlanned)),
				bulkjob.And(state.NeverStarted(), bulkjob.HasRefusedRows()))).
		All(viewer.AsSystem(ctx, "remove the plans of jobs that were canceled"))
	for _, job := range left {
		if err := s.withdraw(ctx, job, withdrawTime); err != nil {
			return err
		}
	}
	return err
}

// working notes how the work on a job is ended from within this server, and
// returns how to forget it. Servers elsewhere find the raised fence.
func (s *Service) working(jobID int, end context.CancelCauseFunc) (forget func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ends[jobID] = end
	return func() {
		s.meter.Leave(jobID)
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.ends, jobID)
	}
}

func (s *Service) stopWork(jobID int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if end := s.ends[jobID]; end != nil {
		end(bulk.ErrLost)
	}
}

// lost reports whether work ended because the job is not this server's any more.
func lost(ctx context.Context, err error) bool {
	return errors.Is(err, bulk.ErrLost) || errors.Is(context.Cause(ctx), bulk.ErrLost)
}
