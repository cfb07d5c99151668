package importer

import "slices"

// leftOut stands in the place of a cell beyond the last column that may hold a
// password. It is no blank, so that the row is refused again until somebody has
// mended it.
const leftOut = "(left out)"

// refusedRow is a refused row as it is kept.
type refusedRow struct {
	row, n int
	cells  []string // Without the password; those beyond the last column at the end.
	extra  int
	// also holds values of columns that the file does not have, by name.
	also        map[string]string
	password    string // Empty where there is none, or nobody can know which cell it is.
	hadPassword bool
	corrected   bool // And not refused any more.
	by          []int
	outside     bool
}

// keep takes the passwords out of the cells of a row. A column whose header
// speaks of passwords holds some, whether or not the importer reads it. In a row
// that has slipped to the right nobody knows how far, so whatever stands there or
// behind it is left out.
func (r *fileRow) keep() *refusedRow {
	kept := &refusedRow{row: r.Row, n: r.N, cells: slices.Concat(r.cells, r.beyond), extra: len(r.beyond), by: r.by, outside: r.outside}
	for _, f := range r.flaws {
		// What a spreadsheet program has made of a cell must not pass for text in the
		// file that is given back.
		if f.Column < len(r.cells) && r.refusedAtPosition(f.Column) {
			kept.cells[f.Column] = ""
		}
	}
	for _, at := range r.layout.secret {
		last := at
		if kept.extra > 0 {
			last = len(kept.cells) - 1
		} else if at == r.layout.index[colPassword] && r.layout.has(colPassword) {
			kept.password = r.cells[at]
		}
		for i := at; i <= last && i < len(kept.cells); i++ {
			if kept.cells[i] == "" {
				continue
			}
			kept.hadPassword = true
			kept.cells[i] = ""
			if i >= len(r.cells) {
				kept.cells[i] = leftOut
			}
		}
	}
	return kept
}

// refusedAtPosition reports whether the row is refused because of a cell.
func (r *fileRow) refusedAtPosition(at int) bool {
	for column, i := range r.layout.index {
		if i == at {
			return r.refusedAt(column)
		}
	}
	return false
}

// keptAs returns the row as it is kept. What was added to the columns of the file
// stands apart.
func (r *fileRow) keptAs(headers int) *refusedRow {
	kept := r.keep()
	kept.corrected = !r.refused
	for column, at := range r.layout.index {
		if at >= headers && kept.cells[at] != "" {
			if kept.also == nil {
				kept.also = map[string]string{}
			}
			kept.also[column] = kept.cells[at]
		}
	}
	kept.cells = kept.cells[:headers]
	return kept
}
