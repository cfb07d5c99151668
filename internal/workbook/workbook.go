// Package workbook reads the table in an Excel workbook (.xlsx) as package csvfile reads a
// CSV file. It refuses, with a message, what it cannot understand with certainty, and
// otherwise returns records.
//
// The table is the only visible sheet that is not empty. The package reads what a cell
// shows, not how it is stored. A number is its digits, with the leading zeros that a
// format such as 00000 shows, and never 1.2E+10. A date is written as 2026-11-18. A
// formula is the value that was stored with it. Hidden rows and columns are read, because
// spreadsheet programs also write them when they save a CSV file.
//
// The whole file is in memory, with the texts that cells share, but never a whole sheet: a
// sheet is read as a stream, and every limit is checked meanwhile. Nothing is written to
// disk, because a workbook may hold passwords.
//
// Workbooks come from spreadsheet programs and from attackers, so the package reads the
// format itself, strictly, with the decoders of the standard library. The libraries that
// we looked at mistake damage for the end of a file, or worse:
//
//   - The row iterator of excelize v2.11.1 drops the errors of the XML decoder. Half of a
//     sheet of 100 rows becomes 48 rows and no error, and a missing text becomes an empty
//     cell. It keeps a sheet in memory or unpacks it into a named file. In a stream it
//     gives no formats, which are needed to recognize a date in place of an ID.
//   - thedatashed/xlsxreader v1.2.8 takes damage between two rows for the end. At a text
//     with a negative number it panics, in its own goroutine.
//   - xuri/nfp, with which excelize parses number formats, takes quoted zeros in a
//     format, as in "2026-"0000, for digits of the number.
//
// In the tests excelize writes workbooks, and reads the undamaged ones for comparison.
package workbook

import (
	"archive/zip"
	"bytes"
	"io"
	"strings"

	"github.com/openhomeroom/homeroom/internal/csvfile"
)

// Encoding is what Format says about a workbook, which has no delimiter and no line
// endings.
const (
	Encoding  csvfile.Encoding  = "XLSX"
	Delimiter csvfile.Delimiter = "none"
)

// MaxBytes is the largest workbook as it is stored. Workbooks are compressed about
// tenfold; 32 MB hold some 700,000 students.
const MaxBytes = 32 << 20

// Limits on the content of a workbook.
const (
	maxUnpacked = 1280 << 20 // Everything that is unpacked until the last row has been read, which happens twice.
	maxPart     = 512 << 20  // A part when it is unpacked.
	maxList     = 16 << 20   // A part that lists sheets, styles or other parts.
	maxToken    = 1 << 20    // How much of a part must be in memory at once.
	maxStrings  = 4 << 20    // Shared texts: their number,
	maxText     = 64 << 20   // and their bytes.

	maxParts   = 4096
	chance     = 64
	maxDepth   = 64 // Nested elements.
	maxRelated = 1024
	maxSheets  = 256
	maxStyles  = 65_536
	maxFormat  = 1024 // Excel allows 255 characters.
	maxRange   = 32   // $XFD$1048576:$XFD$1048576 has 27.
	maxBlanks  = 64 << 20
	maxRow     = 1 << 20
	maxColumn  = 1 << 14
)

// IsZip reports whether a file begins like a workbook, or like any other zip archive.
func IsZip(head []byte) bool {
	return bytes.HasPrefix(head, []byte("PK\x03\x04")) || bytes.HasPrefix(head, []byte("PK\x05\x06"))
}

// Book is a workbook whose table has been inspected.
type Book struct {
	parts   map[string]*zip.File
	limits  csvfile.Limits
	strings sharedStrings
	styles  styles
	is1904  bool
	isStale bool   // The stored values of formulas must not be used.
	sheet   string // The part with the table.
	format  csvfile.Format

	left int64 // How many bytes may still be unpacked.
}

// IsCompound reports whether a file begins like an old workbook (.xls), or like a workbook
// that is protected with a password.
func IsCompound(head []byte) bool {
	return bytes.HasPrefix(head, []byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"))
}

// encryptedPackage is a name, in UTF-16, that a password-protected workbook contains.
var encryptedPackage = []byte("E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d\x00P\x00a\x00c\x00k\x00a\x00g\x00e\x00")

// Is reports whether a file in memory is a workbook, so that Open can say more about it
// than that it is no CSV file. The answer is yes for a workbook that is too large: it was
// not read to its end, where the list of its parts is.
func Is(file []byte) bool {
	if len(file) > MaxBytes {
		return IsZip(file)
	}
	if IsCompound(file) {
		return bytes.Contains(file, encryptedPackage)
	}
	parts, err := partsOf(file)
	if err != nil {
		return bytes.Contains(file[:min(len(file), 4096)], []byte("xl/"))
	}
	return isSpreadsheet(parts)
}

// isSpreadsheet reports whether the list of content types names a spreadsheet. Documents
// of other programs have such a list as well.
func isSpreadsheet(parts map[string]*zip.File) bool {
	list := parts["[content_types].xml"]
	if list == nil {
		return false
	}
	r, err := list.Open()
	if err != nil {
		return true // and Open says what is wrong with it
	}
	defer r.Close()
	kinds, err := io.ReadAll(io.LimitReader(r, maxToken))
	return err != nil || bytes.Contains(kinds, []byte("spreadsheetml")) || bytes.Contains(kinds, []byte("ms-excel"))
}

// Open inspects a workbook in memory. It returns a *csvfile.Error for a workbook that
// cannot be understood with certainty.
func Open(file []byte, limits csvfile.Limits) (*Book, error) {
	limits = limits.OrDefault()
	if most := min(limits.Bytes, MaxBytes); len(file) > int(most) {
		return nil, tooLarge(most)
	}
	if IsCompound(file) {
		return nil, encrypted()
	}
	parts, err := partsOf(file)
	if err != nil {
		return nil, err
	}
	b := &Book{parts: parts, limits: limits, left: maxUnpacked, format: csvfile.Format{
		Encoding: Encoding, Delimiter: Delimiter, LineEnding: csvfile.NoLineEnding, Bytes: int64(len(file)),
	}}
	sheets, err := b.readWorkbook()
	if err != nil {
		return nil, err
	}
	if b.sheet, err = b.choose(sheets); err != nil {
		return nil, err
	}
	return b, b.inspect()
}

// Format returns what is known about the table.
func (b *Book) Format() csvfile.Format { return b.format }

// partsOf returns the parts by their names in lower case, because programs ignore the
// case.
func partsOf(file []byte) (map[string]*zip.File, error) {
	// The list takes ten times its size in memory, so its length is limited before it is
	// read. Compressed text contains this signature by chance once in four gigabytes.
	if bytes.Count(file, []byte("PK\x01\x02")) > maxParts+chance {
		return nil, damaged("The workbook has too many parts.")
	}
	archive, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return nil, damaged("The workbook is not complete.")
	}
	if len(archive.File) > maxParts {
		return nil, damaged("The workbook has too many parts.")
	}
	parts := make(map[string]*zip.File, len(archive.File))
	for _, f := range archive.File {
		name := strings.ToLower(strings.TrimPrefix(strings.ReplaceAll(f.Name, `\`, "/"), "/"))
		switch {
		case parts[name] != nil:
			return nil, damaged("The workbook holds a part twice.")
		case f.Flags&1 != 0:
			return nil, encrypted()
		}
		parts[name] = f
	}
	return parts, nil
}
