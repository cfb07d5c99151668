package vault

import (
	"context"
	"errors"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/bulkjobrefusedrow"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
	"github.com/openhomeroom/homeroom/internal/job/state"
)

// ForgetFile removes the file of a job and the passwords of its refused rows, of
// which nothing is needed any more when the job has ended.
func ForgetFile(ctx context.Context, client *db.Client, jobID int) error {
	if _, err := client.ExecContext(ctx, "DELETE FROM bulk_job_chunks WHERE job_id = ?", jobID); err != nil {
		return err
	}
	_, err := client.ExecContext(ctx,
		"UPDATE bulk_job_refused_rows SET password = NULL WHERE job_id = ? AND password IS NOT NULL", jobID)
	return err
}

// ForgetFiles removes the files of jobs that have ended, should any be left.
func (t *Vault) ForgetFiles(ctx context.Context) error {
	ended, err := t.DB.Client(ctx).BulkJob.Query().
		Where(bulkjob.StatusIn(state.Ended...),
			bulkjob.Or(bulkjob.HasChunks(), bulkjob.HasRefusedRowsWith(bulkjobrefusedrow.PasswordNotNil()))).IDs(ctx)
	for _, id := range ended {
		if err := t.DB.InTx(ctx, func(ctx context.Context, client *db.Client) error {
			return ForgetFile(ctx, client, id)
		}); err != nil {
			return err
		}
	}
	return err
}

// Forget removes a part of a job, a few rows at a time, and notes it when it
// is done, so that the next sweep does not look again.
func (t *Vault) Forget(ctx context.Context, job *db.BulkJob, what int8) error {
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
			ids, err := readInts(ctx, t.DB.Client(ctx), find[i], job.ID, 2*bulk.StatementRows)
			if err != nil {
				return err
			}
			if len(ids) == 0 {
				break
			}
			err = t.DB.InTx(ctx, func(ctx context.Context, client *db.Client) error {
				_, err := client.ExecContext(ctx, statement+"("+bulk.Placeholders(len(ids))+")", bulk.Args(ids)...)
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	return t.DB.InTx(ctx, func(ctx context.Context, client *db.Client) error {
		set := "forgotten = ?"
		if what == state.ForgottenRows {
			// The name of a file is what a person thought of.
			set += ", file_name = ''"
		}
		_, err := client.ExecContext(ctx, "UPDATE bulk_jobs SET "+set+" WHERE id = ?", what, job.ID)
		return err
	})
}

// Tx runs a function in a transaction.
type Tx = func(ctx context.Context, fn func(ctx context.Context, client *db.Client) error) error

// Remove deletes what a table holds of the rows of a job after one of them, a few at a
// time: so many may be stored that one statement would keep everybody else from writing
// for half a minute. The file as a whole is row 0. Each few are a transaction of tx.
func (t *Vault) Remove(ctx context.Context, jobID int, table string, after int, tx Tx) error {
	for {
		ids, err := readInts(ctx, t.DB.Client(ctx), "SELECT id FROM "+table+" WHERE job_id = ? AND `row` > ? LIMIT ?", jobID,
			after, 2*bulk.StatementRows)
		if err != nil || len(ids) == 0 {
			return err
		}
		err = tx(ctx, func(ctx context.Context, client *db.Client) error {
			_, err := client.ExecContext(ctx, "DELETE FROM "+table+" WHERE id IN ("+bulk.Placeholders(len(ids))+")",
				bulk.Args(ids)...)
			return err
		})
		if err != nil {
			return err
		}
	}
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
