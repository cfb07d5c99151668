package job

import (
	"context"
	"io"
	"maps"
	"slices"
	"strconv"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/bulkjobproblem"
	"github.com/openhomeroom/homeroom/ent/db/bulkjobrefusedrow"
	"github.com/openhomeroom/homeroom/ent/rule"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/field"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/page"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// ErrNoFailedRows is returned for a job without kept refused rows.
var ErrNoFailedRows = fault.NotFoundf(
	"the upload has no refused rows, or it ended so long ago that they were removed")

// FailedRows writes the refused rows of a job as a file: all columns of the uploaded
// file in their order, also ignored ones, followed by what is wrong. Once corrected,
// the file can be uploaded as it is, unless the job failed: then none of the other
// rows was written either, and each row says so. Cells to the right of the last column
// are to the right of the reasons, so that a shifted row is refused until somebody
// corrects it. Passwords are left out.
//
// A selection has no file; its students are shown as in an export.
//
// FailedRows returns the number of rows; ErrNoJob for a job that the viewer does not
// see; and ErrNoFailedRows. It refuses before anything is written; after another error
// a part of the file may have been written.
func (s *Service) FailedRows(ctx context.Context, w io.Writer, jobID int) (n int, err error) {
	ctx, end := s.db.Snapshot(ctx)
	defer end()
	job, err := s.Job(ctx, jobID)
	if err != nil {
		return 0, err
	}
	has, err := s.HaveFailedRows(ctx, []int{jobID})
	if err != nil {
		return 0, err
	}
	if !has[jobID] {
		return 0, ErrNoFailedRows
	}
	f := &sheet.RefusedFile{Headers: job.Headers, Failed: job.Status == bulkjob.StatusFAILED}
	if s.kinds.BySelection(job.Kind) {
		f = &sheet.RefusedFile{Selector: s.kinds.Selector(job.Kind).Header()}
	}
	if err := f.Begin(w); err != nil {
		return 0, err
	}
	for behind := 0; ; {
		rows, err := s.db.Client(ctx).BulkJobRefusedRow.Query().
			Where(bulkjobrefusedrow.JobID(jobID), bulkjobrefusedrow.Refused(1), bulkjobrefusedrow.RowGT(behind),
				rule.RefusedRowsSeen(viewer.FromContext(ctx))).
			Order(db.Asc(bulkjobrefusedrow.FieldRow)).Limit(sheet.BatchRows).
			All(viewer.AsSystem(ctx, "refused rows of a job that the viewer sees"))
		if err != nil {
			return n, err
		}
		if len(rows) == 0 {
			return n, f.Flush()
		}
		if err := s.reading.writeRefused(ctx, f, job, rows); err != nil {
			return n, err
		}
		n += len(rows)
		behind = rows[len(rows)-1].Row
	}
}

// writeRefused writes some refused rows of a job to a file of them.
func (s reading) writeRefused(ctx context.Context, f *sheet.RefusedFile, job *db.BulkJob,
	rows []*db.BulkJobRefusedRow) error {
	problems, err := s.errorsOf(ctx, job.ID, rows[0].Row, rows[len(rows)-1].Row)
	if err != nil {
		return err
	}
	stored, err := s.vault.OpenKept(job.ID, rows)
	if err != nil {
		return err
	}
	cells := map[int][]string{}
	for n, kept := range stored {
		cells[n] = kept.Cells
	}
	if s.kinds.BySelection(job.Kind) {
		if cells, err = s.selectedCells(ctx, job, cells); err != nil {
			return err
		}
	}
	for _, r := range rows {
		if err := f.Write(r.Row, cells[r.Row], problems[r.Row], r.HadPassword == 1); err != nil {
			return err
		}
	}
	return nil
}

// errorsOf reads why rows of a job are refused, from first to last.
func (s reading) errorsOf(ctx context.Context, jobID, first, last int) (map[int][]*db.BulkJobProblem, error) {
	list, err := s.vault.ReadProblems(ctx, jobID, s.db.Client(ctx).BulkJobProblem.Query().
		Where(bulkjobproblem.JobID(jobID), bulkjobproblem.SeverityEQ(bulkjobproblem.SeverityERROR),
			bulkjobproblem.RowGTE(first), bulkjobproblem.RowLTE(last)).
		Order(db.Asc(bulkjobproblem.FieldRow, bulkjobproblem.FieldID)))
	problems := map[int][]*db.BulkJobProblem{}
	for _, p := range list {
		problems[p.Row] = append(problems[p.Row], p)
	}
	return problems, err
}

// selectedCells shows the refused rows of a selection as an export does. What the viewer
// does not see any more has an empty row.
func (s reading) selectedCells(ctx context.Context, job *db.BulkJob, rows map[int][]string) (map[int][]string, error) {
	selector := s.kinds.Selector(job.Kind)
	key := map[int]int{}
	var keys []int
	for n, kept := range rows {
		if id, err := strconv.Atoi(kept[0]); err == nil {
			key[n], keys = id, append(keys, id)
		}
	}
	found, err := selector.Cells(ctx, keys)
	cells := make(map[int][]string, len(rows))
	for n := range rows {
		if cells[n] = found[key[n]]; cells[n] == nil {
			cells[n] = make([]string, len(selector.Header()))
		}
	}
	return cells, err
}

// RefusedRow is a refused row and what is wrong with it.
type RefusedRow struct {
	Row int
	// Cells are in the order of the file. A password is shown as "set".
	Cells    []sheet.Cell
	Problems []*db.BulkJobProblem
}

// RefusedRows reads a page of the refused rows of a job, in the order of the file.
func (s *Service) RefusedRows(ctx context.Context, jobID int, first *int,
	after *string) (page.Result[RefusedRow], error) {
	var none page.Result[RefusedRow]
	q, err := page.Parse(page.Args{First: first, After: after},
		page.Order{Name: "ROW", Column: bulkjobrefusedrow.FieldRow})
	if err != nil {
		return none, err
	}
	job, err := s.Job(ctx, jobID)
	if err != nil || !s.vault.Reads(job) {
		return none, err
	}
	rows, err := s.reading.refusedRows(ctx, jobID).Where(q.Select).
		All(viewer.AsSystem(ctx, "refused rows of a job that the viewer sees"))
	if err != nil || len(rows) == 0 {
		return none, err
	}
	stored, err := s.vault.OpenKept(jobID, rows)
	if err != nil {
		return none, err
	}
	headers, cells := job.Headers, map[int][]string{}
	for n, kept := range stored {
		cells[n] = kept.Cells
	}
	if s.kinds.BySelection(job.Kind) {
		headers = s.kinds.Selector(job.Kind).Header()
		if cells, err = s.reading.selectedCells(ctx, job, cells); err != nil {
			return none, err
		}
	}
	problems := map[int][]*db.BulkJobProblem{}
	list, err := s.vault.ReadProblems(ctx, jobID,
		s.reading.problems(ctx, jobID, nil).
			Where(bulkjobproblem.RowGTE(rows[0].Row), bulkjobproblem.RowLTE(rows[len(rows)-1].Row)).
			Order(db.Asc(bulkjobproblem.FieldRow, bulkjobproblem.FieldID)))
	if err != nil {
		return none, err
	}
	for _, p := range list {
		problems[p.Row] = append(problems[p.Row], p)
	}
	result := page.NewResult(q, rows, func(r *db.BulkJobRefusedRow) (page.Value, int) { return r.Row, r.ID })
	shown := page.Result[RefusedRow]{
		Cursors:     result.Cursors,
		HasNextPage: result.HasNextPage,
		HasPrevious: result.HasPrevious,
	}
	for _, r := range result.Items {
		shown.Items = append(shown.Items, RefusedRow{Row: r.Row, Problems: problems[r.Row],
			Cells: shownCells(headers, cells[r.Row], stored[r.Row].Also, len(r.Password) > 0)})
	}
	return shown, nil
}

// CountRefusedRows counts what RefusedRows lists.
func (s *Service) CountRefusedRows(ctx context.Context, jobID int) (int, error) {
	if _, err := s.Job(ctx, jobID); err != nil {
		return 0, err
	}
	return s.reading.refusedRows(ctx, jobID).Count(viewer.AsSystem(ctx, "refused rows of a job that the viewer sees"))
}

func (s reading) refusedRows(ctx context.Context, jobID int) *db.BulkJobRefusedRowQuery {
	return s.db.Client(ctx).BulkJobRefusedRow.Query().
		Where(bulkjobrefusedrow.JobID(jobID), bulkjobrefusedrow.Refused(1),
			bulkjobrefusedrow.HasJobWith(bulkjob.Not(neverStarted())), rule.RefusedRowsSeen(viewer.FromContext(ctx)))
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
