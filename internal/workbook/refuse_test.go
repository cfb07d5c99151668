package workbook_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/openhomeroom/homeroom/internal/csvfile"
	"github.com/openhomeroom/homeroom/internal/workbook"
)

func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file func(t *testing.T) []byte
		code csvfile.Code
		says string
	}{
		"nothing in it": {func(t *testing.T) []byte { return written(t, func(*excelize.File) {}) }, csvfile.EmptyFile, "are empty"},
		"a password": {func(t *testing.T) []byte {
			f := excelize.NewFile()
			var out bytes.Buffer
			if err := f.Write(&out, excelize.Options{Password: "hunter2"}); err != nil {
				t.Fatal(err)
			}
			return out.Bytes()
		}, workbook.Encrypted, "password"},
		"merged cells": {func(t *testing.T) []byte {
			return written(t, func(f *excelize.File) {
				set(t, f, "Sheet1", 1, "Student ID", "Class")
				set(t, f, "Sheet1", 2, "1", "7a")
				set(t, f, "Sheet1", 3, "2")
				if err := f.MergeCell("Sheet1", "B2", "B3"); err != nil {
					t.Fatal(err)
				}
			})
		}, workbook.MergedCells, "B2:B3"},
		"1,000 columns": {func(t *testing.T) []byte {
			return written(t, func(f *excelize.File) {
				names := make([]any, 1000)
				for i := range names {
					names[i] = fmt.Sprint("Column ", i)
				}
				set(t, f, "Sheet1", 1, names...)
			})
		}, csvfile.TooManyColumns, "256"},
		"a part that says that it has a terabyte": {func(t *testing.T) []byte { return claimed(t, plain(t), "sheet1.xml", 1<<40) }, csvfile.FileTooLarge, "unpacked"},
		"a part that has more than it says":       {func(t *testing.T) []byte { return claimed(t, plain(t), "sheet1.xml", 100) }, workbook.BadWorkbook, ""},
		"a million rows too many": {func(t *testing.T) []byte {
			return changed(t, plain(t), in("sheet1.xml", "</sheetData>", strings.Repeat("<row/>", 1<<20)+"</sheetData>"))
		}, workbook.BadWorkbook, "rows"},
		"a row of 20,000 cells": {func(t *testing.T) []byte {
			return changed(t, plain(t),
				in("sheet1.xml", "</sheetData>", "<row>"+strings.Repeat("<c/>", 20_000)+"</row></sheetData>"))
		}, workbook.BadWorkbook, "cells"},
		"a cell in column XFD": {func(t *testing.T) []byte {
			return written(t, func(f *excelize.File) {
				set(t, f, "Sheet1", 1, "Student ID", "Class")
				if err := f.SetCellValue("Sheet1", "XFD7", 1); err != nil {
					t.Fatal(err)
				}
			})
		}, csvfile.TooManyColumns, "Row 6"},
		"two headers that are equal": {func(t *testing.T) []byte {
			return written(t, func(f *excelize.File) { set(t, f, "Sheet1", 1, "Grade", "grade") })
		}, csvfile.DuplicateHeader, "Grade"},
		"a title above the header": {func(t *testing.T) []byte {
			return written(t, func(f *excelize.File) {
				set(t, f, "Sheet1", 1, "Pupils of 2026")
				set(t, f, "Sheet1", 2, "Student ID", "First Name")
				set(t, f, "Sheet1", 3, "1", "Ada")
			})
		}, csvfile.NoHeader, "Pupils of 2026"},
		"a title above the header, in merged cells": {func(t *testing.T) []byte {
			return written(t, func(f *excelize.File) {
				set(t, f, "Sheet1", 1, "Pupils of 2026")
				set(t, f, "Sheet1", 2, "Student ID", "First Name")
				set(t, f, "Sheet1", 3, "1", "Ada")
				if err := f.MergeCell("Sheet1", "A1", "B1"); err != nil {
					t.Fatal(err)
				}
			})
		}, csvfile.NoHeader, "Pupils of 2026"},
		"a cell of 100 KB": {func(t *testing.T) []byte {
			return changed(t, plain(t), in("sharedStrings.xml", "00049", strings.Repeat("x", 100_000)))
		}, csvfile.CellTooLarge, "Row 50"},
		"a text of 10 MB": {func(t *testing.T) []byte {
			return changed(t, plain(t), in("sharedStrings.xml", "00049", strings.Repeat("x", 10<<20)))
		}, csvfile.FileTooLarge, "unpacked"},
		"a comment of 10 MB": {func(t *testing.T) []byte {
			return changed(t, plain(t), in("sheet1.xml", "<sheetData>", "<!--"+strings.Repeat("x", 10<<20)+"--><sheetData>"))
		}, csvfile.FileTooLarge, "unpacked"},
		"a binary workbook": {func(t *testing.T) []byte {
			return changed(t, plain(t), in("_rels/.rels", "xl/workbook.xml", "xl/workbook.bin"))
		}, csvfile.NotText, "xlsb"},
		"more than 32 MB": {func(*testing.T) []byte {
			return append([]byte("PK\x03\x04"), make([]byte, workbook.MaxBytes)...)
		}, csvfile.FileTooLarge, "32 MB"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := c.file(t)
			if e := refused(t, file); e.Code != c.code || !strings.Contains(e.Message, c.says) {
				t.Errorf("got %v; want %s, %s", e, c.code, c.says)
			}
			if !workbook.Is(file) {
				t.Error("it is not taken for a workbook")
			}
		})
	}
}
