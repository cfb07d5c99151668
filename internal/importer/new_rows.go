package importer

import (
	"context"
	"fmt"
	"homeroom/ent/db"
)

// newRows are the rows of a batch that create something.
func newRows(b *batch) []*plannedRow {
	var rows []*plannedRow
	for _, r := range b.open() {
		if r.plan.Do == doCreate {
			rows = append(rows, r)
		}
	}
	return rows
}

// mark is an external id that a new row has until the end of the statement after
// next: its own id is optional, and its key cannot be counted on from that of
// another row, so without a mark nobody could tell which of the new rows is which.
func mark(jobID int, r *plannedRow) string { return fmt.Sprintf("\x01job %d row %d", jobID, r.Row) }

func marks(jobID int, rows []*plannedRow) []string {
	list := make([]string, len(rows))
	for i, r := range rows {
		list[i] = mark(jobID, r)
	}
	return list
}

// unmark notes the keys of new rows and gives them their own external ids.
func unmark(ctx context.Context, client *db.Client, table string, jobID int, rows []*plannedRow, ids map[string]int) error {
	updates := make([]changed, len(rows))
	for i, r := range rows {
		r.createdID = ids[mark(jobID, r)]
		if r.createdID == 0 {
			return fmt.Errorf("row %d was not found again in %s after it had been created", r.Row, table)
		}
		updates[i] = changed{r.createdID, map[string]any{"external_id": r.plan.Set["external_id"]}}
	}
	return updateRows(ctx, client, table, "", updates)
}
