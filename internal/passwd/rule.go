package passwd

import (
	"cmp"
	_ "embed"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fold"
)

// The limits of an educator's password, in characters. Length is what counts (NIST SP
// 800-63B), so no kinds of characters are required.
const (
	Min = 8
	Max = 256
	// MaxBytes is the limit in bytes, which applies as well.
	MaxBytes = 1024
)

const (
	// minOwnWord is how long a word must be, in bytes, to count as the owner's own. Two
	// Chinese characters are a name; two Latin letters are part of most words.
	minOwnWord = 3
	// minRest is how many letters a password must have besides the owner's own words.
	minRest = 4
	// service is the name of the program. It counts as everybody's own word.
	service = "homeroom"
)

// common lists the passwords that attackers try first, one a line, in lower case;
// common.md says where they come from.
//
//go:embed common.txt
var common string

// The codes of passwords that others guess.
const (
	Common   = "COMMON_PASSWORD"
	Personal = "PERSONAL_PASSWORD"
)

// Check checks a new password of an educator. It must not be one of the most common, and
// must not consist of words about its owner: names, address, organizations. The messages
// never repeat the password.
func Check(password string, own ...string) *fault.Error {
	switch n := utf8.RuneCountInString(password); {
	case n > Max || len(password) > MaxBytes:
		return fault.Invalidf("the password has more than %d characters", Max).
			WithCode("PASSWORD_TOO_LONG").At("password")
	case lengthOf(password) < Min:
		return fault.Invalidf("the password has fewer than %d characters", Min).
			WithCode("PASSWORD_TOO_SHORT").At("password")
	case isPersonal(password, own):
		return fault.Invalidf(
			"the password is made of the owner's name, address or organization, which others can guess; " +
				"choose another one, such as several unrelated words").WithCode(Personal).At("password")
	case isCommon(password):
		return fault.Invalidf(
			"the password is one of the most common ones, which are guessed first; choose another one, such as " +
				"several unrelated words").WithCode(Common).At("password")
	default:
		return nil
	}
}

// isCommon reports whether a password is guessed early: a spelling of it is in the list,
// it follows from its first characters, or it is a common word of schools.
func isCommon(password string) bool {
	key := compared(password)
	return isPattern(key) || slices.ContainsFunc(readings(key), isGuessed)
}

// among returns the lines of a part of the list that begin with a text. The list is
// sorted.
func among(list, prefix string) string {
	begin := firstLine(list, func(line string) bool { return line >= prefix })
	end := firstLine(list[begin:], func(line string) bool { return !strings.HasPrefix(line, prefix) })
	return list[begin : begin+end]
}

// firstLine returns the offset of the first line of a sorted list for which is returns
// true; it must return true for all later lines.
func firstLine(list string, is func(line string) bool) int {
	low, high := 0, len(list)
	for low < high {
		begin := low + strings.LastIndexByte(list[low:(low+high)/2], '\n') + 1
		line, _, _ := strings.Cut(list[begin:], "\n")
		if is(line) {
			high = begin
		} else {
			low = begin + len(line) + 1
		}
	}
	return low
}

// isPersonal reports whether hardly a letter of a password is left without the owner's
// words. Digits and signs, as in dana2026!, do not help, and neither do D4na and anad.
func isPersonal(password string, own []string) bool {
	words := ownWords(own)
	return slices.ContainsFunc(readings(compared(password)), func(reading string) bool {
		return slices.ContainsFunc(bothWays(reading), func(text []rune) bool { return isMadeOf(text, words) })
	})
}

// ownWords returns the words in texts about a person, and the texts themselves, the
// longest first.
func ownWords(texts []string) []string {
	words := []string{service}
	for _, text := range texts {
		parts := strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.Is(unicode.Mn, r) })
		for _, part := range append(parts, text) {
			if word := lettersOf(part); len(word) >= minOwnWord {
				words = append(words, word)
			}
		}
	}
	slices.SortFunc(words, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	return slices.Compact(words)
}

// lettersOf returns the letters of a text in the form in which they are compared.
func lettersOf(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) {
			return -1
		}
		return r
	}, fold.Text(norm.NFKC.String(text)))
}

// Own returns the texts about a person, besides the names of organizations, of which the
// person's password must not consist.
func Own(first, last, email, username string) []string {
	return []string{first + " " + last, last + first, email, username}
}
