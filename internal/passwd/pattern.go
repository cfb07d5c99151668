package passwd

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/openhomeroom/homeroom/internal/fold"
)

// The list of common passwords has no patterns, because its authors leave them out. But
// aaaaaaaa, 87654321 and passwordpassword are in every list of leaked passwords, and
// attackers try them just as early.

const (
	// minDistinct is how many different characters a password must have.
	minDistinct = 4
	// minUnforeseen is how many characters of a password must not follow from the previous
	// one. 87654321 has one such character, qwerty123456 two.
	minUnforeseen = 4
)

// rows lists keys of a keyboard that are next to each other, or below each other, in the
// form in which passwords are compared.
var rows = []string{"1234567890-=", "!@#$%^&*()_+", "qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,./", "qwertzuiopü",
	"azertyuiop", "йцукенгшщзхъ",
	"1qaz", "2wsx", "3edc", "4rfv", "5tgb", "6yhn", "7ujm", "8ik,", "9ol.", "0p;/"}

// usualWords are guessed at every school, followed by a year or a sign. The list has no
// words as short as these.
var usualWords = []string{
	"changeme", "letmein", "qwerty", "dragon", "monkey",
	"administrator", "admin", "classroom", "educator", "principal", "school", "student", "teacher", "welcome",
	"spring", "summer", "autumn", "winter", "january", "february", "march", "april", "june", "july", "august", "september",
	"october", "november", "december",
}

// isPattern reports whether almost all of a password follows from its beginning. The
// password is in the form in which passwords are compared.
func isPattern(key string) bool {
	runes := []rune(key)
	distinct := map[rune]bool{}
	unforeseen := 0
	for i, r := range runes {
		distinct[r] = true
		if i == 0 || !follows(runes[i-1], r) {
			unforeseen++
		}
	}
	return len(distinct) < minDistinct || unforeseen < minUnforeseen || periodOf(runes) < Min || isDate(key)
}

// follows reports whether a character comes right after another one, in the alphabet or on
// a keyboard.
func follows(before, r rune) bool {
	if d := r - before; -1 <= d && d <= 1 {
		return true
	}
	return slices.ContainsFunc(rows, func(row string) bool {
		keys := []rune(row)
		i, j := slices.Index(keys, before), slices.Index(keys, r)
		return i >= 0 && j >= 0 && (i-j == 1 || j-i == 1)
	})
}

// periodOf returns the number of characters after which a text repeats itself, to its end
// and at least once in full. It is the length of the text if it does not repeat.
func periodOf(runes []rune) int {
	for n := 1; n <= len(runes)/2; n++ {
		if slices.Equal(runes[n:], runes[:len(runes)-n]) {
			return n
		}
	}
	return max(len(runes), Min)
}

// dates matches 01012026 and 2026-01-01 and the like.
var dates = regexp.MustCompile(`^((\d\d?[-./ ]?){2}(19|20)\d\d|(19|20)\d\d([-./ ]?\d\d?){2})$`)

func isDate(key string) bool { return dates.MatchString(key) }

// isUsual reports whether a password is a common word of schools with hardly any other
// letter.
func isUsual(key string) bool {
	return slices.ContainsFunc(bothWays(key), func(text []rune) bool { return isMadeOf(text, usualWords) })
}

// compared returns the form in which passwords are compared: without case, width, white
// space and invisible characters.
func compared(password string) string {
	return strings.ReplaceAll(fold.Key(fold.Visible(norm.NFKC.String(password))), " ", "")
}

// lengthOf counts the characters of a password as it is hashed: é is one, however it is
// typed, and an invisible character is none.
func lengthOf(password string) int { return utf8.RuneCountInString(fold.Visible(composed(password))) }
