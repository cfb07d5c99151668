package passwd

import (
	"slices"
	"strings"
	"sync"

	"github.com/openhomeroom/homeroom/internal/fold"
)

// A common word does not become rare by changes that make it look almost the same: signs
// between its letters, each letter twice, accents, letters of another script, or another
// such word after it. Guessing programs know all of these.

// readings returns the ways in which somebody reads a password who knows how words are
// hidden. The password is in the form in which passwords are compared.
func readings(key string) []string {
	plain := alike.Replace(fold.Text(drawn.Replace(key)))
	word := strings.TrimFunc(plain, isNoLetter)
	all := []string{
		key, plain, withoutSigns(plain), withoutSigns(spelledOut.Replace(plain)), withoutSigns(spelledOut.Replace(word)),
		squeezed(word),
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// isGuessed reports whether a reading is a common word, or hides one.
func isGuessed(reading string) bool {
	return isUsual(reading) || slices.ContainsFunc(bothWays(reading), isSpelledFromList) ||
		slices.ContainsFunc(spellings(reading), func(text string) bool {
			return squeezedPasswords()[squeezed(text)] || isJoined(text)
		})
}

// spellings returns variants of a reading: the reading itself; without the characters
// around its letters, or around its letters and digits; with the letters that digits and
// signs usually stand for; half of it if it repeats; and each of these backwards.
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
	slices.Sort(all)
	return slices.Compact(all)
}

// spelledOut replaces digits and signs by the letter that each usually stands for.
var spelledOut = strings.NewReplacer("0", "o", "1", "i", "3", "e", "4", "a", "5", "s", "7", "t", "@", "a",
	"$", "s", "!", "i")

// drawn replaces signs that draw a letter.
var drawn = strings.NewReplacer("()", "o", "[]", "o", "|<", "k", "|)", "d", "vv", "w")

// alike replaces letters of other scripts, small or capital, by the Latin letters that
// they look like.
var alike = strings.NewReplacer(
	"а", "a", "в", "b", "с", "c", "ԁ", "d", "е", "e", "н", "h", "һ", "h", "і", "i", "ј", "j", "к", "k", "м", "m",
	"о", "o", "р", "p", "ԛ", "q", "ѕ", "s", "т", "t", "ѵ", "v", "ԝ", "w", "х", "x", "у", "y",
	"α", "a", "β", "b", "ε", "e", "η", "h", "ι", "i", "κ", "k", "ν", "v", "ο", "o", "ρ", "p", "σ", "s", "τ", "t",
	"υ", "u", "χ", "x", "ζ", "z", "ı", "i", "ø", "o", "ł", "l", "đ", "d")

func withoutSigns(text string) string {
	return strings.Map(func(r rune) rune {
		if isSign(r) {
			return -1
		}
		return r
	}, text)
}

// squeezed returns a text without letters that equal the previous one.
func squeezed(text string) string { return string(slices.Compact([]rune(text))) }

// squeezedPasswords holds the common passwords in this form: somebody who doubles every
// letter may not double those that are already double in the word.
var squeezedPasswords = sync.OnceValue(func() map[string]bool {
	all := map[string]bool{}
	for line := range strings.Lines(common) {
		if short := squeezed(strings.TrimSpace(line)); len(short) >= minSqueezed {
			all[short] = true
		}
	}
	return all
})

// minSqueezed is the length in bytes that a common password must have in this form;
// shorter ones mean nothing.
const minSqueezed = 5

// articles are words that people put before a word.
var articles = []string{"the", "my", "our", "your"}

// maxJoined is how long a text of two words may be; those of the list are shorter.
const maxJoined = 64

// isJoined reports whether a text is a common word after an article, or two common words.
func isJoined(text string) bool {
	if len(text) > maxJoined {
		return false
	}
	for i := range text {
		if i == 0 {
			continue
		}
		before, rest := text[:i], text[i:]
		if isWord(rest) && (isWord(before) || slices.Contains(articles, before)) {
			return true
		}
	}
	return false
}

// isWord reports whether a text is one of the common passwords or words.
func isWord(text string) bool { return slices.Contains(usualWords, text) || isListed(text) }

// isListed looks a text up in the list, which is sorted.
func isListed(text string) bool {
	line, _, _ := strings.Cut(among(common, text), "\n")
	return text != "" && line == text
}
