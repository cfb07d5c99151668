// Package original reads the rows of a job again, as its file or its selection has them.
package original

import (
	"bufio"
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
	"github.com/openhomeroom/homeroom/internal/job/kind"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/job/vault"
	"github.com/openhomeroom/homeroom/internal/table"
)

// Files are the files of jobs.
type Files struct {
	vault   *vault.Vault
	kinds   kind.Table
	formats sheet.Formats
	limits  csvfile.Limits
}

// NewFiles returns the files in a vault.
func NewFiles(v *vault.Vault, kinds kind.Table, formats sheet.Formats, limits csvfile.Limits) *Files {
	return &Files{v, kinds, formats, limits}
}

// Rows reads the rows of a job, in order and only as far as needed.
type Rows struct {
	// Limits limit the file.
	Limits csvfile.Limits

	files  *Files
	job    *db.BulkJob
	reader table.Rows
	layout *sheet.Layout
	// ids are the students of a selection; the only cell of a row is one of them.
	ids []int
	n   int
	// next is a row that has been read and comes after the requested ones.
	next *sheet.Row
}

// Of returns the rows of a job from the first one on.
func (f *Files) Of(job *db.BulkJob) *Rows { return &Rows{Limits: f.limits, files: f, job: job} }

// open begins to read. The format is known from the verification.
func (r *Rows) open(ctx context.Context) (err error) {
	if r.files.kinds.BySelection(r.job.Kind) {
		r.layout = &sheet.Layout{Format: &r.files.kinds.About(r.job.Kind).Format}
		r.ids, err = r.files.Selected(ctx, r.job.ID)
		return err
	}
	format := csvfile.Format{
		Encoding:   csvfile.Encoding(r.job.Encoding),
		Delimiter:  csvfile.Delimiter(r.job.Delimiter),
		LineEnding: csvfile.LineEnding(r.job.LineEnding),
		Rows:       int64(absence.FileRows(r.job)),
		Header:     r.job.Headers,
	}
	open := func() (io.Reader, error) { return r.files.vault.File(ctx, r.job.ID) }
	if r.reader, err = table.Again(open, format, r.Limits); err != nil {
		return fmt.Errorf("read the file of job %d again: %w", r.job.ID, err)
	}
	var refusal *row.Problem
	if r.layout, refusal = r.files.formats.ReadHeaderAs(r.job.Kind, r.job.Headers, columns.List(r.job)); refusal != nil {
		return fmt.Errorf("read the file of job %d again: %s", r.job.ID, refusal.Message)
	}
	return nil
}

// Read returns the next row, or io.EOF.
func (r *Rows) Read(ctx context.Context) (*sheet.Row, error) {
	if next := r.next; next != nil {
		r.next = nil
		return next, nil
	}
	if r.reader == nil && r.ids == nil {
		if err := r.open(ctx); err != nil {
			return nil, err
		}
	}
	if r.ids != nil {
		if r.n == len(r.ids) {
			return nil, io.EOF
		}
		r.n++
		return &sheet.Row{Number: r.n, N: r.n, Layout: r.layout, Cells: []string{strconv.Itoa(r.ids[r.n-1])}}, nil
	}
	rec, err := r.reader.Next()
	if err != nil {
		return nil, err
	}
	r.n++
	return sheet.NewRow(r.layout, r.n, rec), nil
}

// Between returns the rows from first to last, by number. Those before first are
// passed over, and cannot be asked for afterwards.
func (r *Rows) Between(ctx context.Context, first, last int) (map[int]*sheet.Kept, error) {
	kept := map[int]*sheet.Kept{}
	for {
		next, err := r.Read(ctx)
		switch {
		case errors.Is(err, io.EOF):
			return kept, nil
		case err != nil:
			return nil, err
		case next.Number > last:
			r.next = next
			return kept, nil
		case next.Number < first:
		default:
			kept[next.Number] = next.Keep()
		}
	}
}

// Some returns some rows of a job, by number, as its file has them.
func (f *Files) Some(ctx context.Context, job *db.BulkJob, rows map[int]bool) ([]*sheet.Kept, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	numbers := slices.Sorted(maps.Keys(rows))
	found, err := f.Of(job).Between(ctx, numbers[0], numbers[len(numbers)-1])
	var kept []*sheet.Kept
	for _, n := range numbers {
		if found[n] != nil {
			kept = append(kept, found[n])
		}
	}
	return kept, err
}

// Selected reads the keys of the students of a job, in the order of its rows.
func (f *Files) Selected(ctx context.Context, jobID int) ([]int, error) {
	file, err := f.vault.File(ctx, jobID)
	if err != nil {
		return nil, err
	}
	var ids []int
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		id, err := strconv.Atoi(lines.Text())
		if err != nil {
			return nil, fmt.Errorf("the selection of job %d: %w", jobID, err)
		}
		ids = append(ids, id)
	}
	if err := lines.Err(); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return ids, nil
}
