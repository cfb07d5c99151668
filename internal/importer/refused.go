package importer

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"entgo.io/ent/dialect/sql"

	"homeroom/ent/db"
	"homeroom/ent/db/bulkjob"
	"homeroom/ent/db/bulkjobrefusedrow"
	"homeroom/ent/db/predicate"
	"homeroom/ent/rule"
	"homeroom/internal/viewer"
)

// storedCells are the cells of a kept row as JSON.
type storedCells struct {
	Cells []string          `json:"c"`
	Also  map[string]string `json:"a,omitempty"`
	// By are those who have corrected the row.
	By []int `json:"by,omitempty"`
}

// keepRows writes down refused rows, encrypted.
func (s *Service) keepRows(ctx context.Context, client *db.Client, jobID int, refused []*refusedRow) error {
	if len(refused) == 0 {
		return nil
	}
	passwords, err := s.sealOf(jobID, forPasswords)
	if err != nil {
		return err
	}
	sealed, err := s.sealOf(jobID, forRows)
	if err != nil {
		return err
	}
	now := s.instant()
	rows := make([][]any, len(refused))
	for i, r := range refused {
		text, err := json.Marshal(storedCells{r.cells, r.also, r.by})
		if err != nil {
			return err
		}
		var password []byte
		if r.password != "" {
			password = passwords.close(r.row, []byte(r.password))
		}
		rows[i] = []any{now, jobID, r.row, r.n, sealed.close(r.row, text), password, r.extra, flag(r.hadPassword), flag(r.outside), flag(!r.corrected)}
	}
	return insertRows(ctx, client, "bulk_job_refused_rows", "created_at, job_id, `row`, n, cells, password, extra, had_password, outside, refused", rows)
}

// refuseKept marks rows of a job as refused, and keeps those that are not kept
// already because they have been corrected before.
func (s *Service) refuseKept(ctx context.Context, client *db.Client, jobID int, refused []*refusedRow) error {
	if len(refused) == 0 {
		return nil
	}
	numbers := make([]int, len(refused))
	for i, r := range refused {
		numbers[i] = r.row
	}
	there, err := client.BulkJobRefusedRow.Query().Where(bulkjobrefusedrow.JobID(jobID), bulkjobrefusedrow.RowIn(numbers...)).
		Select(bulkjobrefusedrow.FieldRow).Ints(viewer.AsSystem(ctx, "which rows of a job are kept"))
	if err != nil {
		return err
	}
	if len(there) > 0 {
		_, err := client.ExecContext(ctx, "UPDATE bulk_job_refused_rows SET refused = 1 WHERE job_id = ? AND `row` IN ("+places(len(there))+")",
			append([]any{jobID}, anys(there)...)...)
		if err != nil {
			return err
		}
	}
	kept := map[int]bool{}
	for _, row := range there {
		kept[row] = true
	}
	return s.keepRows(ctx, client, jobID, slices.DeleteFunc(refused, func(r *refusedRow) bool { return kept[r.row] }))
}

// openKept reads the cells of kept rows, by row.
func (s *Service) openKept(jobID int, rows []*db.BulkJobRefusedRow) (map[int]storedCells, error) {
	sealed, err := s.sealOf(jobID, forRows)
	if err != nil {
		return nil, err
	}
	cells := make(map[int]storedCells, len(rows))
	for _, r := range rows {
		text, err := sealed.open(r.Row, r.Cells)
		if err != nil {
			return nil, err
		}
		var stored storedCells
		if err := json.Unmarshal(text, &stored); err != nil {
			return nil, fmt.Errorf("row %d of job %d: %w", r.Row, jobID, err)
		}
		cells[r.Row] = stored
	}
	return cells, nil
}

// forgetFile removes the file of a job and the passwords of its refused rows, of
// which nothing is needed any more when the job has ended.
func forgetFile(ctx context.Context, client *db.Client, jobID int) error {
	if _, err := client.ExecContext(ctx, "DELETE FROM bulk_job_chunks WHERE job_id = ?", jobID); err != nil {
		return err
	}
	_, err := client.ExecContext(ctx, "UPDATE bulk_job_refused_rows SET password = NULL WHERE job_id = ? AND password IS NOT NULL", jobID)
	return err
}

// HaveFailedRows returns which of some jobs have rows that FailedRows would give
// to the viewer.
func (s *Service) HaveFailedRows(ctx context.Context, jobIDs []int) (map[int]bool, error) {
	has := map[int]bool{}
	ids, err := s.db.Client(ctx).BulkJob.Query().
		Where(bulkjob.IDIn(jobIDs...), isWhole(), bulkjob.KeyPrintIn(s.readable()...), bulkjob.StatusNEQ(bulkjob.StatusVERIFYING), bulkjob.ErrorsGT(0), hasRefusedRow(viewer.FromContext(ctx))).IDs(ctx)
	for _, id := range ids {
		has[id] = true
	}
	return has, err
}

// hasRefusedRow looks for one row of each job that the viewer is shown and not, as
// HasRefusedRowsWith, for all rows of all jobs.
func hasRefusedRow(v *viewer.Viewer) predicate.BulkJob {
	return func(job *sql.Selector) {
		row := sql.Table(bulkjobrefusedrow.Table)
		rows := sql.Select(row.C(bulkjobrefusedrow.FieldID)).From(row).Where(sql.And(
			sql.ColumnsEQ(row.C(bulkjobrefusedrow.FieldJobID), job.C(bulkjob.FieldID)), sql.EQ(row.C(bulkjobrefusedrow.FieldRefused), 1)))
		rule.RefusedRowsSeen(v)(rows)
		job.Where(sql.Exists(rows))
	}
}
