package job

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjobproblem"
	"github.com/openhomeroom/homeroom/ent/db/bulkjobrefusedrow"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/field"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/job/vault"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

var errNoRow = fault.NotFoundf("there is no such row in the upload").At("row")

// keptRow returns a row that is kept, or nil.
func (s correction) keptRow(ctx context.Context, job *db.BulkJob, row int) (*db.BulkJobRefusedRow, error) {
	kept, err := s.db.Client(ctx).BulkJobRefusedRow.Query().
		Where(bulkjobrefusedrow.JobID(job.ID), bulkjobrefusedrow.Row(row)).
		Only(viewer.AsSystem(ctx, "row of a job that the viewer sees"))
	if db.IsNotFound(err) {
		return nil, nil
	}
	return kept, err
}

// rowToCorrect returns a row as it is now, in the layout of its file. A row that was not
// kept is read from the file, unless it is refused: then somebody was erased from it, and
// must not come back from the file.
func (s correction) rowToCorrect(ctx context.Context, job *db.BulkJob, l *sheet.Layout, row int) (*sheet.Row, error) {
	kept, err := s.keptRow(ctx, job, row)
	if err != nil {
		return nil, err
	}
	if kept != nil {
		return s.rowOfKept(job.ID, l, kept)
	}
	if refused, err := s.refusedAmong(ctx, job.ID, []int{row}); err != nil || refused[row] {
		return nil, cmp.Or(err, error(errNoRow))
	}
	file, done, err := s.readToCorrect(ctx, job)
	if err != nil {
		return nil, err
	}
	defer done()
	for {
		r, err := file.Read(ctx)
		switch {
		case isEnd(err), err == nil && r.Number > row:
			return nil, errNoRow
		case err != nil:
			return nil, err
		case r.Number == row:
			return r, nil
		}
	}
}

// refusedAmong returns which of some rows are refused.
func (s correction) refusedAmong(ctx context.Context, jobID int, rows []int) (map[int]bool, error) {
	system := viewer.AsSystem(ctx, "rows of a job that the viewer corrects")
	refused := map[int]bool{}
	for chunk := range slices.Chunk(rows, bulk.StatementRows) {
		found, err := s.db.Client(ctx).BulkJobProblem.Query().
			Where(bulkjobproblem.JobID(jobID), bulkjobproblem.RowIn(chunk...),
				bulkjobproblem.SeverityEQ(bulkjobproblem.SeverityERROR)).
			Select(bulkjobproblem.FieldRow).Ints(system)
		if err != nil {
			return nil, err
		}
		for _, n := range found {
			refused[n] = true
		}
	}
	return refused, nil
}

// rowOfKept makes a row from a kept row.
func (s correction) rowOfKept(jobID int, l *sheet.Layout, kept *db.BulkJobRefusedRow) (*sheet.Row, error) {
	stored, err := s.vault.OpenKept(jobID, []*db.BulkJobRefusedRow{kept})
	if err != nil {
		return nil, err
	}
	cells := stored[kept.Row]
	r := &sheet.Row{Number: kept.Row, N: kept.N, Layout: l, Cells: cells.Cells, By: cells.By}
	if kept.Extra > 0 {
		// It is unclear which cell belongs to which column.
		r.Cells = make([]string, len(cells.Cells)-kept.Extra)
	}
	for _, name := range slices.Sorted(maps.Keys(cells.Also)) {
		r.Put(name, cells.Also[name])
	}
	if len(kept.Password) > 0 {
		passwords, err := s.vault.SealOf(jobID, vault.ForPasswords)
		if err != nil {
			return nil, err
		}
		plain, err := passwords.Open(kept.Row, kept.Password)
		if err != nil {
			return nil, err
		}
		r.Put(field.ColPassword, string(plain))
	}
	return r, nil
}
