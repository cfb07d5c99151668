package reader

import (
	"context"
	"maps"
	"slices"

	"entgo.io/ent/dialect/sql"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/bulkjobproblem"
	"github.com/openhomeroom/homeroom/ent/db/bulkjobrefusedrow"
	"github.com/openhomeroom/homeroom/ent/db/predicate"
	"github.com/openhomeroom/homeroom/ent/rule"
	"github.com/openhomeroom/homeroom/internal/field"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/job/state"
	"github.com/openhomeroom/homeroom/internal/job/vault"
	"github.com/openhomeroom/homeroom/internal/page"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// HaveFailedRows returns which of some jobs have rows that FailedRows would give
// to the viewer.
func (r *Reader) HaveFailedRows(ctx context.Context, jobIDs []int) (map[int]bool, error) {
	has := map[int]bool{}
	ids, err := r.db.Client(ctx).BulkJob.Query().
		Where(bulkjob.IDIn(jobIDs...), vault.IsWhole(), bulkjob.KeyPrintIn(r.vault.Readable()...),
			bulkjob.StatusNEQ(bulkjob.StatusVERIFYING), bulkjob.ErrorsGT(0), bulkjob.Not(state.NeverStarted()),
			hasRefusedRow(viewer.FromContext(ctx))).IDs(ctx)
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
			sql.ColumnsEQ(row.C(bulkjobrefusedrow.FieldJobID), job.C(bulkjob.FieldID)),
			sql.EQ(row.C(bulkjobrefusedrow.FieldRefused), 1)))
		rule.RefusedRowsSeen(v)(rows)
		job.Where(sql.Exists(rows))
	}
}

// RefusedRow is a refused row and what is wrong with it.
type RefusedRow struct {
	Row int
	// Cells are in the order of the file. A password is shown as "set".
	Cells    []sheet.Cell
	Problems []*db.BulkJobProblem
}

// RefusedRows reads a page of the refused rows of a job, in the order of the file.
func (r *Reader) RefusedRows(ctx context.Context, jobID int, first *int,
	after *string) (page.Result[RefusedRow], error) {
	var none page.Result[RefusedRow]
	q, err := page.Parse(page.Args{First: first, After: after},
		page.Order{Name: "ROW", Column: bulkjobrefusedrow.FieldRow})
	if err != nil {
		return none, err
	}
	job, err := r.Job(ctx, jobID)
	if err != nil || !r.vault.Reads(job) {
		return none, err
	}
	rows, err := r.refusedRows(ctx, jobID).Where(q.Select).
		All(viewer.AsSystem(ctx, "refused rows of a job that the viewer sees"))
	if err != nil || len(rows) == 0 {
		return none, err
	}
	stored, err := r.vault.OpenKept(jobID, rows)
	if err != nil {
		return none, err
	}
	headers, cells := job.Headers, map[int][]string{}
	for n, kept := range stored {
		cells[n] = kept.Cells
	}
	if r.kinds.BySelection(job.Kind) {
		headers = r.kinds.Selector(job.Kind).Header()
		if cells, err = r.selectedCells(ctx, job, cells); err != nil {
			return none, err
		}
	}
	problems := map[int][]*db.BulkJobProblem{}
	list, err := r.vault.ReadProblems(ctx, jobID,
		r.problems(ctx, jobID, nil).
			Where(bulkjobproblem.RowGTE(rows[0].Row), bulkjobproblem.RowLTE(rows[len(rows)-1].Row)).
			Order(db.Asc(bulkjobproblem.FieldRow, bulkjobproblem.FieldID)))
	if err != nil {
		return none, err
	}
	for _, p := range list {
		problems[p.Row] = append(problems[p.Row], p)
	}
	result := page.NewResult(q, rows, func(row *db.BulkJobRefusedRow) (page.Value, int) { return row.Row, row.ID })
	shown := page.Result[RefusedRow]{
		Cursors:     result.Cursors,
		HasNextPage: result.HasNextPage,
		HasPrevious: result.HasPrevious,
	}
	for _, row := range result.Items {
		shown.Items = append(shown.Items, RefusedRow{Row: row.Row, Problems: problems[row.Row],
			Cells: shownCells(headers, cells[row.Row], stored[row.Row].Also, len(row.Password) > 0)})
	}
	return shown, nil
}

// CountRefusedRows counts what RefusedRows lists.
func (r *Reader) CountRefusedRows(ctx context.Context, jobID int) (int, error) {
	if _, err := r.Job(ctx, jobID); err != nil {
		return 0, err
	}
	return r.refusedRows(ctx, jobID).Count(viewer.AsSystem(ctx, "refused rows of a job that the viewer sees"))
}

func (r *Reader) refusedRows(ctx context.Context, jobID int) *db.BulkJobRefusedRowQuery {
	return r.db.Client(ctx).BulkJobRefusedRow.Query().
		Where(bulkjobrefusedrow.JobID(jobID), bulkjobrefusedrow.Refused(1),
			bulkjobrefusedrow.HasJobWith(bulkjob.Not(state.NeverStarted())), rule.RefusedRowsSeen(viewer.FromContext(ctx)))
}

// shownCells are the cells of a row under their headers, those beyond the last one
// without any.
func shownCells(headers, cells []string, also map[string]string, hasPassword bool) []sheet.Cell {
	shown := make([]sheet.Cell, 0, len(cells))
	for i, value := range cells {
		c := sheet.Cell{Value: value}
		if i < len(headers) {
			c.Column = headers[i]
		}
		if hasPassword && sheet.HeaderKey(c.Column) == sheet.HeaderKey(field.ColPassword) {
			c.Value = "set"
		}
		shown = append(shown, c)
	}
	for _, column := range slices.Sorted(maps.Keys(also)) {
		shown = append(shown, sheet.Cell{Column: column, Value: also[column]})
	}
	return shown
}
