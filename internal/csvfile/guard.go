package csvfile

import (
	"strings"
	"unicode/utf8"
)

// GuardFormula makes a cell safe to open in a spreadsheet program. It puts an apostrophe
// before a text that the program would run: a text that begins with an equals, plus, minus
// or at sign (also in full width, which some languages of Excel run as well), with a tab,
// or with a line break. A name such as -Ana is guarded too, because it cannot be told from
// a formula.
//
// So that the guard can be removed exactly, a text that begins with apostrophes followed
// by such a character gets one more apostrophe. Other texts, such as 't Hooft, are left
// alone. UnguardFormula(GuardFormula(s)) is s for every string.
//
// The guard protects cells. It does not protect a person who opens the file with another
// delimiter than the one it was written with.
func GuardFormula(s string) string {
	if startsFormula(strings.TrimLeft(s, "'")) {
		return "'" + s
	}
	return s
}

// UnguardFormula removes exactly the apostrophe that GuardFormula has added, and leaves
// every other text as it is.
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
