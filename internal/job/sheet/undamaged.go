package sheet

import (
	"github.com/openhomeroom/homeroom/internal/csvfile"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// Spoiled reports whether cell is what a spreadsheet program makes of a stored
// id: leading zeros dropped, or digits after the fifteenth turned into zeros.
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

const hintDamaged = "Format the column as text in your spreadsheet program, and put the right value there."

// Undamaged returns the value of a cell that identifies somebody, given what is
// on record, or "" where the cell must not be written. What a spreadsheet
// program has damaged is never written: where it is certain what the cell held
// it is a warning and the value on record stays, otherwise the row is refused.
func (r *Row) Undamaged(column, current string) string {
	cell := roster.Clean(r.Text(column))
	flaw := r.flaw(column)
	damaged := csvfile.DamagedNumber(cell) || flaw == csvfile.Imprecise || flaw == csvfile.Dated
	switch {
	case cell == "":
	case csvfile.LostLetters(current, cell):
		r.Warn(column,
			row.Problemf(row.DamagedID, hintDamagedText,
				"Letters of %s were lost when the file was saved; %s stays as it is on record.", current, column))
		return current
	case damaged && cell == current:
		r.Warn(column,
			row.Problemf(row.DamagedID, hintDamaged,
				"%s looks like a number that a spreadsheet program has damaged, but it is what is on record.", column))
	case current != "" && flaw == csvfile.Imprecise && Spoiled(current, cell):
		r.Warn(column,
			row.Problemf(row.DamagedID, hintDamaged, "A spreadsheet program has shortened %s; %s stays as it is on record.",
				current, column))
		return current
	case flaw == csvfile.Imprecise:
		r.Fail(column,
			row.Problemf(row.DamagedID, hintDamaged,
				"A spreadsheet program keeps only 15 digits of a number, so %s may be another one than somebody typed.", column))
		return ""
	case flaw == csvfile.Dated:
		r.Fail(column,
			row.Problemf(row.DamagedID, hintDamaged,
				"The cell holds a date, which is not what somebody typed but what a spreadsheet program has made of it."))
		return ""
	case damaged:
		r.Fail(column,
			row.Problemf(row.DamagedID, hintDamaged,
				"%s is not what somebody typed but what a spreadsheet program has made of it.", column))
		return ""
	case current != "" && Spoiled(current, cell):
		r.Warn(column, row.Problemf(row.DamagedID, "To change it on purpose, edit it in the dashboard.",
			"A spreadsheet program seems to have shortened %s; %s stays as it is on record.", current, column))
		return current
	case cell != current && csvfile.DatedID(cell):
		r.Warn(column,
			row.Problemf(row.DamagedID, hintDamaged,
				"%s looks like a day that a spreadsheet program has made of something like 1-2.", column))
	}
	return cell
}
