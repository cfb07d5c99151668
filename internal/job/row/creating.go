package row

import (
	"context"
	"fmt"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
	"github.com/openhomeroom/homeroom/internal/field"
)

// Creating are the rows of a batch that create something.
func Creating(b *Batch) []*Planned {
	var rows []*Planned
	for _, r := range b.Open() {
		if r.Plan.Do == Create {
			rows = append(rows, r)
		}
	}
	return rows
}

// Tag returns a temporary external ID of a new row, which it has for two statements. The
// row's own ID is optional, and its key cannot be computed from the key of another row, so
// without a tag it would be unknown which new row is which.
func Tag(jobID int, r *Planned) string { return fmt.Sprintf("\x01job %d row %d", jobID, r.Row) }

// Tags are the tags of some rows.
func Tags(jobID int, rows []*Planned) []string {
	list := make([]string, len(rows))
	for i, r := range rows {
		list[i] = Tag(jobID, r)
	}
	return list
}

// Inserted are the values of a new row in the columns of some fields. The external ID is
// the tag of the row.
func Inserted[T any](fields field.Table[T], jobID int, r *Planned) []any {
	values := make([]any, len(fields))
	for i, f := range fields {
		value, sets := r.Plan.Set[f.DB]
		switch {
		case f.DB == externalID:
			values[i] = Tag(jobID, r)
		case sets:
			values[i] = value
		default:
			values[i] = f.Empty()
		}
	}
	return values
}

// externalID is the column in which rows are found again.
const externalID = "external_id"

// Untag notes the keys of new rows and gives them their own external ids.
func Untag(ctx context.Context, client *db.Client, table string, jobID int, rows []*Planned, ids map[string]int) error {
	updates := make([]bulk.Change, len(rows))
	for i, r := range rows {
		r.CreatedID = ids[Tag(jobID, r)]
		if r.CreatedID == 0 {
			return fmt.Errorf("row %d was not found again in %s after it had been created", r.Row, table)
		}
		updates[i] = bulk.Change{ID: r.CreatedID, Set: map[string]any{externalID: r.Plan.Set[externalID]}}
	}
	return bulk.Update(ctx, client, table, "", updates)
}
