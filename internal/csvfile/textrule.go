package csvfile

import (
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"
)

// notKnownText refuses text in none of the encodings that can be distinguished with
// certainty.
func notKnownText() *Error {
	return notText("The accented and special letters of this file cannot be read.", hintSaveAsCSV)
}

// binaryFile refuses files with the character NUL.
func binaryFile() *Error {
	return notText("This is not a text file.", "Choose the CSV file or the Excel workbook (.xlsx) with the list. "+
		"If this is one, it is damaged: open it in your spreadsheet program and save it again, or get the file again.")
}

// eightBitText says whether the text so far can be UTF-8, and whether it can be in a code
// page. Both begin as allowed, and once UTF-8 is ruled out it stays so.
type eightBitText struct {
	utf8     bool
	codePage bool
	samples  *samples // To find out the code page; nil if it is known.
	carry    []byte   // The beginning of a UTF-8 character that the end of a piece has cut in two.
}

func (t *eightBitText) piece(p []byte) error {
	if hasZero(p) {
		return binaryFile()
	}
	if t.utf8 {
		t.utf8 = t.validUTF8(p)
	}
	if t.samples != nil {
		t.samples.add(p)
	}
	if !t.utf8 && !t.codePage {
		return notKnownText()
	}
	return nil
}

func (t *eightBitText) end() error {
	if len(t.carry) > 0 {
		t.utf8 = false
	}
	if t.samples != nil {
		t.samples.end()
	}
	if !t.utf8 && !t.codePage {
		return notKnownText()
	}
	return nil
}

// validUTF8 reports whether p continues as valid UTF-8 after the last piece. It keeps back
// an unfinished character at the end of p.
func (t *eightBitText) validUTF8(p []byte) bool {
	for len(t.carry) > 0 && len(p) > 0 {
		t.carry = append(t.carry, p[0])
		p = p[1:]
		if !utf8.FullRune(t.carry) {
			continue
		}
		if !utf8.Valid(t.carry) {
			return false
		}
		t.carry = t.carry[:0]
	}
	for i := len(p) - 1; i >= 0 && i >= len(p)-utf8.UTFMax+1; i-- {
		if utf8.RuneStart(p[i]) {
			if !utf8.FullRune(p[i:]) {
				t.carry = append(t.carry, p[i:]...)
				p = p[:i]
			}
			break
		}
	}
	return utf8.Valid(p)
}

// utf16Text accepts text in which every surrogate has its other half. The decoder behind
// it would silently replace a lone half, and a name would lose a letter.
type utf16Text struct {
	bigEndian bool
	half      []byte // The first byte of a pair that the end of a piece has cut in two.
	high      bool   // The last unit was the first half of a surrogate pair.
}

func (t *utf16Text) piece(p []byte) error {
	if len(t.half) > 0 && len(p) > 0 {
		pair := append(t.half, p[0])
		p = p[1:]
		if err := t.unit(pair); err != nil {
			return err
		}
		t.half = t.half[:0]
	}
	for ; len(p) >= 2; p = p[2:] {
		if err := t.unit(p); err != nil {
			return err
		}
	}
	t.half = append(t.half, p...)
	return nil
}

func (t *utf16Text) end() error {
	if len(t.half) > 0 || t.high {
		return notKnownText()
	}
	return nil
}

// unit checks the two bytes at the beginning of p.
func (t *utf16Text) unit(p []byte) error {
	u := binary.LittleEndian.Uint16(p)
	if t.bigEndian {
		u = binary.BigEndian.Uint16(p)
	}
	if u == 0 {
		return binaryFile()
	}
	surrogate := utf16.IsSurrogate(rune(u))
	low := surrogate && u >= 0xDC00
	if low != t.high {
		return notKnownText()
	}
	t.high = surrogate && !low
	return nil
}
