package sheet

import (
	"errors"
	"fmt"
	"io"

	"github.com/openhomeroom/homeroom/internal/csvfile"
	"github.com/openhomeroom/homeroom/internal/table"
)

// BatchReader reads the rows of a file that has been inspected, a batch at a time.
type BatchReader struct {
	Rows   table.Rows
	Most   int // At a time.
	Format csvfile.Format
	Layout *Layout
	n      int // Rows that have been read.
}

// batchBytes ends a batch early if its rows are long, because several batches are in
// memory at a time.
const batchBytes = 4 << 20

// Next returns the next rows, and io.EOF after the last ones if the file ended where
// it did the first time.
func (r *BatchReader) Next() ([]*Row, error) {
	left := int(r.Format.Rows) - r.n
	if left == 0 {
		_, err := r.Rows.Next()
		if err == nil {
			err = fmt.Errorf("a file has more than the %d rows that it had a moment ago", r.n)
		}
		return nil, err
	}
	batch := make([]*Row, 0, min(r.Most, left))
	for bytes := 0; len(batch) < cap(batch) && bytes < batchBytes; {
		rec, err := r.Rows.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil, fmt.Errorf("a file has %d rows instead of the %d that it had a moment ago", r.n, r.Format.Rows)
		case err != nil:
			return nil, err
		}
		r.n++
		for _, cell := range rec.Cells {
			bytes += len(cell)
		}
		row := NewRow(r.Layout, r.n, rec)
		if row == nil {
			return nil, otherHeader(rec.Row)
		}
		batch = append(batch, row)
	}
	return batch, nil
}

// BatchRows is how many rows are checked with one set of statements. MariaDB
// treats longer lists of values in another, slower way.
const BatchRows = 500
