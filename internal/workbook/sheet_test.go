package workbook_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/openhomeroom/homeroom/internal/csvfile"
	"github.com/openhomeroom/homeroom/internal/workbook"
)

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
		if e := refused(t, sheets(false)); e.Code != workbook.SeveralSheets ||
			!strings.Contains(e.Message, `"Sheet1", "Notes"`) {
			t.Errorf("got %v", e)
		}
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
			Flaws: []csvfile.Flaw{{Column: 0, Kind: csvfile.Dated}, {Column: 1, Kind: csvfile.Dated},
				{Column: 2, Kind: csvfile.Dated}}},
	})
}

// TestWhatStandsAroundTheXML reads what libraries write before and after the root element
// of a part: a byte order mark, comments, space.
func TestWhatStandsAroundTheXML(t *testing.T) {
	t.Parallel()
	_, records := read(t, changed(t, plain(t), func(name string, content []byte) []byte {
		return slices.Concat([]byte("\ufeff"), content, []byte("\r\n<!-- "+name+" --> \n"))
	}))
	if len(records) != 100 {
		t.Errorf("%d records", len(records))
	}
}
