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
			err = s.forgetJob(ctx, job, state.ForgottenRows)
		case job.Forgotten == state.ForgottenNothing && job.FinishedAt.Before(now.Add(-set.Retention())):
			err = s.forgetJob(ctx, job, state.ForgottenImages)
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
			"Nobody has started this within %d days, so it was canceled. Nothing was written.", int(waitFor/(24*time.Hour)))
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
	s.log.InfoContext(ctx, "a bulk job that nobody has started is canceled", "job", job.ID, "kind", job.Kind,
		"created", job.CreatedAt)
	return s.canceling.withdraw(ctx, job.ID)
}

// forgetJob removes a part of a job, a few rows at a time, and notes it when it
// is done, so that the next sweep does not look again.
func (s sweeping) forgetJob(ctx context.Context, job *db.BulkJob, what int8) error {
	statements := []string{"UPDATE bulk_job_rows SET `before` = NULL WHERE id IN ",
		"DELETE FROM bulk_job_refused_rows WHERE id IN "}
	find := []string{"SELECT id FROM bulk_job_rows WHERE job_id = ? AND `before` IS NOT NULL LIMIT ?",
		"SELECT id FROM bulk_job_refused_rows WHERE job_id = ? LIMIT ?"}
	if what == state.ForgottenRows {
		statements, find = nil, nil
		for _, table := range []string{"bulk_job_rows", "bulk_job_problems", "bulk_job_refused_rows", "bulk_job_chunks"} {
			statements = append(statements, "DELETE FROM "+table+" WHERE id IN ")
			find = append(find, "SELECT id FROM "+table+" WHERE job_id = ? LIMIT ?")
		}
	}
	for i, statement := range statements {
		for {
			ids, err := readInts(ctx, s.db.Client(ctx), find[i], job.ID, 2*bulk.StatementRows)
			if err != nil {
				return err
			}
			if len(ids) == 0 {
				break
			}
			err = s.db.InTx(ctx, func(ctx context.Context, client *db.Client) error {
				_, err := client.ExecContext(ctx, statement+"("+bulk.Placeholders(len(ids))+")", bulk.Args(ids)...)
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	return s.db.InTx(ctx, func(ctx context.Context, client *db.Client) error {
		set := "forgotten = ?"
		if what == state.ForgottenRows {
			// The name of a file is what a person thought of.
			set += ", file_name = ''"
		}
		_, err := client.ExecContext(ctx, "UPDATE bulk_jobs SET "+set+" WHERE id = ?", what, job.ID)
		return err
	})
}

// readInts returns the first column of a statement.
func readInts(ctx context.Context, client *db.Client, query string, args ...any) (ids []int, err error) {
	rows, err := client.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var id int
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}
