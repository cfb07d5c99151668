package csvfile

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// LostLetters reports whether cell is what an encoding without all letters of
// stored leaves of it: the same text with a question mark, or the replacement
// character, in the place of some that are not ASCII. Łukasz becomes ?ukasz in a
// file that a spreadsheet program saves as Windows-1252.
func LostLetters(stored, cell string) bool {
	lost := false
	for stored != "" && cell != "" {
		was, n := utf8.DecodeRuneInString(stored)
		is, m := utf8.DecodeRuneInString(cell)
		stored, cell = stored[n:], cell[m:]
		if was == is {
			continue
		}
		if was < utf8.RuneSelf || is != '?' && is != utf8.RuneError {
			return false
		}
		lost = true
	}
	return lost && stored == cell
}

// LooksLost reports whether letters of a name seem to have been lost: whether it
// has the replacement character, or a question mark just before a letter, as nobody
// writes it, or, in the name of a person, any.
func LooksLost(cell string, person bool) bool {
	if !strings.ContainsAny(cell, "?\uFFFD") {
		return false
	}
	if person {
		return true
	}
	before := rune(0)
	for _, r := range cell {
		if r == utf8.RuneError || before == '?' && unicode.IsLetter(r) {
			return true
		}
		before = r
	}
	return false
}

// Misread returns what a cell said before its UTF-8 was taken for Windows-1252, as
// MÃ¼ller was Müller, and whether that can have happened to it. It is certain where
// one of the signs is no part of any name: KNÍŽEK is read in another way as well,
// and is what somebody means.
func Misread(cell string) (was string, certain, possible bool) {
	if strings.IndexFunc(cell, func(r rune) bool { return r >= utf8.RuneSelf }) < 0 {
		return "", false, false
	}
	var text []byte
	for _, r := range cell {
		b, ok := charmap.Windows1252.EncodeRune(r)
		switch {
		case ok:
		case r >= 0x80 && r < 0xA0:
			b = byte(r) // Five bytes are no letters, and most programs read them as controls.
		default:
			return "", false, false
		}
		text = append(text, b)
		certain = certain || inNoName(r)
	}
	if !utf8.Valid(text) {
		return "", false, false
	}
	was = string(text)
	for _, r := range was {
		latin := r < 0x180 || r >= 0x218 && r <= 0x21B || r >= 0x1E00 && r <= 0x1EFF // Those of living languages.
		if r >= utf8.RuneSelf && !(latin && unicode.IsLetter(r)) &&
			!unicode.In(r, unicode.Greek, unicode.Cyrillic, unicode.Arabic, unicode.Hebrew, unicode.Han, unicode.Hangul,
				unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Devanagari) {
			return was, false, false
		}
	}
	return was, certain, true
}

// inNoName reports whether a character is none of which names are made: a control,
// a soft hyphen, or a sign such as ¼, ¤ and ©. Those that stand in names, or in the
// place of an apostrophe, a dash or a quotation mark, are not among them.
func inNoName(r rune) bool {
	return r >= 0x80 && r < 0xA0 || strings.ContainsRune("\u00ad¢£¤¥¦§©¬®±²³µ¶¹¼½¾", r)
}
