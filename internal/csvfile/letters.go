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
// writes it.
func LooksLost(cell string) bool {
	if !strings.ContainsAny(cell, "?\uFFFD") {
		return false
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
// MÃ¼ller was Müller, and whether that has happened to it.
func Misread(cell string) (string, bool) {
	if strings.IndexFunc(cell, func(r rune) bool { return r >= utf8.RuneSelf }) < 0 {
		return "", false
	}
	var was []byte
	for _, r := range cell {
		b, ok := charmap.Windows1252.EncodeRune(r)
		switch {
		case ok:
		case r >= 0x80 && r < 0xA0:
			b = byte(r) // Five bytes are no letters, and most programs read them as controls.
		default:
			return "", false
		}
		was = append(was, b)
	}
	return string(was), utf8.Valid(was)
}
