// Package fold converts text into the form in which Homeroom compares, sorts and searches
// it. The databases compare these forms byte by byte, so SQLite, MySQL and MariaDB give
// the same answers whatever their collations.
package fold

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"
)

// Key folds text so that it can be compared for equality: full case folding of Unicode,
// NFC, white space collapsed to single spaces. José and JOSÉ are equal, José and Jose are
// not.
func Key(s string) string {
	if isASCII(s) {
		return asciiKey(s)
	}
	folded := cases.Fold().String(strings.Join(strings.Fields(norm.NFC.String(s)), " "))
	return norm.NFC.String(strings.Map(cherokee, folded))
}

// Text folds text for sorting and searching: like Key, and without diacritics, so that
// "jose" finds José and Ångström sorts next to Angstrom.
func Text(s string) string {
	if isASCII(s) {
		return asciiKey(s)
	}
	stripped, _, err := transform.String(transform.Chain(norm.NFD, runes.Remove(runes.In(unicode.Mn)), norm.NFC), s)
	if err != nil {
		stripped = s
	}
	return Key(stripped)
}

// cherokee folds small Cherokee letters to capital ones, as Unicode does; cases.Fold swaps
// the two.
func cherokee(r rune) rune {
	if unicode.Is(unicode.Cherokee, r) {
		return unicode.ToUpper(r)
	}
	return r
}

// asciiKey is Key for text that is only ASCII, as most text is. It is about a hundred
// times faster.
func asciiKey(s string) string {
	if Tidy(s) {
		return strings.ToLower(s)
	}
	return strings.ToLower(strings.Join(strings.Fields(s), " "))
}

// Tidy reports whether s is ASCII without control characters, and has only single spaces
// between words. Nearly all text is like that and needs no cleaning.
func Tidy(s string) bool {
	space := true
	for i := range len(s) {
		switch c := s[i]; {
		case c < ' ' || c >= 0x7f, c == ' ' && space:
			return false
		default:
			space = c == ' '
		}
	}
	return !space || s == ""
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// SortName returns the key for sorting lists of people: last name, then first name. Two
// spaces separate them, which no folded name contains, so that Kim sorts before Kim Lee.
// The key is cut to 120 characters; the row's key breaks ties.
func SortName(last, first string) string {
	if last == "" || first == "" {
		return cut(Text(last+first), 120)
	}
	return cut(Text(last)+"  "+Text(first), 120)
}

// Visible removes the invisible characters of a text.
func Visible(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Cf, unicode.Cc, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) {
			return -1
		}
		return r
	}, text)
}

// Words splits text into the folded words that a search compares.
func Words(s string) []string {
	return strings.FieldsFunc(Text(s), unicode.IsSpace)
}

// cut shortens s to at most n characters.
func cut(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}
