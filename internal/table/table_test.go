package table_test

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/xuri/excelize/v2"

	"github.com/openhomeroom/homeroom/internal/csvfile"
	"github.com/openhomeroom/homeroom/internal/table"
)

func opener(file []byte) func() (io.Reader, error) {
	return func() (io.Reader, error) { return bytes.NewReader(file), nil }
}

func read(t *testing.T, file []byte) (csvfile.Format, []csvfile.Record) {
	t.Helper()
	f, err := table.Inspect(opener(file), csvfile.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := f.Rows()
	if err != nil {
		t.Fatal(err)
	}
	var all []csvfile.Record
	for {
		rec, err := rows.Next()
		if errors.Is(err, io.EOF) {
			return f.Format(), all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, rec)
	}
}

// TestAWorkbookAndACSVFileHoldTheSame saves one table in both ways.
func TestAWorkbookAndACSVFileHoldTheSame(t *testing.T) {
	t.Parallel()
	cells := [][]string{{"Student ID", "First Name", "Grade"}, {"00042", "José", "7"}, {"", "", ""},
		{"00043", `Ann "Annie"`, ""}, {"'=1", "a,b;c\nd", "K"}}
	workbook := excelize.NewFile()
	defer workbook.Close()
	var lines strings.Builder
	for i, row := range cells {
		for j, cell := range row {
			at, _ := excelize.CoordinatesToCellName(j+1, i+1)
			if err := workbook.SetCellStr("Sheet1", at, cell); err != nil {
				t.Fatal(err)
			}
			row[j] = `"` + strings.ReplaceAll(cell, `"`, `""`) + `"`
		}
		lines.WriteString(strings.Join(row, ",") + "\r\n")
	}
	file, err := workbook.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	format, fromCSV := read(t, []byte(lines.String()))
	if format.Encoding != csvfile.UTF8 {
		t.Errorf("the CSV file is taken for %s", format.Encoding)
	}
	for _, same := range [][]byte{[]byte(lines.String()), file.Bytes()} {
		var refused *csvfile.Error
		_, err := table.Inspect(opener(same), csvfile.Limits{Rows: 2})
		if !errors.As(err, &refused) || refused.Code != csvfile.TooManyRows {
			t.Errorf("three rows where two are allowed: %v", err)
		}
	}
	format, fromWorkbook := read(t, file.Bytes())
	if format.Encoding != "XLSX" {
		t.Errorf("the workbook is taken for %s", format.Encoding)
	}
	for i := range fromWorkbook {
		fromWorkbook[i].Missing = 0 // A workbook leaves out blank cells.
	}
	if len(fromCSV) != 3 || !reflect.DeepEqual(fromCSV, fromWorkbook) {
		t.Errorf("\n CSV file %+v\n workbook %+v", fromCSV, fromWorkbook)
	}
}

func TestAFileThatCannotBeReadIsNotRefused(t *testing.T) {
	t.Parallel()
	broken := errors.New("the database is gone")
	for name, open := range map[string]func() (io.Reader, error){
		"at the beginning": func() (io.Reader, error) { return nil, broken },
		"at once":          func() (io.Reader, error) { return iotest.ErrReader(broken), nil },
		"in a workbook": func() (io.Reader, error) {
			return io.MultiReader(strings.NewReader("PK\x03\x04 and more"), iotest.ErrReader(broken)), nil
		},
		"in a CSV file": func() (io.Reader, error) {
			return io.MultiReader(strings.NewReader("a,b\n1,2\n"), iotest.ErrReader(broken)), nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var refused *csvfile.Error
			if _, err := table.Inspect(open, csvfile.Limits{}); !errors.Is(err, broken) || errors.As(err, &refused) {
				t.Errorf("got %v", err)
			}
		})
	}
}
