package sheet

import (
	"slices"
	"strings"

	"github.com/openhomeroom/homeroom/internal/csvfile"
	"github.com/openhomeroom/homeroom/internal/field"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/quote"
)

const hintSlipped = "If a cell holds the separator, put quotation marks around it."

// refuseSlipped refuses a row with one cell more than the header. A separator that should
// have been quoted cuts a cell in two, and moves all later cells under the next header.
func (r *Row) refuseSlipped(rec csvfile.Record) {
	switch {
	case rec.Extra > 0:
		// Every cell may be under a wrong header, so none is shown or used.
		r.Fail("", row.Problemf(row.ExtraCells, hintSlipped+" Otherwise delete what is to the right of the last column.",
			"The row has more cells than the first row has column names, so cells may be in the wrong column."))
	case rec.Trailing > 0 && r.mayHaveSlipped():
		r.Fail("", row.Problemf(row.ExtraCells, hintSlipped+" Otherwise delete the separator at the end of the row.",
			"The row has more cells than the first row has column names. The last one is blank, but others may be in the "+
				"wrong column."))
	default:
		for _, column := range []string{field.ColUsername, field.ColPassword} {
			if isSuffix(r.Cell(column)) {
				r.Fail("", row.Problemf(row.ExtraCells, hintSlipped,
					"The column %s holds what belongs behind a last name, so cells seem to be in the wrong column.", column))
				return
			}
		}
	}
}

// free are the columns in which nothing shows that a value belongs to another column: a
// grade or the name of a school is refused in the wrong column, but a name is not.
var free = []string{field.ColStudentID, field.ColExternalID, field.ColFirstName, field.ColLastName, field.ColUsername,
	field.ColPassword, field.ColName}

// mayHaveSlipped reports whether a value may be in the wrong column without anything else
// in the row to show it. A value farther right that must be a known one, such as a grade,
// would show it, because it has moved as well.
func (r *Row) mayHaveSlipped() bool {
	lastFree, lastKnown := -1, -1
	for column, at := range r.Layout.Index {
		switch {
		case r.Cell(column) == "":
		case slices.Contains(free, column):
			lastFree = max(lastFree, at)
		default:
			lastKnown = max(lastKnown, at)
		}
	}
	return lastFree > lastKnown
}

// suffixes are what may follow a last name and a comma.
var suffixes = []string{"jr", "sr", "ii", "iii", "iv", "phd", "md", "esq", "edd", "ma", "med"}

func isSuffix(cell string) bool {
	return len(cell) <= 6 && slices.Contains(suffixes, strings.ToLower(strings.ReplaceAll(cell, ".", "")))
}

// Slipped refuses a row about somebody on record if one of that person's values is in the
// column to the right of its own, and something else is in its place.
func Slipped[T any](r *Row, fields field.Table[T], on *T) bool {
	if on == nil {
		return false
	}
	for _, f := range fields {
		at, read := r.Layout.Index[f.File.Name]
		if !read || at+1 >= len(r.Cells) || f.Reading == field.Plain || r.Layout.split[f.File.Name] != nil {
			continue
		}
		own, cell, next := f.Text(on), r.Cells[at], r.Cells[at+1]
		if cell == "" || cell == own || next != own || own == "" {
			continue
		}
		if slices.ContainsFunc(fields, func(o *field.Field[T]) bool {
			return o.File.Name != "" && r.Layout.Has(o.File.Name) && r.Layout.Index[o.File.Name] == at+1 && o.Text(on) == cell
		}) {
			continue // Two values have changed places, and nothing has moved.
		}
		r.Fail("", row.Problemf(row.ExtraCells, hintSlipped+" If the change is meant, make it in the dashboard.",
			"The %s on record, %s, stands one column to the right of its own, so cells seem to be in the wrong column.",
			f.Is, quote.Text(own)))
		return true
	}
	return false
}
