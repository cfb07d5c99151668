package workbook

import (
	"encoding/xml"
	"errors"
	"io"
	"path"
	"strings"

	"github.com/openhomeroom/homeroom/internal/csvfile"
)

// sheet is a sheet as the workbook lists it.
type sheet struct {
	name   string
	id     string
	hidden bool
	part   string
}

// readWorkbook reads everything except the sheets.
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
			return nil, damaged("The workbook holds a part twice.")
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

// mainPart returns the name of the part with the list of sheets.
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
		return "", &csvfile.Error{
			Code:    csvfile.NotText,
			Message: "This is a binary Excel workbook (.xlsb).",
			Hint:    hintSaveAs,
		}
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
		case "calcPr":
			b.isStale = isTrue(attr(e, "fullCalcOnLoad"))
		case "sheet":
			sheets = append(sheets,
				sheet{name: attr(e, "name"), id: attr(e, "id"), hidden: attr(e, "state") != "" && attr(e, "state") != "visible"})
		}
		if len(sheets) > maxSheets {
			return damaged("The workbook has too many sheets.")
		}
		return nil
	})
	return sheets, err
}

// relation is a reference from one part to another.
type relation struct{ kind, part string }

// relations returns those of a part by their ids; "" means the whole file.
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
		related[attr(e, "Id")] = relation{
			kind: path.Base(attr(e, "Type")),
			part: strings.ToLower(strings.TrimPrefix(path.Clean(target), "/")),
		}
		return nil
	})
	return related, err
}

// choose returns the part of the only visible sheet that has content.
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
		return "", &csvfile.Error{Code: csvfile.EmptyFile, Message: "All visible sheets of the workbook are empty.",
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
		case errors.Is(err, io.EOF):
			return true, nil
		case err != nil:
			return false, err
		case !rows.blank():
			return false, nil
		}
	}
}
