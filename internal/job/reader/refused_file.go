package reader

import (
	"context"
	"io"
	"strconv"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/bulkjobproblem"
	"github.com/openhomeroom/homeroom/ent/db/bulkjobrefusedrow"
	"github.com/openhomeroom/homeroom/ent/rule"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
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
func (r *Reader) FailedRows(ctx context.Context, w io.Writer, jobID int) (n int, err error) {
	ctx, end := r.db.Snapshot(ctx)
	defer end()
	job, err := r.Job(ctx, jobID)
	if err != nil {
		return 0, err
	}
	has, err := r.HaveFailedRows(ctx, []int{jobID})
	if err != nil {
		return 0, err
	}
	if !has[jobID] {
		return 0, ErrNoFailedRows
	}
	f := &sheet.RefusedFile{Headers: job.Headers, Failed: job.Status == bulkjob.StatusFAILED}
	if r.kinds.BySelection(job.Kind) {
		f = &sheet.RefusedFile{Selector: r.kinds.Selector(job.Kind).Header()}
	}
	if err := f.Begin(w); err != nil {
		return 0, err
	}
	for behind := 0; ; {
		rows, err := r.db.Client(ctx).BulkJobRefusedRow.Query().
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
		if err := r.writeRefused(ctx, f, job, rows); err != nil {
			return n, err
		}
		n += len(rows)
		behind = rows[len(rows)-1].Row
	}
}

// writeRefused writes some refused rows of a job to a file of them.
func (r *Reader) writeRefused(ctx context.Context, f *sheet.RefusedFile, job *db.BulkJob,
	rows []*db.BulkJobRefusedRow) error {
	problems, err := r.errorsOf(ctx, job.ID, rows[0].Row, rows[len(rows)-1].Row)
	if err != nil {
		return err
	}
	stored, err := r.vault.OpenKept(job.ID, rows)
	if err != nil {
		return err
	}
	cells := map[int][]string{}
	for n, kept := range stored {
		cells[n] = kept.Cells
	}
	if r.kinds.BySelection(job.Kind) {
		if cells, err = r.selectedCells(ctx, job, cells); err != nil {
			return err
		}
	}
	for _, row := range rows {
		if err := f.Write(row.Row, cells[row.Row], problems[row.Row], row.HadPassword == 1); err != nil {
			return err
		}
	}
	return nil
}

// errorsOf reads why rows of a job are refused, from first to last.
func (r *Reader) errorsOf(ctx context.Context, jobID, first, last int) (map[int][]*db.BulkJobProblem, error) {
	list, err := r.vault.ReadProblems(ctx, jobID, r.db.Client(ctx).BulkJobProblem.Query().
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
func (r *Reader) selectedCells(ctx context.Context, job *db.BulkJob, rows map[int][]string) (map[int][]string, error) {
	selector := r.kinds.Selector(job.Kind)
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
