package workbook

import (
	"errors"
	"io"
	"strings"

	"github.com/openhomeroom/homeroom/internal/csvfile"
)

// sampled is how many rows are used to decide whether the first row is a header.
const sampled = 20

// inspect reads the whole table once.
func (b *Book) inspect() error {
	rows, err := b.rows(b.sheet)
	if err != nil {
		return err
	}
	defer rows.close()
	if err := b.header(rows); err != nil {
		return err
	}
	last, wide, several := b.format.HeaderRow, 0, 0
	for {
		err := rows.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if rows.blank() {
			continue
		}
		last = rows.row
		if b.format.Rows++; b.format.Rows <= sampled {
			wide++
			if filled(rows.cells) > 1 {
				several++
			}
		}
	}
	// A title above the table is often merged, but the title is the real problem.
	if err := csvfile.CheckHeader(b.format.Header, 2*several > wide); err != nil {
		return err
	}
	for _, cells := range rows.merged {
		if touches(cells, b.format.HeaderRow, last) {
			return mergedCells(cells)
		}
	}
	return nil
}

// header reads up to the first row that shows anything.
func (b *Book) header(rows *rows) error {
	for {
		err := rows.next()
		if errors.Is(err, io.EOF) {
			return damaged("The workbook changed while it was read.")
		}
		if err != nil {
			return err
		}
		if rows.blank() {
			continue
		}
		for _, c := range rows.cells {
			b.format.Header = append(b.format.Header, c.text)
		}
		b.format.HeaderRow, rows.above = rows.row, rows.row
		return nil
	}
}

func filled(cells []cell) int {
	n := 0
	for _, c := range cells {
		if c.text != "" || c.flaw != 0 {
			n++
		}
	}
	return n
}

// touches reports whether a range such as B2:B9 has a cell in the given rows. If cells is
// not a range, the answer is yes.
func touches(cells string, first, last int) bool {
	from, to, found := strings.Cut(cells, ":")
	if !found {
		to = from
	}
	_, top, ok1 := cellOf(from)
	_, bottom, ok2 := cellOf(to)
	return !ok1 || !ok2 || top <= last && bottom >= first
}

// Reader returns the records of the table, as csvfile.Reader does.
type Reader struct {
	book *Book
	rows *rows
	n    int64
	err  error
}

// NewReader returns a Reader at the first row under the header.
func (b *Book) NewReader() (*Reader, error) {
	rows, err := b.rows(b.sheet)
	if err != nil {
		return nil, err
	}
	r := &Reader{book: b, rows: rows}
	for rows.row < b.format.HeaderRow {
		if err := rows.next(); err != nil {
			return nil, endTooEarly(err)
		}
	}
	rows.above = b.format.HeaderRow
	return r, nil
}

// Next returns the next record, or io.EOF after the last one.
func (r *Reader) Next() (csvfile.Record, error) {
	for r.err == nil {
		r.err = r.rows.next()
		switch {
		case r.err == nil && !r.rows.blank():
			r.n++
			return r.record(), nil
		case r.err != nil:
			r.rows.close()
		}
		if errors.Is(r.err, io.EOF) && r.n != r.book.format.Rows {
			r.err = endTooEarly(io.EOF)
		}
	}
	return csvfile.Record{}, r.err
}

func (r *Reader) record() csvfile.Record {
	columns := len(r.book.format.Header)
	rec := csvfile.Record{Row: r.rows.place(), Cells: make([]string, columns), Missing: max(0, columns-len(r.rows.cells))}
	var beyond []string
	for i, c := range r.rows.cells {
		if i >= columns {
			beyond = append(beyond, c.text)
		}
		switch {
		case i < columns:
			rec.Cells[i] = c.text
			if c.flaw != 0 {
				rec.Flaws = append(rec.Flaws, csvfile.Flaw{Column: i, Kind: c.flaw})
			}
		case c.text != "" || c.flaw != 0:
			rec.Extra++
			rec.Beyond = beyond
		}
	}
	return rec
}

func endTooEarly(err error) error {
	if errors.Is(err, io.EOF) {
		return damaged("A part of the workbook ends too early.")
	}
	return err
}
