package importer

import (
	"context"
	"encoding/json"
	"fmt"
	"homeroom/ent/db"
	"homeroom/ent/db/bulkjobrefusedrow"
	"homeroom/internal/viewer"
	"maps"
	"slices"
)

// storedCells are the cells of a kept row as JSON.
type storedCells struct {
	Cells []string          `json:"c"`
	Also  map[string]string `json:"a,omitempty"`
	// By are those who have corrected the row.
	By []int `json:"by,omitempty"`
}

// keepRows writes down refused rows, encrypted.
func (t *vault) keepRows(ctx context.Context, client *db.Client, jobID int, refused []*refusedRow) error {
	if len(refused) == 0 {
		return nil
	}
	passwords, err := t.sealOf(jobID, forPasswords)
	if err != nil {
		return err
	}
	sealed, err := t.sealOf(jobID, forRows)
	if err != nil {
		return err
	}
	now := t.instant()
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
func (t *vault) refuseKept(ctx context.Context, client *db.Client, jobID int, refused []*refusedRow) error {
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
	return t.keepRows(ctx, client, jobID, slices.DeleteFunc(refused, func(r *refusedRow) bool { return kept[r.row] }))
}

// openKept reads the cells of kept rows, by row.
func (t *vault) openKept(jobID int, rows []*db.BulkJobRefusedRow) (map[int]storedCells, error) {
	sealed, err := t.sealOf(jobID, forRows)
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

// all are the cells of a kept row, those that were added by a correction too.
func (c storedCells) all() []string {
	return append(slices.Clone(c.Cells), slices.Collect(maps.Values(c.Also))...)
}

// identifying are the cells that say whom a kept row is about.
func (c storedCells) identifying(format *Format, headers []string) (cells []string) {
	keys := make([]string, len(headers))
	for i, h := range headers {
		keys[i] = headerKey(h)
	}
	for _, column := range format.Identifying {
		if known, ok := format.column(column); ok {
			for _, i := range positions(keys, known.Headers()) {
				if i < len(c.Cells) {
					cells = append(cells, c.Cells[i])
				}
			}
		}
		cells = append(cells, c.Also[column])
	}
	return slices.DeleteFunc(cells, func(cell string) bool { return cell == "" })
}
