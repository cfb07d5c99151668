package fold_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/openhomeroom/homeroom/internal/fold"
)

// FuzzFold checks that folding twice changes nothing: comparing, sorting and searching
// give the same result for a text from a person and from the database.
func FuzzFold(f *testing.F) {
	for _, s := range []string{"", "José", "Jose\u0301", "STRASSE straße", "ﬁ ﬃ", "İstanbul", "ǰ", "\u1E9E", "ᾳ ᾼ", "Ꭰ ꭰ",
		"\u0345\u0301", "a\u200Bb", " \u00A0 ", "\xff", "\u0130\u0307", "ΐ", "ŉ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			return // no database holds it
		}
		key, text := fold.Key(s), fold.Text(s)
		if again := fold.Key(key); again != key {
			t.Fatalf("Key(%q) = %q, and again %q", s, key, again)
		}
		if again := fold.Text(text); again != text {
			t.Fatalf("Text(%q) = %q, and again %q", s, text, again)
		}
		for _, word := range fold.Words(s) {
			if word == "" || strings.ContainsAny(word, " \t\n") {
				t.Fatalf("%q has the word %q", s, word)
			}
		}
	})
}
