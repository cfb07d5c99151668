package workbook_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
)

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
		"TRUE", "2026-11-18 [{0 4}]", "2026-11-18 13:30:00 [{0 4}]", "2026-11-18 [{0 4}]", "'=x", "line\nbreak", "José", "7",
		"12345", "0.5", "1.5",
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
