package sheet

import (
	"strings"
	"unicode/utf8"

	"github.com/openhomeroom/homeroom/internal/csvfile"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/roster"
)

const hintDamagedText = "Open the list in a program that still shows its letters correctly, save it as CSV UTF-8 or " +
	"as a workbook, and upload that file."

// capital writes a word with one capital letter.
func capital(word string) string { return strings.ToUpper(word[:1]) + strings.ToLower(word[1:]) }

// Legible returns the name in a cell, given the recorded name, or "" if the cell must
// not be written. A name that lost letters when the file was saved in another encoding
// is treated like an id that a spreadsheet program has damaged. If it is certain what
// the cell held, there is a warning and the recorded name stays. If it is certain that
// this is not a name, the row is refused. If it only looks damaged, it may be meant,
// and there is a warning.
func (r *Row) Legible(column, current string) string {
	cell := roster.Clean(r.Text(column))
	if cell == current {
		return cell
	}
	switch {
	case isMarkForNothing(cell) && cell != ".": // With which people get past a column that they cannot fill in.
		return ""
	case isNameForNothing(cell) && current != "":
		r.Warn(column, row.Problemf(row.Required, "If it is the name, write it as "+capital(cell)+".",
			"Many programs write %s for no value, so %s stays as it is on record.", cell, current))
		return current
	case isNameForNothing(cell):
		r.Fail(column, row.Problemf(row.Required, "Write the name. If this is the name, write it as "+capital(cell)+".",
			"Many programs write %s for no value.", cell))
		return ""
	}
	raw := r.Text(column)
	if inner, is := unmarked(cell); is {
		raw = inner
		if cell = roster.Clean(inner); cell == current {
			return current
		}
	}
	if isTorn(cell) {
		r.Fail(column, row.Problemf(row.StrayQuote, hintStray,
			"The quotation marks in the name do not follow the rules of a CSV file, so it is unclear what was meant."))
		return ""
	}
	was, certain, possible := csvfile.Misread(raw)
	switch {
	case csvfile.LostLetters(current, cell), possible && roster.Clean(was) == current,
		csvfile.ReadOtherwise(current, cell):
		r.Warn(column,
			row.Problemf(row.DamagedText, hintDamagedText+" To change the name on purpose, edit it in the dashboard.",
				"Letters of the name were lost when the file was saved; the recorded name %s stays.", current))
		return current
	case csvfile.LostAccents(current, cell):
		r.Warn(column,
			row.Problemf(row.DamagedText, "To change the name on purpose, edit it in the dashboard.",
				"The name differs from the one on record by its accents alone; %s stays as it is on record.", current))
		return current
	case strings.ContainsRune(cell, utf8.RuneError):
		r.Fail(column, row.Problemf(row.DamagedText, hintDamagedText,
			"Letters of the name were lost when the file was saved: in their place is %q.", utf8.RuneError))
		return ""
	case certain:
		r.Fail(column,
			row.Problemf(row.DamagedText, hintDamagedText,
				"The file was saved in one encoding and read in another: the name was probably %s.", was))
		return ""
	case possible:
		r.Warn(column,
			row.Problemf(row.DamagedText, hintDamagedText,
				"The file may have been saved in one encoding and read in another: the name may have been %s.", was))
	case csvfile.LooksLost(cell, r.Layout.isPerson(column)):
		r.Warn(column,
			row.Problemf(row.DamagedText, hintDamagedText,
				"Letters of the name seem to have been lost when the file was saved."))
	}
	return cell
}
