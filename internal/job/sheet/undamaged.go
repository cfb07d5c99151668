package sheet

import (
	"strings"
	"unicode/utf8"

	"github.com/openhomeroom/homeroom/internal/csvfile"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// Spoiled reports whether cell is what a spreadsheet program makes from a stored ID:
// leading zeros dropped, or digits after the fifteenth turned into zeros.
func Spoiled(stored, cell string) bool {
	if stored == cell || !allDigits(stored) || !allDigits(cell) {
		return false
	}
	trimmed := stored
	for len(trimmed) > 1 && trimmed[0] == '0' {
		trimmed = trimmed[1:]
	}
	if trimmed == cell {
		return true
	}
	return len(stored) == len(cell) && len(stored) > 15 && stored[:15] == cell[:15] && allZeros(cell[15:])
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func allZeros(s string) bool {
	for i := range len(s) {
		if s[i] != '0' {
			return false
		}
	}
	return true
}

const hintDamaged = "Format the column as text in your spreadsheet program, and enter the right value."

// Undamaged returns the value of a cell that identifies somebody, given the recorded
// value, or "" if the cell must not be written. A value that a spreadsheet program has
// damaged is never written. If it is certain what the cell held, there is a warning
// and the recorded value stays; otherwise the row is refused.
func (r *Row) Undamaged(column, current string) string {
	raw := r.Text(column)
	cell := roster.Clean(raw)
	if cell != current {
		cell = CleanID(cell)
	}
	flaw := r.flaw(column)
	if cell != current && flaw == 0 {
		if why, hint := Damage(raw, cell); why != "" {
			r.Fail(column, row.Problemf(row.DamagedID, hint, "%s %s.", column, why))
			return ""
		}
	}
	damaged := csvfile.DamagedNumber(cell) || flaw == csvfile.Imprecise || flaw == csvfile.Dated
	switch {
	case cell == "":
	case csvfile.LostLetters(current, cell):
		r.Warn(column,
			row.Problemf(row.DamagedID, hintDamagedText,
				"Letters of %s were lost when the file was saved; the recorded value %s stays.", current, column))
		return current
	case strings.ContainsRune(cell, utf8.RuneError):
		r.Fail(column,
			row.Problemf(row.DamagedID, hintDamagedText, "Letters of %s were lost when the file was saved.", column))
		return ""
	case damaged && cell == current:
		r.Warn(column,
			row.Problemf(row.DamagedID, hintDamaged,
				"%s looks like a number that a spreadsheet program damaged, but it is the recorded value.", column))
	case current != "" && flaw == csvfile.Imprecise && Spoiled(current, cell):
		r.Warn(column,
			row.Problemf(row.DamagedID, hintDamaged, "A spreadsheet program shortened %s; the recorded value %s stays.",
				current, column))
		return current
	case flaw == csvfile.Imprecise:
		r.Fail(column,
			row.Problemf(row.DamagedID, hintDamaged,
				"A spreadsheet program keeps only 15 digits of a number, so %s may differ from the number that somebody "+
					"typed.", column))
		return ""
	case flaw == csvfile.Dated:
		r.Fail(column,
			row.Problemf(row.DamagedID, hintDamaged,
				"The cell holds a date. A spreadsheet program probably made it out of what somebody typed."))
		return ""
	case damaged:
		r.Fail(column,
			row.Problemf(row.DamagedID, hintDamaged,
				"%s is not what somebody typed; a spreadsheet program changed it.", column))
		return ""
	case current != "" && Spoiled(current, cell):
		r.Warn(column, row.Problemf(row.DamagedID, "To change it on purpose, edit it in the dashboard.",
			"A spreadsheet program seems to have shortened %s; the recorded value %s stays.", current, column))
		return current
	case cell != current && csvfile.DatedID(cell):
		r.Warn(column,
			row.Problemf(row.DamagedID, hintDamaged,
				"%s looks like a date that a spreadsheet program made out of something like 1-2.", column))
	}
	return cell
}
