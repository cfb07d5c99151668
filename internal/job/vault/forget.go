package vault

import (
	"context"
	"errors"
	"slices"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/bulkjobrefusedrow"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
	"github.com/openhomeroom/homeroom/internal/job/state"
)

// What one transaction removes: a few thousand rows in one transaction keep everybody else
// from writing for half a minute.
const (
	rowsAtOnce   = 2 * bulk.StatementRows
	chunksAtOnce = 16
)

// ForgetFile removes the file of a job and the passwords of its refused rows, of which
// nothing is needed any more when the job has ended. It works a few rows at a time, after
// the transaction that ends the job; if the server stops before it is done, ForgetFiles goes
// on.
func (t *Vault) ForgetFile(ctx context.Context, jobID int) error {
	if err := t.RemoveChunks(ctx, jobID, t.DB.InTx); err != nil {
		return err
	}
	return t.inPieces(ctx, t.DB.InTx, findPasswords, clearPasswords, rowsAtOnce, jobID)
}

// ForgetSome does what one transaction may do of ForgetFile, in the transaction that ends
// the job. For most files that is all, so that nothing of them outlives the job.
func (t *Vault) ForgetSome(ctx context.Context, client *db.Client, jobID int) error {
	if _, err := piece(ctx, client, findChunks, removeChunks, chunksAtOnce, jobID); err != nil {
		return err
	}
	_, err := piece(ctx, client, findPasswords, clearPasswords, rowsAtOnce, jobID)
	return err
}

// RemoveChunks deletes the stored file of a job, a few pieces at a time.
func (t *Vault) RemoveChunks(ctx context.Context, jobID int, tx Tx) error {
	return t.inPieces(ctx, tx, findChunks, removeChunks, chunksAtOnce, jobID)
}

const (
	findChunks     = "SELECT id FROM bulk_job_chunks WHERE job_id = ?"
	removeChunks   = "DELETE FROM bulk_job_chunks"
	findPasswords  = "SELECT id FROM bulk_job_refused_rows WHERE job_id = ? AND password IS NOT NULL"
	clearPasswords = "UPDATE bulk_job_refused_rows SET password = NULL"
)

// ForgetFiles removes the files of jobs that have ended, should any be left.
func (t *Vault) ForgetFiles(ctx context.Context) error {
	ended, err := t.DB.Client(ctx).BulkJob.Query().
		Where(bulkjob.StatusIn(state.Ended...),
			bulkjob.Or(bulkjob.HasChunks(), bulkjob.HasRefusedRowsWith(bulkjobrefusedrow.PasswordNotNil()))).IDs(ctx)
	for _, id := range ended {
		if err := t.ForgetFile(ctx, id); err != nil {
			return err
		}
	}
	return err
}

// Forget removes a part of a job, a few rows at a time, and notes it when it
// is done, so that the next sweep does not look again.
func (t *Vault) Forget(ctx context.Context, job *db.BulkJob, what int8) error {
	if what == state.ForgottenRows {
		for _, table := range []string{"bulk_job_rows", "bulk_job_problems", "bulk_job_refused_rows"} {
			if err := t.Remove(ctx, job.ID, table, -1, t.DB.InTx); err != nil {
				return err
			}
		}
		if err := t.RemoveChunks(ctx, job.ID, t.DB.InTx); err != nil {
			return err
		}
	} else {
		err := t.inPieces(ctx, t.DB.InTx, "SELECT id FROM bulk_job_rows WHERE job_id = ? AND `before` IS NOT NULL",
			"UPDATE bulk_job_rows SET `before` = NULL", rowsAtOnce, job.ID)
		if err != nil {
			return err
		}
		if err := t.Remove(ctx, job.ID, "bulk_job_refused_rows", -1, t.DB.InTx); err != nil {
			return err
		}
	}
	return t.DB.InTx(ctx, func(ctx context.Context, client *db.Client) error {
		set := "forgotten = ?"
		if what == state.ForgottenRows {
			// The name of a file is what a person thought of.
			set += ", file_name = '', seen_to = 0"
			if _, err := client.ExecContext(ctx, "DELETE FROM bulk_job_seens WHERE job_id = ?", job.ID); err != nil {
				return err
			}
		}
		_, err := client.ExecContext(ctx, "UPDATE bulk_jobs SET "+set+" WHERE id = ?", what, job.ID)
		return err
	})
}

// Tx runs a function in a transaction.
type Tx = func(ctx context.Context, fn func(ctx context.Context, client *db.Client) error) error

// Remove deletes what a table holds of the rows of a job after one of them, a few at a
// time, each few in a transaction of tx. The file as a whole is row 0.
func (t *Vault) Remove(ctx context.Context, jobID int, table string, after int, tx Tx) error {
	return t.inPieces(ctx, tx, "SELECT id FROM "+table+" WHERE job_id = ? AND `row` > ?", "DELETE FROM "+table, rowsAtOnce,
		jobID, after)
}

// inPieces carries a statement out on the rows whose ids find returns, a few at a time,
// until it returns none.
func (t *Vault) inPieces(ctx context.Context, tx Tx, find, statement string, atOnce int, args ...any) error {
	for more := true; more; {
		err := tx(ctx, func(ctx context.Context, client *db.Client) (err error) {
			more, err = piece(ctx, client, find, statement, atOnce, args...)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// piece carries a statement out on the first rows whose ids find returns, and reports
// whether there were any.
func piece(ctx context.Context, client *db.Client, find, statement string, atOnce int, args ...any) (bool, error) {
	ids, err := readInts(ctx, client, find+" LIMIT ?", append(slices.Clone(args), atOnce)...)
	if err != nil || len(ids) == 0 {
		return false, err
	}
	_, err = client.ExecContext(ctx, statement+" WHERE id IN ("+bulk.Placeholders(len(ids))+")", bulk.Args(ids)...)
	return true, err
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
