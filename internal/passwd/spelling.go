package passwd

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/openhomeroom/homeroom/internal/fold"
)

// standsFor are the letters that are read for digits and signs. Some are read for two, and
// whoever guesses tries both, so that a word is found however each of its letters is
// written.
var standsFor = map[rune]string{
	'0': "o", '1': "il", '2': "z", '3': "e", '4': "a", '5': "s", '6': "gb", '7': "tl", '8': "b", '9': "gq",
	'@': "a", '$': "s", '!': "il", '|': "il", '¡': "i", '+': "t", '†': "t", '(': "c", '<': "c", '¢': "c", '€': "e",
	'£': "l", '§': "s", '#': "h", '¥': "y",
}

// reads reports whether a character is read as a letter, or is it.
func reads(written, letter rune) bool {
	return written == letter || strings.ContainsRune(standsFor[written], letter)
}

func isNoLetter(r rune) bool { return !unicode.IsLetter(r) && !unicode.Is(unicode.M, r) }

func isSign(r rune) bool { return isNoLetter(r) && !unicode.IsDigit(r) }

// bothWays is a text, and the same backwards.
func bothWays(text string) [][]rune {
	forward := []rune(text)
	backward := slices.Clone(forward)
	slices.Reverse(backward)
	return [][]rune{forward, backward}
}

// isSpelledFromList reports whether a password is one of the list, once or several times,
// however its letters are written, with digits and signs around it at most.
func isSpelledFromList(runes []rune) bool {
	for i := range runes {
		if isListedFrom(runes, i, "", common) {
			return true
		}
		if !isNoLetter(runes[i]) {
			break
		}
	}
	return false
}

// isListedFrom reports whether a word stands at a place that is one of a part of the
// list, the lines of which begin with what has been read of it.
func isListedFrom(runes []rune, begin int, read, list string) bool {
	word := []rune(read)
	end := begin + len(word)
	if line, _, _ := strings.Cut(list, "\n"); read != "" && line == read &&
		(isAround(runes[:begin], runes[end:], word) || isAround(runes[:begin], nil, word) && isRepeated(runes[end:], word)) {
		return true
	}
	if list == "" || end == len(runes) {
		return false
	}
	for _, letter := range string(runes[end]) + standsFor[runes[end]] {
		longer := read + string(letter)
		if isListedFrom(runes, begin, longer, among(list, longer)) {
			return true
		}
	}
	return false
}

// isAround reports whether what stands around a word makes it no better: digits and
// signs, or signs alone where the word has no letter itself.
func isAround(before, after, word []rune) bool {
	without := isNoLetter
	if !slices.ContainsFunc(word, func(r rune) bool { return !isNoLetter(r) }) {
		without = isSign
	}
	other := func(r rune) bool { return !without(r) }
	return !slices.ContainsFunc(before, other) && !slices.ContainsFunc(after, other)
}

// isRepeated reports whether a word stands there once or more, however it is written,
// and nothing but digits and signs behind it.
func isRepeated(rest, word []rune) bool {
	n := 0
	for ; len(rest) >= len(word) && slices.EqualFunc(rest[:len(word)], word, reads); n++ {
		rest = rest[len(word):]
	}
	return n > 0 && isAround(nil, rest, word)
}

// isMadeOf reports whether hardly a letter is left of a password without some words, the
// longest of which come first. Digits and signs between the letters of a word are read
// as letters where they fit, and are nothing where they do not.
func isMadeOf(text []rune, words []string) bool {
	runes := slices.DeleteFunc([]rune(fold.Text(norm.NFKC.String(string(text)))),
		func(r rune) bool { return !unicode.IsLetter(r) && standsFor[r] == "" })
	found := false
	for _, word := range words {
		for i := 0; i < len(runes); i++ {
			if end := endOf(runes, i, []rune(word)); end > 0 {
				// What stood on both sides of a word makes no new one.
				runes = slices.Replace(runes, i, end, ' ')
				found = true
			}
		}
	}
	left := 0
	for _, r := range runes {
		if unicode.IsLetter(r) {
			left++
		}
	}
	return found && left < minRest
}

// endOf returns where a word ends that begins at a place, or 0.
func endOf(runes []rune, begin int, word []rune) int {
	if !reads(runes[begin], word[0]) {
		return 0
	}
	at := begin
	for _, letter := range word {
		for at < len(runes) && !reads(runes[at], letter) && isNoLetter(runes[at]) && runes[at] != ' ' {
			at++
		}
		if at == len(runes) || !reads(runes[at], letter) {
			return 0
		}
		at++
	}
	return at
}
