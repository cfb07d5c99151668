package reader

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjobrow"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/page"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// RowChange is one field that one row of a file changes. Before is nil for something that
// is created, After for something that is emptied.
type RowChange struct {
	Row int
	// StudentID is the student; 0 if the row is about something else, or if the student
	// does not exist yet.
	StudentID int
	// Label says whom or what the row is about: Ada Lovelace (00123).
	Label string
	row.Change
}

// ChangedRow is a row of a file with everything that it changes.
type ChangedRow struct {
	Row int
	// StudentID and Label are those of each RowChange.
	StudentID int
	Label     string
	Changes   []RowChange
}

// changing finds the rows of a job that change something. Those that were refused in the end are not among them.
func (r *Reader) changing(ctx context.Context, jobID int) *db.BulkJobRowQuery {
	return r.db.Client(ctx).BulkJobRow.Query().Where(bulkjobrow.JobID(jobID), bulkjobrow.StateNEQ(row.StateRefused))
}

// ChangedRows reads a page of the rows of a job that change something, in the order of the file.
func (r *Reader) ChangedRows(ctx context.Context, jobID int, first *int,
	after *string) (page.Result[ChangedRow], error) {
	var none page.Result[ChangedRow]
	q, err := page.Parse(page.Args{First: first, After: after}, page.Order{Name: "ROW", Column: bulkjobrow.FieldRow})
	if err != nil {
		return none, err
	}
	stored, err := r.changing(ctx, jobID).Where(q.Select).All(ctx)
	if err != nil {
		return none, err
	}
	p := page.NewResult(q, stored, func(r *db.BulkJobRow) (page.Value, int) { return r.Row, r.ID })
	result := page.Result[ChangedRow]{Cursors: p.Cursors, HasNextPage: p.HasNextPage, HasPrevious: p.HasPrevious}
	for _, stored := range p.Items {
		fields, err := changesOf(ctx, stored)
		if err != nil {
			return none, err
		}
		shown := ChangedRow{Row: stored.Row, Label: labelOf(ctx, stored), Changes: fields}
		if len(fields) > 0 {
			shown.StudentID = fields[0].StudentID
		}
		result.Items = append(result.Items, shown)
	}
	return result, nil
}

// CountChangedRows counts what ChangedRows lists.
func (r *Reader) CountChangedRows(ctx context.Context, jobID int) (int, error) {
	return r.changing(ctx, jobID).Count(ctx)
}

// labelOf says to the viewer whom or what a row is about. A program with a service key is
// not told who is on record: the row may be about somebody who is not in its file.
func labelOf(ctx context.Context, stored *db.BulkJobRow) string {
	if viewer.FromContext(ctx).Key != nil {
		return fmt.Sprintf("Row %d", stored.Row)
	}
	return stored.Label
}

// changesOf is what a row changes. A program with a service key learns the fields, and no
// value: what stands there now is not for it to read, and the rest it has sent.
func changesOf(ctx context.Context, stored *db.BulkJobRow) ([]RowChange, error) {
	p, err := row.ReadPlan(stored.Plan)
	if err != nil {
		return nil, fmt.Errorf("plan of row %d of job %d: %w", stored.Row, stored.JobID, err)
	}
	forProgram := viewer.FromContext(ctx).Key != nil
	fields := make([]RowChange, len(p.Changes))
	for i, c := range p.Changes {
		if forProgram {
			c.Before, c.After = nil, nil
		}
		fields[i] = RowChange{Row: stored.Row, Label: labelOf(ctx, stored), Change: c}
		if p.AboutStudent() {
			fields[i].StudentID = stored.TargetID
		}
	}
	return fields, nil
}

// Changes reads a page of what a job will change or has changed, field by field, in the
// order of the file. Rows that were refused in the end are not among them.
func (r *Reader) Changes(ctx context.Context, jobID int, first *int, after *string) (page.Result[RowChange], error) {
	var result page.Result[RowChange]
	q, err := page.Parse(page.Args{First: first}, page.Order{Name: "CHANGE", Column: bulkjobrow.FieldRow})
	if err != nil {
		return result, err
	}
	from, err := parsePlace(after)
	if err != nil {
		return result, err
	}
	// A row with a plan changes something, so a page never needs more rows.
	rows, err := r.changing(ctx, jobID).Where(bulkjobrow.RowGTE(from.Row)).Order(db.Asc(bulkjobrow.FieldRow)).
		Limit(q.Limit() + 2).All(ctx)
	if err != nil {
		return result, err
	}
	result.HasPrevious = after != nil
	for _, stored := range rows {
		fields, err := changesOf(ctx, stored)
		if err != nil {
			return result, err
		}
		for i, f := range fields {
			at := place{stored.Row, i + 1}
			switch {
			case at.Row == from.Row && at.Index <= from.Index:
				continue
			case len(result.Items) == q.Limit():
				result.HasNextPage = true
				return result, nil
			}
			result.Items = append(result.Items, f)
			result.Cursors = append(result.Cursors, at.cursor())
		}
	}
	return result, nil
}

// CountChanges counts what Changes lists.
func (r *Reader) CountChanges(ctx context.Context, jobID int) (int, error) {
	var sums []struct {
		Sum *int `json:"sum"`
	}
	err := r.changing(ctx, jobID).Aggregate(db.As(db.Sum(bulkjobrow.FieldChangeCount), "sum")).Scan(ctx, &sums)
	if err != nil || len(sums) == 0 || sums[0].Sum == nil {
		return 0, err
	}
	return *sums[0].Sum, nil
}

// place is the position of a change: a row and, from 1, one of its fields. It stays
// the same whatever is read in between.
type place struct {
	Row   int `json:"r"`
	Index int `json:"i"`
}

func (p place) cursor() string {
	text, _ := json.Marshal(p)
	return base64.RawURLEncoding.EncodeToString(text)
}

func parsePlace(cursor *string) (place, error) {
	var p place
	if cursor == nil {
		return p, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(*cursor)
	if err == nil {
		err = json.Unmarshal(text, &p)
	}
	if err != nil || p.Row < 1 || p.Index < 1 {
		return p, fault.Invalidf("the cursor does not come from this list").WithCode("BAD_CURSOR").At("after")
	}
	return p, nil
}
