package csvfile

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// verdict says what a piece of a file looks like in one reading.
type verdict int

// The verdicts. In an odd piece, nothing is wrong and nothing is known.
const (
	odd verdict = iota
	named
	wrong
)

// besideLetters lists signs that nobody writes within a word or right before it.
const besideLetters = "¢£¤¥¦§¬±²³µ¶¹¼½¾×÷†‡ˆ‰ƒ¿¡©®•…™\u00ad"

// looksLike judges a piece of a file as it reads in a code page: whether its words have
// the case, the letters and the signs of names.
func looksLike(text string, a alphabet) verdict {
	runes := []rune(text)
	known, unknown := 0, 0
	for i := 0; i < len(runes); {
		if isWrongSign(runes, i) {
			return wrong
		}
		if isMark(runes, i) {
			known++
		}
		if !unicode.IsLetter(runes[i]) && !unicode.IsMark(runes[i]) {
			i++
			continue
		}
		j := i
		for ; j < len(runes) && (unicode.IsLetter(runes[j]) || unicode.IsMark(runes[j])); j++ {
			if isWrongSign(runes, j) {
				return wrong
			}
		}
		word := runes[i:j]
		i = j
		if !slices.ContainsFunc(word, func(r rune) bool { return r >= utf8.RuneSelf }) ||
			len(word) == 1 && a < chineseOrJapanese { // An initial, or the º of N.º.
			continue
		}
		switch {
		case isWrongWord(word, a):
			return wrong
		case len(word) >= a.tells() && !isSmall(word, a) && !isMixed(word) && a.knows(word):
			known++
		default:
			unknown++
		}
	}
	if known > 0 && unknown == 0 {
		return named
	}
	return odd
}

// isWrongSign reports whether the sign at i is in a place where names have none.
func isWrongSign(runes []rune, i int) bool {
	r := runes[i]
	letter := func(i int) bool {
		return i >= 0 && i < len(runes) && (unicode.IsLetter(runes[i]) || strings.ContainsRune(besideLetters, runes[i]))
	}
	switch {
	case r < utf8.RuneSelf:
		return false
	case r == utf8.RuneError || unicode.IsControl(r) || unicode.Is(unicode.Co, r):
		return true
	case strings.ContainsRune(besideLetters, r):
		// £ukasz, Wa³êsa, Pawe³; but also m², £5 and ¿Quién?
		first := r == '¿' || r == '¡'
		return letter(i-1) && letter(i+1) || !first && letter(i+1) && letter(i+2) && letter(i+3) ||
			(r == '³' || r == '¹') && letter(i-1) && letter(i-2) && letter(i-3)
	case strings.ContainsRune("ºª‚„“‹", r): // N.º; but no opening quotation mark after a letter.
		return letter(i-1) && (letter(i+1) || r != 'º' && r != 'ª')
	case r == '”':
		return letter(i-1) && letter(i+1)
	case r == '–' || r == '—':
		return letter(i-1) && i+1 < len(runes) && (unicode.IsLower(runes[i+1]) || runes[i+1] == '–' || runes[i+1] == '—')
	case unicode.IsSymbol(r) && r > 0x2000 && r != '€' || r >= 0x2500 && r < 0x2600: // Line drawing, for example.
		return letter(i-1) || letter(i+1)
	case r >= 0xFF61 && r <= 0xFF9F: // Other bytes look like half-width katakana.
		return true
	}
	return false
}

// isMark reports whether a typographic mark is in a place where names and text have one:
// O’Brien, Sha’Niya, Ka’imi, “Bo”.
func isMark(runes []rune, i int) bool {
	letter := func(i int) bool { return i >= 0 && i < len(runes) && unicode.IsLetter(runes[i]) }
	switch r := runes[i]; {
	case r == '“':
		return i == 0 && letter(i+1)
	case r == '”':
		return letter(i-1) && i+1 == len(runes) && slices.Contains(runes, '“')
	case r != '’' || !letter(i-1) || !letter(i+1):
		return false
	default:
		return unicode.IsUpper(runes[i+1]) || i == 1 && strings.ContainsRune("odlnmtk", unicode.ToLower(runes[0])) ||
			strings.ContainsRune("aeio", unicode.ToLower(runes[i-1]))
	}
}

// isMixed reports whether a capital letter follows a small one that is not ASCII: two
// words joined, or a letter that another code page reads as an apostrophe.
func isMixed(word []rune) bool {
	for i := 1; i < len(word); i++ {
		if word[i-1] >= utf8.RuneSelf && unicode.IsLower(word[i-1]) && unicode.IsUpper(word[i]) &&
			slices.ContainsFunc(word, func(r rune) bool { return r < utf8.RuneSelf && unicode.IsLower(r) }) {
			return true
		}
	}
	return false
}

// mayPrecede lists beginnings of names that a capital letter may follow.
var mayPrecede = []string{"mc", "mac", "de", "di", "du", "da", "la", "le", "van", "von", "fitz", "st", "san"}

// isWrongWord reports whether no name is written like this word.
func isWrongWord(word []rune, a alphabet) bool {
	foreign, high, run, longest := 0, 0, 0, 0
	for _, r := range word {
		if !unicode.IsMark(r) && r != 'º' && r != 'ª' && !unicode.In(r, a.script()...) {
			foreign++
		}
		if run++; r < utf8.RuneSelf {
			run = 0
		} else {
			high++
		}
		longest = max(longest, run)
	}
	switch {
	case foreign == len(word) && !a.isLatin() && a != cyrillic && a != greek && high*2 < len(word):
		return false // A French word in Windows-1256.
	case foreign > 0:
		return true
	case a.isLatin() && len(word) > 1 && high == len(word), a.isLatin() && longest > 3:
		return true
	case a.isLatin():
		for i, r := range word {
			if i > 0 && r >= utf8.RuneSelf && unicode.IsUpper(r) && slices.ContainsFunc(word, unicode.IsLower) &&
				!isJoined(word, i) {
				return true
			}
		}
		return false
	case a == cyrillic, a == greek:
		return slices.ContainsFunc(word[1:], unicode.IsUpper) && slices.ContainsFunc(word, unicode.IsLower)
	}
	return false
}

// isJoined reports whether a word continues with a capital letter as McÉlroy does, or as
// MaríaÁngeles, which lacks its space. Names do not begin with the letters that other code
// pages show in place of small ones.
func isJoined(word []rune, at int) bool {
	if slices.Contains(mayPrecede, strings.ToLower(string(word[:at]))) {
		return true
	}
	return at > 1 && at+2 < len(word) && unicode.IsLower(word[at-1]) && unicode.IsLower(word[at-2]) &&
		unicode.IsLower(word[at+1]) && unicode.IsLower(word[at+2]) && strings.ContainsRune("ÁÉÍÓÚÀÈÇÖÜÅØÞ", word[at])
}

// isSmall reports whether a word has only small letters, though names begin with a
// capital.
func isSmall(word []rune, a alphabet) bool {
	return (a == cyrillic || a == greek) && !slices.ContainsFunc(word, unicode.IsUpper)
}
