package job

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/csvfile"
	"github.com/openhomeroom/homeroom/internal/job/absence"
	"github.com/openhomeroom/homeroom/internal/job/columns"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/table"
)

// rowsOfFile reads the rows of a job's file again, in order and only as far as needed.
type rowsOfFile struct {
	s      *Service
	job    *db.BulkJob
	limits csvfile.Limits
	reader table.Rows
	layout *sheet.Layout
	// ids are the students of a selection; the only cell of a row is one of them.
	ids []int
	n   int
	// next is a row that has been read and comes after the requested ones.
	next *sheet.Row
}

func (s *Service) rowsOf(job *db.BulkJob) *rowsOfFile {
	return &rowsOfFile{s: s, job: job, limits: s.limits}
}

// open begins to read. The format is known from the verification.
func (f *rowsOfFile) open(ctx context.Context) (err error) {
	if f.s.kinds.BySelection(f.job.Kind) {
		f.layout = &sheet.Layout{Format: &f.s.kinds.About(f.job.Kind).Format}
		f.ids, err = f.s.selected(ctx, f.job.ID)
		return err
	}
	format := csvfile.Format{
		Encoding:   csvfile.Encoding(f.job.Encoding),
		Delimiter:  csvfile.Delimiter(f.job.Delimiter),
		LineEnding: csvfile.LineEnding(f.job.LineEnding),
		Rows:       int64(absence.FileRows(f.job)),
		Header:     f.job.Headers,
	}
	open := func() (io.Reader, error) { return f.s.vault.File(ctx, f.job.ID) }
	if f.reader, err = table.Again(open, format, f.limits); err != nil {
		return fmt.Errorf("read the file of job %d again: %w", f.job.ID, err)
	}
	var refusal *row.Problem
	if f.layout, refusal = f.s.formats.ReadHeaderAs(f.job.Kind, f.job.Headers, columns.List(f.job)); refusal != nil {
		return fmt.Errorf("read the file of job %d again: %s", f.job.ID, refusal.Message)
	}
	return nil
}

// read returns the next row, or io.EOF.
func (f *rowsOfFile) read(ctx context.Context) (*sheet.Row, error) {
	if r := f.next; r != nil {
		f.next = nil
		return r, nil
	}
	if f.reader == nil && f.ids == nil {
		if err := f.open(ctx); err != nil {
			return nil, err
		}
	}
	if f.ids != nil {
		if f.n == len(f.ids) {
			return nil, io.EOF
		}
		f.n++
		return &sheet.Row{Number: f.n, N: f.n, Layout: f.layout, Cells: []string{strconv.Itoa(f.ids[f.n-1])}}, nil
	}
	rec, err := f.reader.Next()
	if err != nil {
		return nil, err
	}
	f.n++
	return sheet.NewRow(f.layout, f.n, rec), nil
}

// between returns the rows from first to last, by number. Those before first are
// passed over, and cannot be asked for afterwards.
func (f *rowsOfFile) between(ctx context.Context, first, last int) (map[int]*sheet.Kept, error) {
	kept := map[int]*sheet.Kept{}
	for {
		r, err := f.read(ctx)
		switch {
		case errors.Is(err, io.EOF):
			return kept, nil
		case err != nil:
			return nil, err
		case r.Number > last:
			f.next = r
			return kept, nil
		case r.Number < first:
		default:
			kept[r.Number] = r.Keep()
		}
	}
}

// refusedIn returns some rows of a job as its file has them.
func (s *Service) refusedIn(ctx context.Context, job *db.BulkJob, rows map[int]bool) ([]*sheet.Kept, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	numbers := slices.Sorted(maps.Keys(rows))
	found, err := s.rowsOf(job).between(ctx, numbers[0], numbers[len(numbers)-1])
	var kept []*sheet.Kept
	for _, n := range numbers {
		if found[n] != nil {
			kept = append(kept, found[n])
		}
	}
	return kept, err
}
