package workbook

import (
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"
)

// rows reads a sheet row by row.
type rows struct {
	book *Book
	d    *decoder
	// row is the number of the current row, from 1, and cells are its cells.
	row   int
	cells []cell
	// bytes is how much text the current row has.
	bytes int
	// left and blanks are how much more text the sheet may have, and how many more blank
	// cells before others; the limits are those of a CSV file. A shared text, and a cell
	// far to the right, take next to no space in the file.
	left   int64
	blanks int
	// above is the row of the header, or 0 before it is known; messages need it.
	above int
	// merged lists the merged cells; it is complete at the end of the sheet.
	merged []string
	seen   bool // The rows have begun.
	inRows bool
}

func (b *Book) rows(part string) (*rows, error) {
	d, err := b.open(part, maxPart)
	return &rows{book: b, d: d, left: b.limits.Bytes, blanks: maxBlanks}, err
}

func (r *rows) close() { r.d.close() }

// next reads the next row that has any cells. It returns io.EOF when the sheet has been
// read to its end.
func (r *rows) next() error {
	for {
		token, err := r.d.next()
		if errors.Is(err, io.EOF) && !r.seen {
			return errDamaged
		}
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.StartElement:
			switch name := t.Name.Local; {
			case name == "sheetData" && r.seen:
				return errDamaged
			case name == "sheetData":
				r.seen, r.inRows = true, true
			case name == "row" && r.inRows:
				return r.readRow(t)
			case name == "mergeCell":
				if len(r.merged) == maxStyles {
					return damaged("The workbook has too many merged cells.")
				}
				// A valid range is never longer; anything else counts as one all the same.
				ref := attr(t, "ref")
				r.merged = append(r.merged, strings.Clone(ref[:min(len(ref), maxRange)]))
			case r.inRows:
				return errDamaged
			}
		case xml.EndElement:
			if t.Name.Local == "sheetData" {
				r.inRows = false
			}
		}
	}
}

// readRow reads the row that has just begun. Rows and cells may leave out their positions,
// but must not go back.
func (r *rows) readRow(e xml.StartElement) error {
	row := r.row + 1
	if place := attr(e, "r"); place != "" {
		n, err := strconv.Atoi(place)
		if err != nil || n < row {
			return damaged("The rows of the workbook are out of order.")
		}
		row = n
	}
	if row > maxRow {
		return damaged("The workbook has more rows than the format allows.")
	}
	r.row, r.cells, r.bytes = row, r.cells[:0], 0
	column := 0
	return r.d.inside(func(token xml.Token) error {
		e, is := token.(xml.StartElement)
		switch {
		case !is:
			return nil
		case e.Name.Local != "c":
			return r.d.skip()
		}
		if place := attr(e, "r"); place != "" {
			at, ok := columnOf(place, row)
			if !ok || at < column {
				return damaged("The cells of the workbook are out of order.")
			}
			column = at
		}
		if column >= maxColumn {
			return damaged("A row of the workbook has more cells than the format allows.")
		}
		c, err := r.readCell(e)
		if err == nil && c != (cell{}) {
			err = r.put(column, c)
		}
		column++
		return err
	})
}

// put adds a cell that shows something.
func (r *rows) put(column int, c cell) error {
	if most := r.book.limits.Columns; column >= most {
		return tooManyColumns(r.place(), most)
	}
	if r.bytes += len(c.text); r.bytes > r.book.limits.RowBytes {
		return rowTooLarge(r.place(), r.book.limits.RowBytes)
	}
	r.left -= int64(len(c.text))
	r.blanks -= max(0, column-len(r.cells))
	if r.left < 0 || r.blanks < 0 {
		return unpacked()
	}
	for len(r.cells) < column {
		r.cells = append(r.cells, cell{})
	}
	r.cells = append(r.cells, c)
	return nil
}

// place returns the number of the current row as messages count it.
func (r *rows) place() int {
	if r.above == 0 {
		return 0
	}
	return r.row - r.above
}

// blank reports whether no cell of the current row shows anything.
func (r *rows) blank() bool {
	for _, c := range r.cells {
		if c != (cell{}) && (c.text != "" || c.flaw != 0) {
			return false
		}
	}
	return true
}

// columnOf returns the column, from 0, of a cell reference such as AB12 in a row.
func columnOf(place string, row int) (int, bool) {
	column, at, ok := cellOf(place)
	return column, ok && at == row
}

// cellOf returns the column, from 0, and the row, from 1, of a cell reference.
func cellOf(place string) (column, row int, ok bool) {
	place = strings.ReplaceAll(place, "$", "")
	letters := strings.TrimRight(place, "0123456789")
	if letters == "" || len(letters) > 3 || len(place)-len(letters) > 7 {
		return 0, 0, false
	}
	for _, c := range strings.ToUpper(letters) {
		if c < 'A' || c > 'Z' {
			return 0, 0, false
		}
		column = 26*column + int(c-'A') + 1
	}
	row, err := strconv.Atoi(place[len(letters):])
	return column - 1, row, err == nil && row > 0 && column <= maxColumn
}
