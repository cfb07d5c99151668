package sheet

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/openhomeroom/homeroom/internal/csvfile"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// ID returns what a cell identifies somebody or something by, or "" if there is no such
// column, or if the cell is blank or holds a word for nothing.
func (r *Row) ID(column string) string {
	if cell := CleanID(r.Text(column)); !meansNothing(cell) {
		return cell
	}
	return ""
}

// CleanID returns an ID, a username or an address as a person sees and types it: without
// the marks by which spreadsheets keep a text from being a number, without invisible
// characters, and with the letters, digits and hyphens of a keyboard.
func CleanID(cell string) string {
	cell = roster.Clean(cell)
	if isPlainID(cell) {
		return cell
	}
	cell = roster.Clean(strings.Map(typed, fold.Visible(cell)))
	if inner, is := strings.CutPrefix(cell, `="`); is && strings.Count(inner, `"`) == 1 && strings.HasSuffix(inner, `"`) {
		cell = strings.TrimSuffix(inner, `"`)
	}
	if inner, is := unmarked(cell); is {
		cell = inner
	}
	if text, is := strings.CutPrefix(cell, "'"); is && text != "" {
		cell = text
	}
	return roster.Clean(cell)
}

// isPlainID reports whether a text is what nearly every ID is.
func isPlainID(cell string) bool {
	for i := range len(cell) {
		switch c := cell[i]; {
		case c < ' ', c > '~', c == '"', c == '\'', c == '`', c == '=':
			return false
		}
	}
	return true
}

// typed turns characters in full width, and hyphens that look like the one on a keyboard,
// into those of a keyboard.
func typed(c rune) rune {
	switch {
	case '！' <= c && c <= '～':
		return c - '！' + '!'
	case '‐' <= c && c <= '―', c == '−', c == '﹘', c == '﹣':
		return '-'
	}
	return c
}

// IsNothing reports whether a cell holds what programs and people write for no value.
func IsNothing(cell string) bool { return meansNothing(cell) }

// meansNothing reports whether a cell holds what programs and people write for no value. Real
// names are among these words, in another case.
func meansNothing(cell string) bool {
	if len(cell) > 16 || cell == "" {
		return false
	}
	switch strings.ToLower(cell) {
	case "null", "nil", "none", "na", "nan", "undefined", "unknown", "tbd", "n.a.", "n.a", "not available", "missing":
		return true
	}
	return isMarkForNothing(cell)
}

// isMarkForNothing is meansNothing without what may be a word, such as Null and Na.
func isMarkForNothing(cell string) bool {
	switch strings.ToLower(cell) {
	case "n/a", "#n/a", "(null)", "<null>", "(none)", "[null]", "(blank)", `\n`, "nan", "undefined", "n.a.", "n.a":
		return true
	}
	return cell != "" && strings.Trim(cell, "-–—_.?*/") == "" ||
		strings.HasPrefix(cell, "#") && csvfile.DamagedNumber(cell)
}

// HidesPassword reports whether a cell holds no password, but a word or signs in its place.
func HidesPassword(cell string) bool { return isMarkForNothing(cell) || isNameForNothing(cell) }

// isNameForNothing reports whether a name is a word for nothing. Null, None, Nil and Na are
// names of people, written like that; NULL and null are not.
func isNameForNothing(cell string) bool {
	switch cell {
	case "NULL", "null", "NIL", "nil", "NONE", "none", "NA", "na":
		return true
	}
	return false
}

var (
	counted = regexp.MustCompile(`^\d+[.,]0+$|^\d+[.,]$|^\d{1,3}(,\d{3})+([.]\d+)?$|^\d[.,]\d+[eE]\d+$`)
	clocked = regexp.MustCompile(`^\d{4}-\d\d-\d\d[ T]\d\d?:\d\d`)
)

// Damage is Damage for a cell, of which a workbook may say more than its text does.
func (r *Row) Damage(column string) (why, hint string) {
	switch r.flaw(column) {
	case csvfile.Imprecise:
		return "has more than the 15 digits that a spreadsheet program keeps of a number", hintDamaged
	case csvfile.Dated:
		return "is a date, which a spreadsheet program probably made out of what somebody typed", hintDamaged
	}
	return Damage(r.Text(column), CleanID(r.Text(column)))
}

// Damage says what is certainly wrong with an ID that is not on record, and what to do, or
// nothing. cell is the ID without marks; raw is what stands in the file.
func Damage(raw, cell string) (why, hint string) {
	if isPlainID(raw) && !strings.ContainsAny(raw, ".,:#eE") {
		return "", ""
	}
	switch {
	case csvfile.DamagedNumber(cell):
		return "is not what somebody typed; a spreadsheet program changed it", hintDamaged
	case counted.MatchString(cell):
		return "is a number with a fraction, a separator or an exponent, as a spreadsheet program writes it", hintDamaged
	case clocked.MatchString(cell):
		return "is a date with a time, as a spreadsheet program writes it", hintDamaged
	case strings.HasPrefix(cell, "="):
		return "is a formula", "Write the value itself."
	case strings.ContainsFunc(csvfile.Clean(raw), func(c rune) bool { return c != ' ' && unicode.IsSpace(c) }):
		return "has a space in it that nobody can type", "Delete the space, or type the value again."
	}
	return "", ""
}
