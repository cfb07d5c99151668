package csvfile

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"
)

// Clean returns a cell as the Reader returns it and the Writer writes it. It is in Unicode
// normal form C, so that an accent typed on one system equals the same accent typed on
// another. Every line break is LF. White space around the text is removed, because nobody
// sees it and nobody means it. Cleaning twice changes nothing.
func Clean(s string) string {
	if tidy(s) {
		return s
	}
	if strings.Contains(s, "\r") {
		s = strings.ReplaceAll(s, "\r\n", "\n")
		s = strings.ReplaceAll(s, "\r", "\n")
	}
	return strings.TrimFunc(norm.NFC.String(s), isSpace)
}

// tidy reports whether s is ASCII and needs no cleaning, as nearly all cells.
func tidy(s string) bool {
	if s == "" {
		return true
	}
	if s[0] <= ' ' || s[len(s)-1] <= ' ' {
		return false
	}
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf || s[i] == '\r' {
			return false
		}
	}
	return true
}

// isSpace reports whether r is invisible at the edge of a cell. Besides Unicode white
// space, which includes the no-break space, these are the zero-width space and the byte
// order mark, which appear when text is pasted or files are joined, and the character
// 0x1A, which ends a file written by a program from the time of DOS.
func isSpace(r rune) bool {
	return unicode.IsSpace(r) || r == '\u200B' || r == '\uFEFF' || r == 0x1A
}

// blank reports whether every cell of a record is blank, given the text of all cells.
// Inspect and the Reader both use it to decide which rows do not count. For a code page it
// uses the blank characters of Windows-1252, because the code page is not known yet.
func blank(text []byte, e Encoding) bool {
	if codePageOf(e) == nil {
		return bytes.IndexFunc(text, func(r rune) bool { return !isSpace(r) }) < 0
	}
	for _, b := range text {
		if !isSpace(charmap.Windows1252.DecodeByte(b)) {
			return false
		}
	}
	return true
}

// blankASCII is blank for as much as is certain without knowing the encoding.
func blankASCII(text []byte) bool {
	for _, b := range text {
		if b >= utf8.RuneSelf || !isSpace(rune(b)) {
			return false
		}
	}
	return true
}
