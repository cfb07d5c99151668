package workbook_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/internal/csvfile"
)

// TestPrograms reads the same table as several programs have written it: with shared
// texts, with texts in cells, or both, with their own styles, and with their own way to
// store a formula. testdata/programs/README.md describes the files.
func TestPrograms(t *testing.T) {
	t.Parallel()
	type records = []csvfile.Record
	flaw := func(column int, kind csvfile.FlawKind) csvfile.Flaw { return csvfile.Flaw{Column: column, Kind: kind} }
	table := func() records {
		return records{
			{Row: 1, Cells: []string{"00042", "José Núñez 😀", "", "edge", "TRUE"}},
			{Row: 2, Cells: []string{"00042", `Fish & <Chips> "q" 'a'`, "", "line one\nline two", "FALSE"}},
			{Row: 3, Cells: []string{"1234567890123456", "Ada Lovelace", "", "_x0041_", "0.3"}},
			{Row: 6, Cells: []string{"123-45-6789", "Zoë", "", "", "12345"}},
			{Row: 7, Cells: []string{"1234567890123456", "too long", "", "", ""}, Missing: 3, Flaws: []csvfile.Flaw{flaw(0, csvfile.Imprecise)}},
			{Row: 8, Cells: []string{"2026-01-02", "a day", "", "", "2026-11-18 13:30:00"}, Flaws: []csvfile.Flaw{flaw(0, csvfile.Dated), flaw(4, csvfile.Dated)}},
			{Row: 9, Cells: []string{"A7", "formula", "", "", "2"}},
			{Row: 10, Cells: []string{"00044", "error", "", "", "#DIV/0!"}, Flaws: []csvfile.Flaw{flaw(4, csvfile.Failed)}},
			{Row: 11, Cells: []string{"00045", "hidden", "", "", ""}, Missing: 3},
		}
	}
	// What the programs do differently, row by row.
	unescaped := func(r records) { r[2].Cells[3] = "A" }
	rounded := func(r records) { r[4].Cells[0] = "1234567890123460" }
	notCalculated := func(r records) {
		r[6].Cells[0], r[6].Cells[4] = "", ""
		r[6].Flaws = []csvfile.Flaw{flaw(0, csvfile.NotCalculated), flaw(4, csvfile.NotCalculated)}
	}
	errorIsFormula := func(r records) {
		r[7].Cells[4], r[7].Flaws = "", []csvfile.Flaw{flaw(4, csvfile.NotCalculated)}
	}
	emptyText := func(r records) { r[6].Cells[0], r[6].Flaws = "", r[6].Flaws[1:] }
	noError := func(r records) { r[7].Cells[4], r[7].Flaws, r[7].Missing = "", nil, 3 }

	programs := map[string][]func(records){
		"exceljs":                    {unescaped},
		"exceljs-stream":             {unescaped},
		"gnumeric":                   {unescaped},
		"libreoffice":                {rounded},
		"openpyxl":                   {unescaped, notCalculated},
		"openpyxl-iso-dates":         {unescaped, notCalculated},
		"sheetjs":                    {unescaped},
		"sheetjs-shared":             {unescaped},
		"tealeg":                     {unescaped, notCalculated, emptyText, noError},
		"xlsxwriter":                 {notCalculated, errorIsFormula},
		"xlsxwriter-constant-memory": {notCalculated, errorIsFormula},
	}
	files, err := filepath.Glob("testdata/programs/*.xlsx")
	if err != nil || len(files) != len(programs) {
		t.Fatalf("%d files for %d programs, %v", len(files), len(programs), err)
	}
	for _, path := range files {
		name := strings.TrimSuffix(filepath.Base(path), ".xlsx")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			differences, known := programs[name]
			if !known {
				t.Fatal("no program of this name")
			}
			file, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			expected := table()
			for _, differ := range differences {
				differ(expected)
			}
			format, got := read(t, file)
			want(t, format.Header, []string{"Student ID", "Name", "", "Note", "Check"})
			for i := range min(len(got), len(expected)) {
				want(t, got[i], expected[i])
			}
			want(t, len(got), len(expected))
		})
	}
}
