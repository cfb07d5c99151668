package vault

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjobrefusedrow"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// StoredCells are the cells of a kept row as JSON.
type StoredCells struct {
	Cells []string          `json:"c"`
	Also  map[string]string `json:"a,omitempty"`
	// By are the people who have corrected the row.
	By []int `json:"by,omitempty"`
}

// KeepRows writes down refused rows, encrypted.
func (t *Vault) KeepRows(ctx context.Context, client *db.Client, jobID int, refused []*sheet.Kept) error {
	if len(refused) == 0 {
		return nil
	}
	passwords, err := t.SealOf(jobID, ForPasswords)
	if err != nil {
		return err
	}
	sealed, err := t.SealOf(jobID, ForRows)
	if err != nil {
		return err
	}
	now := t.Instant()
	rows := make([][]any, len(refused))
	for i, r := range refused {
		text, err := json.Marshal(StoredCells{r.Cells, r.Also, r.By})
		if err != nil {
			return err
		}
		var password []byte
		if r.Password != "" {
			password = passwords.Close(r.Number, []byte(r.Password))
		}
		rows[i] = []any{now, jobID, r.Number, r.N, sealed.Close(r.Number, text), password, r.Extra, bulk.Flag(r.HadPassword),
			bulk.Flag(r.Outside), bulk.Flag(!r.Corrected)}
	}
	return bulk.Insert(ctx, client, "bulk_job_refused_rows",
		"created_at, job_id, `row`, n, cells, password, extra, had_password, outside, refused", rows)
}

// RefuseKept marks rows of a job as refused, and keeps those that were not kept by an
// earlier correction.
func (t *Vault) RefuseKept(ctx context.Context, client *db.Client, jobID int, refused []*sheet.Kept) error {
	if len(refused) == 0 {
		return nil
	}
	numbers := make([]int, len(refused))
	for i, r := range refused {
		numbers[i] = r.Number
	}
	there, err := client.BulkJobRefusedRow.Query().
		Where(bulkjobrefusedrow.JobID(jobID), bulkjobrefusedrow.RowIn(numbers...)).
		Select(bulkjobrefusedrow.FieldRow).Ints(viewer.AsSystem(ctx, "which rows of a job are kept"))
	if err != nil {
		return err
	}
	if len(there) > 0 {
		_, err := client.ExecContext(ctx,
			"UPDATE bulk_job_refused_rows SET refused = 1 WHERE job_id = ? AND `row` IN ("+bulk.Placeholders(len(there))+")",
			append([]any{jobID}, bulk.Args(there)...)...)
		if err != nil {
			return err
		}
	}
	kept := map[int]bool{}
	for _, row := range there {
		kept[row] = true
	}
	return t.KeepRows(ctx, client, jobID, slices.DeleteFunc(refused, func(r *sheet.Kept) bool { return kept[r.Number] }))
}

// OpenKept reads the cells of kept rows, by row.
func (t *Vault) OpenKept(jobID int, rows []*db.BulkJobRefusedRow) (map[int]StoredCells, error) {
	sealed, err := t.SealOf(jobID, ForRows)
	if err != nil {
		return nil, err
	}
	cells := make(map[int]StoredCells, len(rows))
	for _, r := range rows {
		text, err := sealed.Open(r.Row, r.Cells)
		if err != nil {
			return nil, err
		}
		var stored StoredCells
		if err := json.Unmarshal(text, &stored); err != nil {
			return nil, fmt.Errorf("row %d of job %d: %w", r.Row, jobID, err)
		}
		cells[r.Row] = stored
	}
	return cells, nil
}

// All returns the cells of a kept row, including those that a correction has added.
func (c StoredCells) All() []string {
	return append(slices.Clone(c.Cells), slices.Collect(maps.Values(c.Also))...)
}

// Identifying returns the cells that say whom a kept row is about.
func (c StoredCells) Identifying(format *sheet.Format, headers []string) (cells []string) {
	for _, column := range format.Identifying {
		for _, i := range format.Likely(column, headers) {
			if i < len(c.Cells) {
				cells = append(cells, c.Cells[i])
			}
		}
		cells = append(cells, c.Also[column])
	}
	return slices.DeleteFunc(cells, func(cell string) bool { return cell == "" })
}
