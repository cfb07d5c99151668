// Package quote formats values for sentences that people read: text that somebody typed,
// and numbers of things.
package quote

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text puts a text into quotation marks, as a person would: there are no escapes in
// it. Every kind of blank is shown as one, what cannot be seen and would change how
// the rest is read is left out, and what is no character is shown as �. A text that
// has straight quotation marks itself gets curved ones.
func Text[S ~string](s S) string {
	shown := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r):
			return utf8.RuneError
		case invisible(r):
			return -1
		default:
			return r
		}
	}, string(s))
	if strings.Contains(shown, `"`) {
		return "“" + shown + "”"
	}
	return `"` + shown + `"`
}

// Short cuts off a text that a caller has sent, so that it does not fill the answer.
func Short(s string) string {
	const most = 40
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// invisible reports whether r only directs how others are shown. Joiners stay:
// some scripts, and emoji, are not written without them.
func invisible(r rune) bool {
	return unicode.Is(unicode.Cf, r) && r != '\u200C' && r != '\u200D'
}

// Count is a number with its noun, given for one; most nouns take an s.
func Count(n int, one string) string {
	if n != 1 {
		one += "s"
	}
	return strconv.Itoa(n) + " " + one
}
