package workbook_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/openhomeroom/homeroom/internal/csvfile"
	"github.com/openhomeroom/homeroom/internal/workbook"
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
	records := all(t, book)
	if f := book.Format(); f.Encoding != workbook.Encoding || f.Bytes != int64(len(file)) {
		t.Fatalf("format %+v", f)
	}
	return book.Format(), records
}

// all are the records of a workbook: as many as its format says.
func all(t testing.TB, book *workbook.Book) []csvfile.Record {
	t.Helper()
	r, err := book.NewReader()
	if err != nil {
		t.Fatal(err)
	}
	var records []csvfile.Record
	for {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, rec)
	}
	if int64(len(records)) != book.Format().Rows {
		t.Fatalf("%d records of %d", len(records), book.Format().Rows)
	}
	return records
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

// part is a file inside of a workbook.
type part struct {
	name    string
	content []byte
}

func unpacked(t testing.TB, file []byte) []part {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	var parts []part
	for _, f := range archive.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, part{f.Name, content})
	}
	return parts
}

// packed is a workbook of parts, compressed or as they are.
func packed(t testing.TB, method uint16, parts ...part) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, p := range parts {
		f, err := w.CreateHeader(&zip.FileHeader{Name: p.name, Method: method})
		if err == nil {
			_, err = f.Write(p.content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// changed returns the workbook with its parts changed, or left out if the result is nil.
func changed(t testing.TB, file []byte, change func(name string, content []byte) []byte) []byte {
	t.Helper()
	var parts []part
	for _, p := range unpacked(t, file) {
		if p.content = change(p.name, p.content); p.content != nil {
			parts = append(parts, p)
		}
	}
	return packed(t, zip.Deflate, parts...)
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

// plain is a small workbook with nothing wrong.
func plain(t testing.TB) []byte {
	return written(t, func(f *excelize.File) {
		set(t, f, "Sheet1", 1, "Student ID", "First Name")
		for i := range 100 {
			set(t, f, "Sheet1", i+2, fmt.Sprintf("%05d", i), "Ada", i)
		}
	})
}

func in(part, before, after string) func(string, []byte) []byte {
	return func(name string, content []byte) []byte {
		if !strings.HasSuffix(name, part) {
			return content
		}
		return bytes.Replace(content, []byte(before), []byte(after), 1)
	}
}
