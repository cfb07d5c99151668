package csvfile

import (
	"html"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"
)

// LostLetters reports whether cell is stored after it was saved in an encoding that lacks
// some of its letters: the same text with a question mark, or the replacement character,
// in place of some letters that are not ASCII. Łukasz becomes ?ukasz in a file that a
// spreadsheet program saves as Windows-1252.
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

// LooksLost reports whether a name seems to have lost letters: it contains the replacement
// character, or a question mark just before a letter, which nobody writes, or, if it is
// the name of a person, any question mark.
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

// LostAccents reports whether cell is stored without its accents, as a program writes it
// that knows only ASCII: Lukasz for Łukasz, Mueller for Müller. Case does not count.
func LostAccents(stored, cell string) bool {
	if !hasHigh(stored) || stored == cell || countHigh(cell) >= countHigh(stored) {
		return false
	}
	bare := plain(cell, false)
	return bare == plain(stored, false) || bare == plain(stored, true)
}

func countHigh(s string) (n int) {
	for _, r := range norm.NFC.String(s) {
		if r >= utf8.RuneSelf {
			n++
		}
	}
	return n
}

// withoutStroke lists letters that Unicode does not decompose into a letter and an accent.
var withoutStroke = map[rune]string{'ł': "l", 'đ': "d", 'ð': "d", 'ø': "o", 'þ': "th", 'ß': "ss", 'æ': "ae", 'œ': "oe",
	'ı': "i", 'ħ': "h", 'ŧ': "t", 'ŋ': "n", 'ĸ': "k"}

// plain returns a text in lower case without accents. If long is set, ä, ö, ü, å and ø
// become two letters.
func plain(s string, long bool) string {
	var out strings.Builder
	var last rune
	for _, r := range norm.NFD.String(strings.ToLower(s)) {
		switch {
		case long && r == '\u0308' && strings.ContainsRune("aou", last):
			out.WriteByte('e')
		case long && r == '\u030A' && last == 'a':
			out.WriteByte('a')
		case long && r == 'ø':
			out.WriteString("oe")
		case unicode.Is(unicode.Mn, r):
		case withoutStroke[r] != "":
			out.WriteString(withoutStroke[r])
		default:
			out.WriteRune(r)
		}
		last = r
	}
	return out.String()
}

// entity matches a letter or sign as a web page writes it.
var entity = regexp.MustCompile(`&(#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});`)

// Unescape decodes text that comes from a web page: Chlo&eacute; and O&#39;Neil become
// what they show. Nobody means these signs in a name, so this is certain.
func Unescape(cell string) string {
	if !strings.Contains(cell, "&") || !strings.Contains(cell, ";") {
		return cell
	}
	for range 2 { // Some programs escape twice.
		cell = entity.ReplaceAllStringFunc(cell, html.UnescapeString)
	}
	return Clean(cell)
}

// Misread returns what a cell said before its UTF-8 was read as a code page, as Müller
// became MÃ¼ller and Chloé became Chlo√©, once or several times, and whether that can have
// happened. It is certain if one of the signs is no part of any name: KNÍŽEK can be read
// in another way as well, and is what somebody means.
func Misread(cell string) (was string, certain, possible bool) {
	sure := false
	for range 3 {
		read := ""
		for _, page := range misreaders {
			text, certainly, can := misreadAs(cell, page)
			if can && (read == "" || isText(text)) {
				read, sure = text, sure || certainly
				if isText(text) {
					was, certain, possible = text, sure, true
					break
				}
			}
		}
		if read == "" {
			break
		}
		cell = read
	}
	return was, certain, possible
}

// misreaders lists the code pages that programs mistake UTF-8 for.
var misreaders = []*charmap.Charmap{charmap.Windows1252, charmap.Macintosh, charmap.Windows1251, charmap.Windows1250,
	charmap.CodePage437, charmap.CodePage850}

// misreadAs is Misread for one code page and one misreading.
func misreadAs(cell string, page *charmap.Charmap) (was string, certain, possible bool) {
	if !hasHigh(cell) {
		return "", false, false
	}
	var text []byte
	for _, r := range cell {
		b, ok := page.EncodeRune(r)
		switch {
		case ok:
		case r >= 0x80 && r < 0xA0:
			b = byte(r) // Five bytes are undefined; most programs read them as controls.
		default:
			return "", false, false
		}
		text = append(text, b)
		certain = certain || inNoName(r) || page != charmap.Windows1252 && (r == '‚' || r == '„')
	}
	if !utf8.Valid(text) {
		return "", false, false
	}
	was = string(text)
	// Two letters beyond ASCII that happen to be UTF-8 in a rarer code page are no
	// coincidence.
	return was, certain || page != charmap.Windows1252 && countHigh(was) > 1, true
}

// isText reports whether all letters of a text belong to scripts of living languages.
func isText(s string) bool {
	for _, r := range s {
		latin := r < 0x180 || r >= 0x218 && r <= 0x21B || r >= 0x1E00 && r <= 0x1EFF
		if r >= utf8.RuneSelf && !(latin && unicode.IsLetter(r)) && r != '’' && r != '‘' &&
			!unicode.In(r, unicode.Greek, unicode.Cyrillic, unicode.Arabic, unicode.Hebrew, unicode.Han, unicode.Hangul,
				unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Devanagari) {
			return false
		}
	}
	return true
}

// inNoName reports whether a character never occurs in a name: a control, a soft hyphen,
// or a sign such as ¼, ¤ and ©. Signs that occur in names, or that are written for an
// apostrophe, a dash or a quotation mark, are not among them.
func inNoName(r rune) bool {
	return r >= 0x80 && r < 0xA0 || unicode.Is(unicode.Sm, r) || r >= 0x2500 && r < 0x2600 ||
		strings.ContainsRune("\u00ad¢£¤¥¦§©¬®±²³µ¶¹¼½¾", r)
}
