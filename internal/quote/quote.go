// Package quote formats values for sentences that people read: text that somebody typed,
// and numbers of things.
package quote

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text quotes a text for people: without escapes. Every kind of white space becomes a
// space, invisible characters that would change how the rest reads are removed, and
// invalid characters become �. A text that contains straight quotation marks gets curved
// ones.
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

// Short shortens a text that a caller has sent, so that it does not fill the answer.
func Short(s string) string {
	const most = 40
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// invisible reports whether r only controls how other characters are shown. Joiners are
// kept: some scripts, and emoji, need them.
func invisible(r rune) bool {
	return unicode.Is(unicode.Cf, r) && r != '\u200C' && r != '\u200D'
}

// Count returns a number with its noun. one is the singular; most nouns get an s.
func Count(n int, one string) string {
	if n != 1 {
		one += "s"
	}
	return strconv.Itoa(n) + " " + one
}

// And lists texts in a sentence: First Name, Last Name and Grade.
func And(texts []string) string {
	last := len(texts) - 1
	if last < 1 {
		return strings.Join(texts, "")
	}
	return strings.Join(texts[:last], ", ") + " and " + texts[last]
}
