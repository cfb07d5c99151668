package csvfile

import (
	"regexp"
	"strings"
	"unicode"
)

// DamagedNumber reports whether a spreadsheet program has certainly damaged an ID: it is a
// number in scientific notation with an explicit sign, as in 1.23457E+12 or 1,2E+10, or
// the display of an error, as in #NAME?, #REF!, #N/A or ######.
//
// It cannot detect damage that leaves a plausible ID: dropped leading zeros, or digits
// after the fifteenth that became zeros. DatedID detects IDs that became dates. An ID such
// as 12E3, without the sign, may be intended and is not reported.
func DamagedNumber(cell string) bool {
	cell = Clean(cell)
	return isScientific(cell) || isErrorValue(cell)
}

// dated matches what spreadsheet programs make of 1-2 and 1-2-26, in English and in
// German.
var dated = regexp.MustCompile(
	`(?i)^(\d{1,2}-(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)|(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)-\d{1,2}|` +
		`\d{1,2}\. ?(jan|feb|mrz|mär|apr|mai|jun|jul|aug|sep|okt|nov|dez)\.?|\d{1,2}/\d{1,2}/\d{4}|\d{1,2}\.\d{1,2}\.\d{4})$`)

// DatedID reports whether an ID looks like the date that a spreadsheet program makes of
// something like 1-2. The date may be intended, so this is only a hint.
func DatedID(cell string) bool {
	cell = Clean(cell)
	return len(cell) >= 5 && len(cell) <= 11 && dated.MatchString(cell)
}

// isScientific reports whether s is a digit, an optional fraction after a point or comma,
// and E with a signed exponent.
func isScientific(s string) bool {
	mantissa, exponent, found := strings.Cut(strings.ToUpper(s), "E")
	if !found || len(exponent) < 2 || exponent[0] != '+' && exponent[0] != '-' || !isDigits(exponent[1:]) {
		return false
	}
	mantissa = strings.TrimLeft(mantissa, "+-")
	if len(mantissa) > 2 && (mantissa[1] == '.' || mantissa[1] == ',') {
		return isDigits(mantissa[:1]) && isDigits(mantissa[2:])
	}
	return len(mantissa) == 1 && isDigits(mantissa)
}

// isErrorValue reports whether s is what a spreadsheet program shows when a value cannot
// be shown, in English and in the languages that follow its pattern: a number sign,
// capitals, and an exclamation or question mark.
func isErrorValue(s string) bool {
	switch s {
	case "#N/A", "#N/D", "#NV":
		return true
	}
	word, found := strings.CutPrefix(s, "#")
	if !found {
		return false
	}
	if len(word) >= 2 && strings.Trim(word, "#") == "" {
		return true
	}
	word = strings.TrimLeft(word, "¡¿")
	name := strings.TrimRight(word, "!?")
	return len(name) >= 2 && len(name) == len(word)-1 && !strings.ContainsFunc(name, func(r rune) bool {
		return !unicode.IsUpper(r) && r != '/' && r != '_' && r != '0'
	})
}

// isDigits reports whether s is one or more ASCII digits.
func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
