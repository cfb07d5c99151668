// Package workbook reads the table in an Excel workbook (.xlsx) as package
// csvfile reads a CSV file: it refuses in words what cannot be understood with
// certainty, and otherwise hands out records.
//
// The table is the only visible sheet that holds anything. What a cell shows
// matters, not how it is stored: a number is its digits, with the zeros in front
// that a format such as 00000 shows, and never 1.2E+10; a date is written as
// 2026-11-18; of a formula the value counts that was stored with it. Hidden rows
// and columns are read, as they are when the program saves a CSV file.
//
// The whole file is in memory, with the texts that cells share, but never a
// sheet: that is read as a stream, and every limit is checked while it is read.
// Nothing is written to a disk, because a workbook may hold passwords.
//
// Workbooks are written by people's programs and by attackers, so the package
// reads the format itself, strictly. The usual library, excelize, ends at damaged
// XML as if the sheet ended there, and so loses rows without a word, and it
// unpacks large parts into files with names; the tests let it write workbooks.
package workbook

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"io"
	"path"
	"strings"

	"homeroom/internal/csvfile"
)

// Encoding is what Format says of a workbook; it has no delimiter and no line
// ends.
const (
	Encoding  csvfile.Encoding  = "XLSX"
	Delimiter csvfile.Delimiter = "none"
)

// MaxBytes is the largest workbook as it is stored. It is compressed about ten
// times; 32 MB hold some 700,000 students.
const MaxBytes = 32 << 20

// The limits of what is inside.
const (
	maxUnpacked = 1280 << 20 // All that is unpacked until the last row is read, which is twice.
	maxPart     = 512 << 20  // A part when it is unpacked.
	maxList     = 16 << 20   // A part with a list of sheets, styles or other parts.
	maxToken    = 1 << 20    // What must be in memory at once of a part.
	maxStrings  = 4 << 20    // Texts that cells share: how many,
	maxText     = 64 << 20   // and their bytes.

	maxParts   = 4096
	maxDepth   = 64 // Elements inside of each other.
	maxRelated = 1024
	maxSheets  = 256
	maxStyles  = 65_536
	maxRow     = 1 << 20
	maxColumn  = 1 << 14
)

// IsZip reports whether a file begins as a workbook, or another zip archive, does.
func IsZip(head []byte) bool {
	return bytes.HasPrefix(head, []byte("PK\x03\x04")) || bytes.HasPrefix(head, []byte("PK\x05\x06"))
}

// Book is a workbook whose table has been inspected.
type Book struct {
	parts   map[string]*zip.File
	limits  csvfile.Limits
	strings sharedStrings
	styles  []style
	is1904  bool
	sheet   string // The part of the table.
	format  csvfile.Format

	left int64 // What may still be unpacked.
}

// IsCompound reports whether a file begins as an old workbook (.xls), or a
// workbook that is protected with a password, does.
func IsCompound(head []byte) bool {
	return bytes.HasPrefix(head, []byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"))
}

// encryptedPackage names, in UTF-16, what such a file has in it if it is the
// latter.
var encryptedPackage = []byte("E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d\x00P\x00a\x00c\x00k\x00a\x00g\x00e\x00")

// Is reports whether a file in memory is a workbook that Open can say more about
// than that it is no CSV file. One that is too large is: it was not read to its
// end, where the list of its parts is.
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

// isSpreadsheet reports whether the list of the kinds of parts, which documents of
// other programs have as well, speaks of a spreadsheet.
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

// Open inspects a workbook that is in memory. It returns a *csvfile.Error for one
// that cannot be understood with certainty.
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

// Format is what there is to know about the table.
func (b *Book) Format() csvfile.Format { return b.format }

// partsOf lists the parts by their names in small letters, as programs find them.
func partsOf(file []byte) (map[string]*zip.File, error) {
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
			return nil, damaged("A part of the workbook is there twice.")
		case f.Flags&1 != 0:
			return nil, encrypted()
		}
		parts[name] = f
	}
	return parts, nil
}

// sheet is a sheet as the workbook lists it.
type sheet struct {
	name   string
	id     string
	hidden bool
	part   string
}

// readWorkbook reads everything but the sheets.
func (b *Book) readWorkbook() ([]sheet, error) {
	main, err := b.mainPart()
	if err != nil {
		return nil, err
	}
	sheets, err := b.listSheets(main)
	if err != nil {
		return nil, err
	}
	related, err := b.relations(main)
	if err != nil {
		return nil, err
	}
	var tables []sheet
	for _, s := range sheets {
		switch r := related[s.id]; {
		case r.kind == "":
			return nil, damaged("A sheet of the workbook is missing.")
		case r.kind == "worksheet" && !s.hidden:
			s.part = r.part
			tables = append(tables, s)
		}
	}
	once := map[string]bool{}
	for _, r := range related {
		if (r.kind == "sharedStrings" || r.kind == "styles") && once[r.kind] {
			return nil, damaged("A part of the workbook is there twice.")
		}
		once[r.kind] = true
		switch r.kind {
		case "sharedStrings":
			err = b.strings.read(b, r.part)
		case "styles":
			b.styles, err = b.readStyles(r.part)
		}
		if err != nil {
			return nil, err
		}
	}
	return tables, nil
}

// mainPart is the part with the list of sheets.
func (b *Book) mainPart() (string, error) {
	main := "xl/workbook.xml"
	if b.parts["_rels/.rels"] != nil {
		related, err := b.relations("")
		if err != nil {
			return "", err
		}
		for _, r := range related {
			if r.kind == "officeDocument" {
				main = r.part
			}
		}
	}
	if strings.HasSuffix(main, ".bin") {
		return "", &csvfile.Error{Code: csvfile.NotText, Message: "This is a binary Excel workbook (.xlsb).", Hint: hintSaveAs}
	}
	if b.parts[main] == nil || !strings.HasSuffix(main, ".xml") {
		return "", damaged("The file is not an Excel workbook.")
	}
	return main, nil
}

func (b *Book) listSheets(main string) ([]sheet, error) {
	var sheets []sheet
	err := b.each(main, maxList, func(d *decoder, e xml.StartElement) error {
		switch e.Name.Local {
		case "workbookPr":
			b.is1904 = isTrue(attr(e, "date1904"))
		case "sheet":
			sheets = append(sheets, sheet{name: attr(e, "name"), id: attr(e, "id"), hidden: attr(e, "state") != "" && attr(e, "state") != "visible"})
		}
		if len(sheets) > maxSheets {
			return damaged("The workbook has too many sheets.")
		}
		return nil
	})
	return sheets, err
}

// relation leads from one part to another.
type relation struct{ kind, part string }

// relations are those of a part, by their ids; of the whole file for "".
func (b *Book) relations(of string) (map[string]relation, error) {
	folder, name := path.Split(of)
	related := map[string]relation{}
	list := folder + "_rels/" + name + ".rels"
	if b.parts[list] == nil {
		return related, nil
	}
	err := b.each(list, maxList, func(_ *decoder, e xml.StartElement) error {
		if e.Name.Local != "Relationship" || attr(e, "TargetMode") == "External" {
			return nil
		}
		target := strings.ReplaceAll(attr(e, "Target"), `\`, "/")
		if !strings.HasPrefix(target, "/") {
			target = folder + target
		}
		if len(related) == maxRelated {
			return damaged("The workbook has too many parts.")
		}
		related[attr(e, "Id")] = relation{kind: path.Base(attr(e, "Type")), part: strings.ToLower(strings.TrimPrefix(path.Clean(target), "/"))}
		return nil
	})
	return related, err
}

// choose returns the part of the only visible sheet that holds anything.
func (b *Book) choose(sheets []sheet) (string, error) {
	var filled []sheet
	for _, s := range sheets {
		empty, err := b.isEmpty(s.part)
		if err != nil {
			return "", err
		}
		if !empty {
			filled = append(filled, s)
		}
	}
	switch len(filled) {
	case 0:
		return "", &csvfile.Error{Code: csvfile.EmptyFile, Message: "No visible sheet of the workbook holds anything.",
			Hint: "Check that you chose the right file, and that it was saved before you uploaded it."}
	case 1:
		return filled[0].part, nil
	}
	return "", severalSheets(filled)
}

func (b *Book) isEmpty(part string) (bool, error) {
	rows, err := b.rows(part)
	if err != nil {
		return false, err
	}
	defer rows.close()
	for {
		err := rows.next()
		switch {
		case err == io.EOF:
			return true, nil
		case err != nil:
			return false, err
		case !rows.blank():
			return false, nil
		}
	}
}
