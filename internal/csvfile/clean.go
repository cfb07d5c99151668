package csvfile

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"
)

// Clean returns a cell the way the Reader hands it out and the Writer puts it
// down: in Unicode normal form C, so that an accent typed on one system equals
// the same accent typed on another; with LF for every line break; and without
// the white space around it, which nobody sees and which is never meant.
// Cleaning twice changes nothing.
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

// tidy reports whether s is ASCII with nothing to clean, which nearly all cells
// are.
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

// isSpace reports whether r is invisible at the edge of a cell. Beyond Unicode
// white space, to which the no-break space belongs, that is the zero-width space
// and byte order mark, which come along when text is pasted or files are joined,
// and the character 0x1A, with which programs from the time of DOS end a file.
func isSpace(r rune) bool {
	return unicode.IsSpace(r) || r == '\u200B' || r == '\uFEFF' || r == 0x1A
}

// blank reports whether every cell of a record is blank, given the text of all
// cells. Inspect and the Reader both decide by it which rows do not count. Of code pages
// it takes what is blank in Windows-1252: which one it is, is not known yet.
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

// blankASCII is blank as far as it can be told without knowing the encoding.
func blankASCII(text []byte) bool {
	for _, b := range text {
		if b >= utf8.RuneSelf || !isSpace(rune(b)) {
			return false
		}
	}
	return true
}
