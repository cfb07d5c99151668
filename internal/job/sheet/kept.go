package sheet

import (
	"slices"

	"github.com/openhomeroom/homeroom/internal/field"
)

// leftOut replaces a cell beyond the last column that may hold a password. It is not
// blank, so the row is refused again until somebody has corrected it.
const leftOut = "(left out)"

// Kept is a refused row as it is kept.
type Kept struct {
	Number, N int
	Cells     []string // Without the password; those beyond the last column at the end.
	Extra     int
	// Also holds values of columns that the file does not have, by name.
	Also        map[string]string
	Password    string // Empty if there is none, or if it is unknown which cell it is.
	HadPassword bool
	Corrected   bool // And not refused any more.
	By          []int
	Outside     bool
}

// Keep removes the passwords from the cells of a row. A column whose header mentions
// passwords holds some, whether or not it is read. In a row that has shifted to the
// right it is unknown how far, so everything from the password on is left out.
func (r *Row) Keep() *Kept {
	kept := &Kept{
		Number:  r.Number,
		N:       r.N,
		Cells:   slices.Concat(r.Cells, r.Beyond),
		Extra:   len(r.Beyond),
		By:      r.By,
		Outside: r.Outside,
	}
	for _, f := range r.Flaws {
		// What a spreadsheet program has made of a cell must not look like text in the
		// file that is given back.
		if f.Column < len(r.Cells) && r.refusedAtPosition(f.Column) {
			kept.Cells[f.Column] = ""
		}
	}
	for _, at := range r.Layout.secret {
		last := at
		if kept.Extra > 0 {
			last = len(kept.Cells) - 1
		} else if at == r.Layout.Index[field.ColPassword] && r.Layout.Has(field.ColPassword) {
			kept.Password = r.Cells[at]
		}
		for i := at; i <= last && i < len(kept.Cells); i++ {
			if kept.Cells[i] == "" {
				continue
			}
			kept.HadPassword = true
			kept.Cells[i] = ""
			if i >= len(r.Cells) {
				kept.Cells[i] = leftOut
			}
		}
	}
	return kept
}

// refusedAtPosition reports whether the row is refused because of a cell.
func (r *Row) refusedAtPosition(at int) bool {
	for column, i := range r.Layout.Index {
		if i == at {
			return r.RefusedAt(column)
		}
	}
	return false
}

// KeptAs returns the row as it is stored. Values that were added to the columns of the
// file are stored apart.
func (r *Row) KeptAs(headers int) *Kept {
	kept := r.Keep()
	kept.Corrected = !r.Refused
	for column, at := range r.Layout.Index {
		if at >= headers && kept.Cells[at] != "" {
			if kept.Also == nil {
				kept.Also = map[string]string{}
			}
			kept.Also[column] = kept.Cells[at]
		}
	}
	kept.Cells = kept.Cells[:headers]
	return kept
}
