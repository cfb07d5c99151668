package importer

import (
	"errors"
	"fmt"
	"io"

	"homeroom/internal/csvfile"
	"homeroom/internal/table"
)

// batchReader reads the rows of a file that has been inspected, a batch at a time.
type batchReader struct {
	rows   table.Rows
	most   int // At a time.
	format csvfile.Format
	layout *layout
	n      int // Rows that have been read.
}

// batchBytes ends a batch before it has all of its rows, where they are long: several
// batches are in memory at a time.
const batchBytes = 4 << 20

// next returns the next rows, and io.EOF after the last ones: when the file has
// ended where it did the first time.
func (r *batchReader) next() ([]*fileRow, error) {
	left := int(r.format.Rows) - r.n
	if left == 0 {
		_, err := r.rows.Next()
		if err == nil {
			err = fmt.Errorf("a file has more than the %d rows that it had a moment ago", r.n)
		}
		return nil, err
	}
	batch := make([]*fileRow, 0, min(r.most, left))
	for bytes := 0; len(batch) < cap(batch) && bytes < batchBytes; {
		rec, err := r.rows.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil, fmt.Errorf("a file has %d rows instead of the %d that it had a moment ago", r.n, r.format.Rows)
		case err != nil:
			return nil, err
		}
		r.n++
		for _, cell := range rec.Cells {
			bytes += len(cell)
		}
		row := newRow(r.layout, r.n, rec)
		if row == nil {
			return nil, otherHeader(rec.Row)
		}
		batch = append(batch, row)
	}
	return batch, nil
}

// batchRows is how many rows are checked with one set of statements. MariaDB
// treats longer lists of values in another, slower way.
const batchRows = 500
