package csvfile

import (
	"strings"
	"unicode/utf8"
)

// GuardFormula makes a cell safe to open in a spreadsheet program, by putting
// an apostrophe before a text that the program would run: one that begins with
// an equals sign, plus, minus or at sign (also in full width, which some
// languages of Excel run as well), with a tab, or with a line break. A name such
// as -Ana is guarded too; there is no telling it from a formula.
//
// So that the way back is exact, a text that begins with apostrophes followed by
// such a character gets one more. All others, such as 't Hooft, are left alone.
// UnguardFormula(GuardFormula(s)) is s for every string.
//
// The guard protects cells. It cannot protect a person who opens the file with
// another delimiter than the one it was written with.
func GuardFormula(s string) string {
	if startsFormula(strings.TrimLeft(s, "'")) {
		return "'" + s
	}
	return s
}

// UnguardFormula takes away exactly the apostrophe that GuardFormula has put
// before s, and leaves every other text as it is.
func UnguardFormula(s string) string {
	if strings.HasPrefix(s, "'") && startsFormula(strings.TrimLeft(s, "'")) {
		return s[1:]
	}
	return s
}

// startsFormula reports whether a spreadsheet program may run s.
func startsFormula(s string) bool {
	first, _ := utf8.DecodeRuneInString(s)
	switch first {
	case '=', '+', '-', '@', '\t', '\r', '\n', 0, '＝', '＋', '－', '＠':
		return true
	}
	return false
}
