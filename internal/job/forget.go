package job

import (
	"context"
	"errors"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/state"
	"github.com/openhomeroom/homeroom/internal/setting"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// waitFor is how long a job waits to be started or approved, from its submission.
const waitFor = 14 * 24 * time.Hour

// forget removes what jobs keep about people when its time is over, as the
// organization of the job has set it: what the rows replaced, and the refused rows,
// when the job can no longer be undone, and later the rows and the problems. A job
// that nobody has started within waitFor is canceled, which removes its file and
// its plans with the passwords in them.
func (s sweeping) forget(ctx context.Context) error {
	now := s.instant()
	// No organization can set less; most jobs are younger, and are not read.
	soonest := now.Add(-setting.MinDays * 24 * time.Hour)
	old, err := s.db.Client(ctx).BulkJob.Query().
		Where(bulkjob.Or(
			bulkjob.And(bulkjob.StatusIn(state.Ended...), bulkjob.FinishedAtLT(soonest),
				bulkjob.ForgottenLT(state.ForgottenRows)),
			bulkjob.And(bulkjob.StatusIn(bulkjob.StatusREADY, bulkjob.StatusHELD), bulkjob.CreatedAtLT(now.Add(-waitFor))))).
		Order(db.Asc(bulkjob.FieldID)).All(viewer.AsSystem(ctx, "jobs whose rows may have been kept long enough"))
	if err != nil || len(old) == 0 {
		return err
	}
	var organizations []int
	for _, job := range old {
		organizations = append(organizations, job.OrganizationID)
	}
	settings, err := setting.ByID(ctx, s.db.Client(ctx), now, organizations...)
	if err != nil {
		return err
	}
	for _, job := range old {
		set := settings[job.OrganizationID]
		switch {
		case state.HoldsUndo(job):
			err = s.expireUndo(ctx, job)
		case job.FinishedAt == nil:
			err = s.expire(ctx, job)
		case job.FinishedAt.Before(now.AddDate(0, 0, -set.JobDays)):
			err = s.vault.Forget(ctx, job, state.ForgottenRows)
		case job.Forgotten == state.ForgottenNothing && job.FinishedAt.Before(now.Add(-set.Retention())):
			err = s.vault.Forget(ctx, job, state.ForgottenImages)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// expire cancels a job that has waited for a person for too long.
func (s sweeping) expire(ctx context.Context, job *db.BulkJob) error {
	err := s.db.InTx(ctx, func(ctx context.Context, client *db.Client) error {
		was, err := s.canceling.lockToCancel(ctx, client, job)
		if err != nil || was.Status != job.Status {
			return err
		}
		why := row.Problemf(row.Expired, "Upload the file again, or select the students again.",
			"Nobody started this within %d days, so it was canceled. Nothing was written.", int(waitFor/(24*time.Hour)))
		why.Warning = true
		if err := s.vault.WriteProblems(ctx, client, job.ID, []*row.Problem{why}); err != nil {
			return err
		}
		if _, err := client.ExecContext(ctx, "UPDATE bulk_jobs SET warnings = warnings + 1 WHERE id = ?",
			job.ID); err != nil {
			return err
		}
		return s.canceling.cancel(ctx, client, was)
	})
	switch {
	case fault.From(err) != nil, errors.Is(err, bulk.ErrLost):
		return nil //nolint:nilerr // somebody has just started or canceled it
	case err != nil:
		return err
	}
	s.log.InfoContext(ctx, "a bulk job that nobody started is canceled", "job", job.ID, "kind", job.Kind,
		"created", job.CreatedAt)
	return s.canceling.withdraw(ctx, job, withdrawTime)
}
