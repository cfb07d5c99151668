package workbook_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"homeroom/internal/csvfile"
	"homeroom/internal/workbook"
)

// written is a workbook as excelize writes it.
func written(t testing.TB, fill func(f *excelize.File)) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	fill(f)
	file, err := f.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// set writes a row of values from column A on.
func set(t testing.TB, f *excelize.File, sheet string, row int, values ...any) {
	t.Helper()
	if err := f.SetSheetRow(sheet, fmt.Sprintf("A%d", row), &values); err != nil {
		t.Fatal(err)
	}
}

// read opens a workbook and reads all of its records.
func read(t testing.TB, file []byte) (csvfile.Format, []csvfile.Record) {
	t.Helper()
	book, err := workbook.Open(file, csvfile.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := book.NewReader()
	if err != nil {
		t.Fatal(err)
	}
	var all []csvfile.Record
	for {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, rec)
	}
	if f := book.Format(); int64(len(all)) != f.Rows || f.Encoding != workbook.Encoding || f.Bytes != int64(len(file)) {
		t.Fatalf("%d records, format %+v", len(all), f)
	}
	return book.Format(), all
}

// refused returns why a workbook is refused.
func refused(t testing.TB, file []byte) *csvfile.Error {
	t.Helper()
	_, err := workbook.Open(file, csvfile.Limits{})
	var e *csvfile.Error
	if !errors.As(err, &e) || e.Message == "" || e.Hint == "" {
		t.Fatalf("got %v, want a refusal", err)
	}
	return e
}

// changed returns the workbook with its parts changed, or left out where the
// result is nil.
func changed(t testing.TB, file []byte, change func(name string, content []byte) []byte) []byte {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range archive.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if content = change(f.Name, content); content == nil {
			continue
		}
		part, err := w.Create(f.Name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := part.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// claimed returns the workbook with another size of a part in its list of parts.
func claimed(t testing.TB, file []byte, part string, size uint64) []byte {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range archive.File {
		header := f.FileHeader
		if strings.HasSuffix(f.Name, part) {
			header.UncompressedSize64 = size
		}
		content, err := f.OpenRaw()
		if err != nil {
			t.Fatal(err)
		}
		raw, err := w.CreateRaw(&header)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(raw, content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func want(t testing.TB, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("\n got %+q\nwant %+q", got, want)
	}
}

// TestCells checks what each kind of cell shows, written by a program.
func TestCells(t *testing.T) {
	t.Parallel()
	file := written(t, func(f *excelize.File) {
		style := func(format string) int {
			id, err := f.NewStyle(&excelize.Style{CustomNumFmt: &format})
			if err != nil {
				t.Fatal(err)
			}
			return id
		}
		set(t, f, "Sheet1", 1, "Student ID", "What")
		for i, c := range []struct {
			value  any
			format string
		}{
			{"00042", "@"}, {42, "00000"}, {12345678901, ""}, {123456789012345, ""}, {1234567890123450, ""}, {0.1 + 0.2, ""}, {1.0, "0.00"}, {-5, ""},
			{true, ""}, {time.Date(2026, time.November, 18, 0, 0, 0, 0, time.UTC), "m/d/yy"}, {time.Date(2026, time.November, 18, 13, 30, 0, 0, time.UTC), "dd.mm.yyyy hh:mm"},
			{46344, "d-mmm"}, {" '=x ", ""}, {"line\r\nbreak", ""}, {"Jose\u0301", ""}, {7, `"Grade "0`}, {12345, "#,##0"}, {0.5, "0%"}, {1.5, "[h]:mm"},
		} {
			at := fmt.Sprintf("A%d", i+2)
			if err := f.SetCellValue("Sheet1", at, c.value); err != nil {
				t.Fatal(err)
			}
			if c.format != "" {
				if err := f.SetCellStyle("Sheet1", at, at, style(c.format)); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
	format, records := read(t, file)
	want(t, format.Header, []string{"Student ID", "What"})
	var got []string
	for i, rec := range records {
		if rec.Row != i+1 || rec.Cells[1] != "" {
			t.Errorf("record %d: %+v", i, rec)
		}
		got = append(got, strings.TrimSuffix(fmt.Sprintf("%s %v", rec.Cells[0], rec.Flaws), " []"))
	}
	want(t, got, []string{
		"00042", "00042", "12345678901", "123456789012345", "1234567890123450 [{0 3}]", "0.3", "1", "-5",
		"TRUE", "2026-11-18 [{0 4}]", "2026-11-18 13:30:00 [{0 4}]", "2026-11-18 [{0 4}]", "'=x", "line\nbreak", "José", "7", "12345", "0.5", "1.5",
	})
}

// TestHandmade reads a workbook as the standard allows it and hardly a program
// writes it: other names of the parts, a namespace with a prefix, places that are
// left out, texts in pieces, days counted from 1904, hidden rows and sheets.
func TestHandmade(t *testing.T) {
	t.Parallel()
	file, err := os.ReadFile("testdata/handmade.xlsx")
	if err != nil {
		t.Fatal(err)
	}
	format, records := read(t, file)
	want(t, format.Header, []string{"Student ID", "First Name", "Grade", "Note"})
	if format.HeaderRow != 3 {
		t.Errorf("the header is in row %d", format.HeaderRow)
	}
	want(t, records, []csvfile.Record{
		{Row: 1, Cells: []string{"00042", "José", "7", "TRUE"}},
		{Row: 2, Cells: []string{"123-45-6789", "_x0041_", "7", "#DIV/0!"}, Flaws: []csvfile.Flaw{{Column: 3, Kind: csvfile.Failed}}},
		{Row: 3, Cells: []string{"12345678901", "", "0.3", ""}, Flaws: []csvfile.Flaw{{Column: 3, Kind: csvfile.NotCalculated}}},
		{Row: 4, Cells: []string{"12345", "", "", ""}, Missing: 3},
		{Row: 5, Cells: []string{"1234567890123456", "", "", ""}, Missing: 3, Flaws: []csvfile.Flaw{{Column: 0, Kind: csvfile.Imprecise}}},
		{Row: 997, Cells: []string{"1904-01-02", "1904-01-03 12:00:00", "06:00:00", ""}, Extra: 1, Beyond: []string{"5"},
			Flaws: []csvfile.Flaw{{Column: 0, Kind: csvfile.Dated}, {Column: 1, Kind: csvfile.Dated}, {Column: 2, Kind: csvfile.Dated}}},
	})
}

func TestTheFirstDaysOf1900(t *testing.T) {
	t.Parallel()
	file := written(t, func(f *excelize.File) {
		set(t, f, "Sheet1", 1, "Day", "B")
		day := "yyyy-mm-dd"
		id, err := f.NewStyle(&excelize.Style{CustomNumFmt: &day})
		if err != nil {
			t.Fatal(err)
		}
		for i, serial := range []int{1, 59, 61, 2_958_465} {
			set(t, f, "Sheet1", i+2, serial)
		}
		if err := f.SetCellStyle("Sheet1", "A2", "A9", id); err != nil {
			t.Fatal(err)
		}
	})
	_, records := read(t, file)
	var got []string
	for _, rec := range records {
		got = append(got, rec.Cells[0])
	}
	want(t, got, []string{"1900-01-01", "1900-02-28", "1900-03-01", "9999-12-31"})
}

func TestWhichSheet(t *testing.T) {
	t.Parallel()
	sheets := func(hide bool) []byte {
		return written(t, func(f *excelize.File) {
			for _, name := range []string{"Notes", "Empty"} {
				if _, err := f.NewSheet(name); err != nil {
					t.Fatal(err)
				}
			}
			set(t, f, "Sheet1", 3, "Student ID", "First Name")
			set(t, f, "Sheet1", 5, "1", "Ada")
			set(t, f, "Notes", 1, "remember")
			if err := f.SetSheetVisible("Notes", !hide); err != nil {
				t.Fatal(err)
			}
		})
	}
	t.Run("the only visible one that holds anything", func(t *testing.T) {
		t.Parallel()
		format, records := read(t, sheets(true))
		want(t, records, []csvfile.Record{{Row: 2, Cells: []string{"1", "Ada"}}})
		if format.HeaderRow != 3 {
			t.Errorf("header in row %d", format.HeaderRow)
		}
	})
	t.Run("none of several", func(t *testing.T) {
		t.Parallel()
		if e := refused(t, sheets(false)); e.Code != workbook.SeveralSheets || !strings.Contains(e.Message, `"Sheet1", "Notes"`) {
			t.Errorf("got %v", e)
		}
	})
}

// plain is a small workbook with nothing wrong.
func plain(t testing.TB) []byte {
	return written(t, func(f *excelize.File) {
		set(t, f, "Sheet1", 1, "Student ID", "First Name")
		for i := range 100 {
			set(t, f, "Sheet1", i+2, fmt.Sprintf("%05d", i), "Ada", i)
		}
	})
}

func in(part, old, new string) func(string, []byte) []byte {
	return func(name string, content []byte) []byte {
		if !strings.HasSuffix(name, part) {
			return content
		}
		return bytes.Replace(content, []byte(old), []byte(new), 1)
	}
}

// TestDamagedWorkbooks is about files that other readers take for shorter ones.
func TestDamagedWorkbooks(t *testing.T) {
	t.Parallel()
	good := plain(t)
	cut := func(part string) func(string, []byte) []byte {
		return func(name string, content []byte) []byte {
			if strings.HasSuffix(name, part) {
				content = content[:len(content)/2]
			}
			return content
		}
	}
	drop := func(part string) func(string, []byte) []byte {
		return func(name string, content []byte) []byte {
			if strings.HasSuffix(name, part) {
				return nil
			}
			return content
		}
	}
	for name, change := range map[string]func(string, []byte) []byte{
		"half a sheet":                   cut("sheet1.xml"),
		"half of the texts":              cut("sharedStrings.xml"),
		"half of the list of sheets":     cut("workbook.xml"),
		"no sheet":                       drop("sheet1.xml"),
		"no relations":                   drop("workbook.xml.rels"),
		"a row that goes back":           in("sheet1.xml", `<row r="50"`, `<row r="5"`),
		"a row beyond the last":          in("sheet1.xml", `<row r="101"`, `<row r="1048577"`),
		"a cell that goes back":          in("sheet1.xml", `r="B50"`, `r="A50"`),
		"a cell of another row":          in("sheet1.xml", `r="B50"`, `r="B51"`),
		"a text that is not there":       in("sheet1.xml", `<v>5</v>`, `<v>5000</v>`),
		"a negative text":                in("sheet1.xml", `<v>5</v>`, `<v>-1</v>`),
		"a number that is none":          in("sheet1.xml", `<v>99</v>`, `<v>NaN</v>`),
		"a number in hexadecimal":        in("sheet1.xml", `<v>99</v>`, `<v>0x10</v>`),
		"a kind of cell that is unknown": in("sheet1.xml", `t="s"`, `t="q"`),
		"rows twice":                     in("sheet1.xml", `</sheetData>`, `</sheetData><sheetData/>`),
		"an entity":                      in("sheet1.xml", `<v>99</v>`, `<v>&bomb;</v>`),
		"elements without end":           in("sheet1.xml", `<v>99</v>`, strings.Repeat("<a>", 100_000)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if e := refused(t, changed(t, good, change)); e.Code != workbook.BadWorkbook {
				t.Errorf("got %v", e)
			}
		})
	}
	t.Run("half of the file", func(t *testing.T) {
		t.Parallel()
		half := good[:len(good)/2]
		if e := refused(t, half); e.Code != workbook.BadWorkbook || !workbook.Is(half) {
			t.Errorf("got %v", e)
		}
	})
	t.Run("a byte that is another one", func(t *testing.T) {
		t.Parallel()
		wrong := slices.Clone(good)
		at := bytes.Index(wrong, []byte("xl/worksheets/sheet1.xml")) + 200
		wrong[at] ^= 0x55
		if e := refused(t, wrong); e.Code != workbook.BadWorkbook {
			t.Errorf("got %v", e)
		}
	})
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file func(t *testing.T) []byte
		code csvfile.Code
		says string
	}{
		"nothing in it": {func(t *testing.T) []byte { return written(t, func(*excelize.File) {}) }, csvfile.EmptyFile, "holds anything"},
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
			return changed(t, plain(t), in("sheet1.xml", "</sheetData>", "<row>"+strings.Repeat("<c/>", 20_000)+"</row></sheetData>"))
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
