package csvfile

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// The code pages: encodings in which a letter beyond ASCII is one byte or two. judge tells
// them apart by what the words of a file say in each of them. If two of them give the same
// text, the file is reported to be in the first one.
const (
	Windows1250 Encoding = "Windows-1250"
	Windows1251 Encoding = "Windows-1251"
	Windows1253 Encoding = "Windows-1253"
	Windows1254 Encoding = "Windows-1254"
	Windows1255 Encoding = "Windows-1255"
	Windows1256 Encoding = "Windows-1256"
	Windows1257 Encoding = "Windows-1257"
	ISO8859_2   Encoding = "ISO 8859-2"
	ISO8859_5   Encoding = "ISO 8859-5"
	ISO8859_7   Encoding = "ISO 8859-7"
	ISO8859_9   Encoding = "ISO 8859-9"
	KOI8R       Encoding = "KOI8-R"
	KOI8U       Encoding = "KOI8-U"
	MacRoman    Encoding = "Mac Roman"
	ShiftJIS    Encoding = "Shift-JIS"
	GB18030     Encoding = "GB18030"
	Big5        Encoding = "Big5"
	EUCKR       Encoding = "EUC-KR"
)

// codePage is one of these encodings, with the languages that it is expected for.
type codePage struct {
	name    Encoding
	code    encoding.Encoding
	letters alphabet
}

// codePages lists all of them. If two give the same text, the earlier one is preferred.
var codePages = []*codePage{
	{Windows1252, charmap.Windows1252, western},
	{Windows1250, charmap.Windows1250, central},
	{Windows1251, charmap.Windows1251, cyrillic},
	{Windows1253, charmap.Windows1253, greek},
	{Windows1254, charmap.Windows1254, turkish},
	{Windows1255, charmap.Windows1255, hebrew},
	{Windows1256, charmap.Windows1256, arabic},
	{Windows1257, charmap.Windows1257, baltic},
	{ISO8859_2, charmap.ISO8859_2, central},
	{ISO8859_5, charmap.ISO8859_5, cyrillic},
	{ISO8859_7, charmap.ISO8859_7, greek},
	{ISO8859_9, charmap.ISO8859_9, turkish},
	{KOI8R, charmap.KOI8R, cyrillic},
	{KOI8U, charmap.KOI8U, cyrillic},
	{MacRoman, charmap.Macintosh, western},
	{ShiftJIS, japanese.ShiftJIS, chineseOrJapanese},
	{GB18030, simplifiedchinese.GB18030, simplified},
	{Big5, traditionalchinese.Big5, traditional},
	{EUCKR, korean.EUCKR, hangul},
}

// codePageOf returns the code page with a name, or nil if the encoding is not a code page.
func codePageOf(e Encoding) *codePage {
	for _, p := range codePages {
		if p.name == e {
			return p
		}
	}
	return nil
}

// appendUTF8 appends text in the code page to dst as UTF-8. Bytes that are no character of
// the code page become the replacement character.
func (p *codePage) appendUTF8(dst, text []byte) []byte {
	if table, ok := p.code.(*charmap.Charmap); ok {
		for _, b := range text {
			if b < utf8.RuneSelf {
				dst = append(dst, b)
				continue
			}
			dst = utf8.AppendRune(dst, table.DecodeByte(b))
		}
		return dst
	}
	if indexHigh(text) < 0 {
		return append(dst, text...)
	}
	out, err := p.code.NewDecoder().Bytes(text)
	if err != nil {
		return utf8.AppendRune(dst, utf8.RuneError)
	}
	return append(dst, out...)
}

// has reports whether all of the given bytes, from 0x80 up, are characters of the code
// page. For code pages with two bytes a letter it does not know, and returns true.
func (p *codePage) has(bytes *[256]bool) bool {
	table, ok := p.code.(*charmap.Charmap)
	for b := utf8.RuneSelf; ok && b < 256; b++ {
		if r := table.DecodeByte(byte(b)); bytes[b] && (r == utf8.RuneError || unicode.IsControl(r)) {
			return false
		}
	}
	return true
}

// ReadOtherwise reports whether cell is stored with its bytes read in the wrong code page:
// Èâàí for Иван, ChloŽ for Chloé.
func ReadOtherwise(stored, cell string) bool {
	if stored == cell || !hasHigh(stored) || !hasHigh(cell) {
		return false
	}
	for _, p := range codePages {
		bytes, err := p.code.NewEncoder().String(stored)
		if err != nil {
			continue
		}
		for _, q := range codePages {
			if q != p && Clean(string(q.appendUTF8(nil, []byte(bytes)))) == cell {
				return true
			}
		}
	}
	return false
}

func hasHigh(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return true
		}
	}
	return false
}
