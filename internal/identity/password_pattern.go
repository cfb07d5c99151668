package identity

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/openhomeroom/homeroom/internal/fold"
)

// The list of common passwords leaves out what is no word of anybody, because whoever
// collected it knows it by its pattern: aaaaaaaa, 87654321 and passwordpassword stand in
// every list of leaked passwords, and are tried as early as the others.

const (
	// minDistinct is how many different characters a password has.
	minDistinct = 4
	// minUnforeseen is how many characters of a password do not follow from the one
	// before: of 87654321 one, of qwerty123456 two.
	minUnforeseen = 4
)

// rows are the keys of a keyboard that lie side by side, in the form in which passwords
// are compared.
var rows = []string{"1234567890-=", "!@#$%^&*()_+", "qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,./", "qwertzuiopü",
	"azertyuiop", "йцукенгшщзхъ"}

// usualWords are tried at every school, with a year or a sign behind them; the list has
// none so short.
var usualWords = []string{
	"changeme", "letmein", "qwerty", "dragon", "monkey",
	"administrator", "admin", "classroom", "educator", "principal", "school", "student", "teacher", "welcome",
	"spring", "summer", "autumn", "winter", "january", "february", "march", "april", "june", "july", "august", "september",
	"october", "november", "december",
}

// isPattern reports whether a password, in the form in which it is compared, has next to
// nothing that its beginning does not tell.
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
	return len(distinct) < minDistinct || unforeseen < minUnforeseen || periodOf(runes) < MinPassword || isDate(key)
}

// follows reports whether a character stands beside the one before: in the alphabet, or
// on a keyboard.
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

// periodOf is after how many characters a text begins again, to its end and at least
// once as a whole; its length where it does not.
func periodOf(runes []rune) int {
	for n := 1; n <= len(runes)/2; n++ {
		if slices.Equal(runes[n:], runes[:len(runes)-n]) {
			return n
		}
	}
	return max(len(runes), MinPassword)
}

// dates are 01012026, 1 January 2026 in digits and 2026-01-01.
var dates = regexp.MustCompile(`^((\d\d?[-./ ]?){2}(19|20)\d\d|(19|20)\d\d([-./ ]?\d\d?){2})$`)

func isDate(key string) bool { return dates.MatchString(key) }

// spellings are the ways in which a password is read by whoever guesses: as it is, with
// the letters that digits and signs stand for, without what stands around the letters, or
// around letters and digits, once instead of twice, and each of them backwards.
func spellings(key string) (all []string) {
	word, core := strings.TrimFunc(key, isNoLetter), strings.TrimFunc(key, isSign)
	for _, text := range []string{key, word, core, spelledOut.Replace(key), spelledOut.Replace(word)} {
		runes := []rune(text)
		if n := periodOf(runes); n < len(runes) {
			runes = runes[:n]
		}
		all = append(all, text, string(runes))
		slices.Reverse(runes)
		all = append(all, string(runes))
	}
	return all
}

func isNoLetter(r rune) bool { return !unicode.IsLetter(r) && !unicode.Is(unicode.M, r) }

func isSign(r rune) bool { return isNoLetter(r) && !unicode.IsDigit(r) }

// spelledOut writes letters for the digits and signs that stand for them.
var spelledOut = strings.NewReplacer("0", "o", "1", "i", "3", "e", "4", "a", "5", "s", "7", "t", "@", "a",
	"$", "s", "!", "i")

// isUsual reports whether a password is one of the words of every school and hardly a
// letter else.
func isUsual(key string) bool {
	return slices.ContainsFunc(spellings(key), func(text string) bool { return isMadeOf(text, usualWords) })
}

// compared is the form in which passwords are compared: without regard to case, width,
// blanks and what nobody sees.
func compared(password string) string {
	return strings.ReplaceAll(fold.Key(visible(norm.NFKC.String(password))), " ", "")
}

// visible leaves out what is shown as nothing.
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Cf, unicode.Cc, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) {
			return -1
		}
		return r
	}, text)
}

// lengthOf counts the characters of a password in the form in which it is hashed: é is
// one, however it is typed, and what is shown as nothing is none.
func lengthOf(password string) int { return utf8.RuneCountInString(visible(composed(password))) }
