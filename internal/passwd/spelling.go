package passwd

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/openhomeroom/homeroom/internal/fold"
)

// standsFor maps digits and signs to the letters that they are read as. Some are read as
// two letters. Guessing programs try both, so a word is found however each of its letters
// is written.
var standsFor = map[rune]string{
	'0': "o", '1': "il", '2': "z", '3': "e", '4': "a", '5': "s", '6': "gb", '7': "tl", '8': "b", '9': "gq",
	'@': "a", '$': "s", '!': "il", '|': "il", '¡': "i", '+': "t", '†': "t", '(': "c", '<': "c", '¢': "c", '€': "e",
	'£': "l", '§': "s", '#': "h", '¥': "y",
}

// reads reports whether a character is a letter or can be read as it.
func reads(written, letter rune) bool {
	return written == letter || strings.ContainsRune(standsFor[written], letter)
}

func isNoLetter(r rune) bool { return !unicode.IsLetter(r) && !unicode.Is(unicode.M, r) }

func isSign(r rune) bool { return isNoLetter(r) && !unicode.IsDigit(r) }

// bothWays returns a text, and the text backwards.
func bothWays(text string) [][]rune {
	forward := []rune(text)
	backward := slices.Clone(forward)
	slices.Reverse(backward)
	return [][]rune{forward, backward}
}

// isSpelledFromList reports whether a password is a password of the list, once or
// repeated, however its letters are written, possibly with digits and signs around it.
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

// isListedFrom reports whether the text from begin on is a word of list, a part of the
// list whose lines begin with read, which is what has been read so far.
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

// isAround reports whether the text around a word does not make it better: digits and
// signs, or only signs if the word itself has no letter.
func isAround(before, after, word []rune) bool {
	without := isNoLetter
	if !slices.ContainsFunc(word, func(r rune) bool { return !isNoLetter(r) }) {
		without = isSign
	}
	other := func(r rune) bool { return !without(r) }
	return !slices.ContainsFunc(before, other) && !slices.ContainsFunc(after, other)
}

// isRepeated reports whether rest is the word once or more, however it is written,
// followed by digits and signs at most.
func isRepeated(rest, word []rune) bool {
	n := 0
	for ; len(rest) >= len(word) && slices.EqualFunc(rest[:len(word)], word, reads); n++ {
		rest = rest[len(word):]
	}
	return n > 0 && isAround(nil, rest, word)
}

// isMadeOf reports whether hardly a letter of a password is left without some words, which
// are sorted with the longest first. Digits and signs between the letters of a word are
// read as letters if they fit, and are ignored if they do not.
func isMadeOf(text []rune, words []string) bool {
	runes := slices.DeleteFunc([]rune(fold.Text(norm.NFKC.String(string(text)))),
		func(r rune) bool { return !unicode.IsLetter(r) && standsFor[r] == "" })
	found := false
	for _, word := range words {
		for i := 0; i < len(runes); i++ {
			if end := endOf(runes, i, []rune(word)); end > 0 {
				// The text before and after a word must not form a new word.
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

// endOf returns where a word ends that begins at a position, or 0.
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
