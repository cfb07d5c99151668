package sheet

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/openhomeroom/homeroom/internal/csvfile"
	"github.com/openhomeroom/homeroom/internal/field"
	"github.com/openhomeroom/homeroom/internal/job/row"
)

const hintStray = `Write a quotation mark inside a cell twice, as in "Ann ""Annie""", or save the list as a workbook.`

// marks are pairs of marks that people and programs put around a cell, although the rules
// of CSV know only straight double ones. Some use one mark for both sides.
var marks = []struct{ open, close string }{
	{"“", "”"}, {"”", "”"}, {"„", "“"}, {"„", "”"}, {"«", "»"}, {"»", "«"}, {"‹", "›"}, {"›", "‹"}, {"‘", "’"}, {"’", "’"},
	{"‚", "‘"}, {"'", "'"}, {"`", "`"}, {"`", "'"}, {"´", "´"}, {"＂", "＂"},
}

// unmarked returns the content of a cell between such a pair.
func unmarked(cell string) (inner string, is bool) {
	first, n := utf8.DecodeRuneInString(cell)
	if n == len(cell) || unicode.IsLetter(first) || unicode.IsDigit(first) {
		return cell, false // As nearly every cell.
	}
	for _, m := range marks {
		within, opens := strings.CutPrefix(cell, m.open)
		within, closes := strings.CutSuffix(within, m.close)
		if !opens || !closes || within == "" {
			continue
		}
		if m.open == m.close {
			within = strings.ReplaceAll(within, m.open+m.open, m.open)
		}
		return csvfile.Clean(within), true
	}
	return cell, false
}

// ids are the columns in which a program puts marks around the value only if it puts them
// around all values.
var ids = []string{field.ColDatabaseID, field.ColStudentID, field.ColExternalID, field.ColPerson}

// refuseStray removes marks that a program has put around every cell of a row, and refuses
// a row in which it is unclear where a cell begins or ends.
func (r *Row) refuseStray(rec csvfile.Record) {
	if rec.StrayQuote {
		r.Fail("", row.Problemf(row.StrayQuote, hintStray,
			"A cell goes on behind the quotation mark that ends it, so it is unclear where it ends."))
		return
	}
	opened := ""
	for i, cell := range r.Cells {
		if cell == "" {
			continue
		}
		first, _ := utf8.DecodeRuneInString(cell)
		last, _ := utf8.DecodeLastRuneInString(cell)
		if (unicode.IsLetter(first) || unicode.IsDigit(first)) && (unicode.IsLetter(last) || unicode.IsDigit(last)) {
			continue // As nearly every cell.
		}
		if _, is := unmarked(cell); is {
			continue
		}
		if opened != "" && strings.HasSuffix(cell, opened) {
			r.Fail("", row.Problemf(row.StrayQuote,
				`Put straight double quotation marks (") around a cell that holds the separator, or save the list as a workbook.`,
				"A quotation mark that a cell begins with ends in a cell farther right, so cells may be in the wrong column."))
			return
		}
		for _, m := range marks {
			if strings.HasPrefix(cell, m.open) && i < len(r.Cells)-1 {
				opened = m.close
				break
			}
		}
	}
	for _, column := range ids {
		if _, is := unmarked(r.Cell(column)); is {
			r.takeOffMarks()
			return
		}
	}
}

// takeOffMarks removes the marks from all cells of a row. Nobody would see how a password
// changes, so a person who knows the password has to remove the marks around it.
func (r *Row) takeOffMarks() {
	for column, at := range r.Layout.Index {
		inner, is := unmarked(r.Cells[at])
		switch {
		case !is:
		case r.Layout.isSecret(column):
			r.Fail(column, row.Problemf(row.StrayQuote,
				`Delete the marks in the whole file, or replace them by straight double quotation marks (").`,
				"The row has quotation marks of another kind around its cells, also around the password."))
		default:
			r.Cells[at] = inner
		}
	}
}

// isTorn reports whether the quotation marks in a name are what remains of a cell that was
// not quoted correctly: marks inside a word, doubled marks, or a mark without its other
// half. After a number, a mark may mean inches.
func isTorn(name string) bool {
	if !strings.Contains(name, `"`) {
		return false
	}
	runes := []rune(name)
	at := func(i int) rune {
		if i < 0 || i >= len(runes) {
			return ' '
		}
		return runes[i]
	}
	marks := 0
	for i, c := range runes {
		if c != '"' {
			continue
		}
		marks++
		if unicode.IsLetter(at(i-1)) && unicode.IsLetter(at(i+1)) || at(i+1) == '"' {
			return true
		}
	}
	return marks%2 == 1 && (runes[0] == '"' || at(len(runes)-1) == '"' && !unicode.IsDigit(at(len(runes)-2)))
}
