package reach

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
)

// ShareAName reports whether two names can belong to one person: they share a word, in any
// order, or one has a word that is a shorter or misspelled form of a word of the other.
// Somebody who marries, or is called Bob, keeps one of the names.
func ShareAName(a, b string) bool {
	wordsOf := func(name string) (words []string) {
		for w := range strings.FieldsFuncSeq(fold.Text(name), func(r rune) bool { return r == ' ' || r == '-' || r == ',' }) {
			if w = sheet.HeaderKey(w); w != "" {
				words = append(words, w)
			}
		}
		return words
	}
	words := wordsOf(b)
	return slices.ContainsFunc(wordsOf(a), func(w string) bool {
		return slices.ContainsFunc(words, func(o string) bool { return alike(w, o) })
	})
}

// alike reports whether two words are equal except for a typing mistake, or one begins
// with the other.
func alike(a, b string) bool {
	if utf8.RuneCountInString(a) > utf8.RuneCountInString(b) {
		a, b = b, a
	}
	short, long := []rune(a), []rune(b)
	switch {
	case a == b:
		return true
	case len(short) < 3:
		return false
	case strings.HasPrefix(b, a):
		return true
	case len(short) < 4 || len(long)-len(short) > 1:
		return false
	}
	i := 0
	for i < len(short) && short[i] == long[i] {
		i++
	}
	if len(short) == len(long) {
		swapped := i+1 < len(short) && short[i] == long[i+1] && short[i+1] == long[i] && slices.Equal(short[i+2:], long[i+2:])
		return swapped || slices.Equal(short[i+1:], long[i+1:])
	}
	return slices.Equal(short[i:], long[i+1:])
}
