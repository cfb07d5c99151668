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

// Changes reads a page of what a job will change or has changed, in the order of
// the file. Rows that were refused in the end are not among them.
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
	rows, err := r.db.Client(ctx).BulkJobRow.Query().
		Where(bulkjobrow.JobID(jobID), bulkjobrow.RowGTE(from.Row), bulkjobrow.StateNEQ(row.StateRefused)).
		Order(db.Asc(bulkjobrow.FieldRow)).Limit(q.Limit() + 2).All(ctx)
	if err != nil {
		return result, err
	}
	for _, stored := range rows {
		p, err := row.ReadPlan(stored.Plan)
		if err != nil {
			return result, fmt.Errorf("plan of row %d of job %d: %w", stored.Row, jobID, err)
		}
		for i, c := range p.Changes {
			at := place{stored.Row, i + 1}
			switch {
			case at.Row == from.Row && at.Index <= from.Index:
				continue
			case len(result.Items) == q.Limit():
				result.HasNextPage = true
				result.HasPrevious = after != nil
				return result, nil
			}
			change := RowChange{Row: stored.Row, Label: stored.Label, Change: c}
			if p.AboutStudent() {
				change.StudentID = stored.TargetID
			}
			result.Items = append(result.Items, change)
			result.Cursors = append(result.Cursors, at.cursor())
		}
	}
	result.HasPrevious = after != nil
	return result, nil
}

// CountChanges counts what Changes lists.
func (r *Reader) CountChanges(ctx context.Context, jobID int) (int, error) {
	var sums []struct {
		Sum *int `json:"sum"`
	}
	err := r.db.Client(ctx).BulkJobRow.Query().Where(bulkjobrow.JobID(jobID), bulkjobrow.StateNEQ(row.StateRefused)).
		Aggregate(db.As(db.Sum(bulkjobrow.FieldChangeCount), "sum")).Scan(ctx, &sums)
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
