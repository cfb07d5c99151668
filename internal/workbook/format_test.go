package workbook_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/openhomeroom/homeroom/internal/csvfile"
)

// TestNumberFormats checks what a format does to a number: which make days of
// them, and which show zeros in front.
func TestNumberFormats(t *testing.T) {
	t.Parallel()
	const plain, dated = csvfile.FlawKind(0), csvfile.Dated
	cases := []struct {
		format string
		value  float64
		text   string
		flaw   csvfile.FlawKind
	}{
		{"General", 42, "42", plain},
		{"General", math.Copysign(0, -1), "0", plain},
		{"0000;-0000", 42, "0042", plain},
		{"000-00-0000", 42, "000-00-0042", plain},
		{`000\-00\-0000`, 123456789, "123-45-6789", plain},
		{"(000) 000-0000", 5551234567, "(555) 123-4567", plain},
		{"00000", 1234567, "1234567", plain},
		{"00000", -42, "-42", plain},
		{"00:00", 730, "07:30", plain},
		{"#00000", 42, "00042", plain},
		{"#,##0", 12345, "12345", plain},
		{"[Red]00000", 42, "00042", plain},
		{"[$-409]00000", 42, "00042", plain},
		{"_(00000_)", 42, "00042", plain},
		{"00000* ", 42, "00042", plain},
		// Quoted text is shown as it is, even a zero or a semicolon.
		{`"2026-"0000`, 42, "2026-0042", plain},
		{`"A;0"0000`, 42, "A;00042", plain},
		{`\0\é0000`, 42, "0é0042", plain},
		// Sections with conditions.
		{"[<1000]0000;General", 42, "0042", plain},
		{"[<1000]0000;General", 12345, "12345", plain},
		{"[>=1000]General;0000", 42, "0042", plain},
		{`[<=99999]00000;00000\-0000`, 501, "00501", plain},
		{`[<=99999]00000;00000\-0000`, 5010001, "00501-0001", plain},
		{`[<>0]000;"none"`, 7, "007", plain},
		{"[=7]000;00", 8, "08", plain},
		{"[>9]00;[<=5]000;0000", 7, "0007", plain},
		// Days, and what only looks like them.
		{"m/d/yyyy", 46344, "2026-11-18", dated},
		{`[$-409]mmm\-yy;@`, 46344, "2026-11-18", dated},
		{"[$-F800]dddd, mmmm dd, yyyy", 46344, "2026-11-18", dated},
		{`mmm "this"`, 46344, "2026-11-18", dated},
		{"mmm;hh", 46344, "2026-11-18", dated},
		{"mmmm", 46344, "2026-11-18", dated},
		{"d.m. h:mm AM/PM", 46344.5, "2026-11-18 12:00:00", dated},
		{"h:mm AM/PM", 0.75, "18:00:00", dated},
		{"mm:ss.0", 0.5, "12:00:00", dated},
		{"[h]:mm", 1.5, "1.5", plain},
		{"[hh]:mm:ss", 46344, "46344", plain},
		{`0000" days"`, 7, "0007 days", plain},
		{`"d"000`, 7, "d007", plain},
		{`0.00E+00`, 7, "7", plain},
		{`@`, 7, "7", plain},
	}
	file := written(t, func(f *excelize.File) {
		set(t, f, "Sheet1", 1, "Number", "Format")
		for i, c := range cases {
			set(t, f, "Sheet1", i+2, c.value, c.format)
			id, err := f.NewStyle(&excelize.Style{CustomNumFmt: &c.format})
			if err != nil {
				t.Fatal(err)
			}
			at := fmt.Sprintf("A%d", i+2)
			if err := f.SetCellStyle("Sheet1", at, at, id); err != nil {
				t.Fatal(err)
			}
		}
	})
	_, records := read(t, file)
	for i, c := range cases {
		rec := csvfile.Record{Row: i + 1, Cells: []string{c.text, c.format}}
		if rec.Cells[1] = strings.TrimSpace(c.format); c.flaw != 0 {
			rec.Flaws = []csvfile.Flaw{{Column: 0, Kind: c.flaw}}
		}
		want(t, records[i], rec)
	}
}

// TestAFormatThatNobodyUnderstands shows the number as it is.
func TestAFormatThatNobodyUnderstands(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"", `"open0000`, "[open0000", "[<x]0000;0000", "[=<7]0000", "[<>7x]0000", "0000;[",
		strings.Repeat("0", 2000)} {
		t.Run(fmt.Sprintf("%.20s", code), func(t *testing.T) {
			t.Parallel()
			escaped := strings.NewReplacer("&", "&amp;", "<", "&lt;", `"`, "&quot;").Replace(code)
			styles := `<styleSheet><numFmts><numFmt numFmtId="164" formatCode="` + escaped +
				`"/></numFmts><cellXfs><xf numFmtId="164"/></cellXfs></styleSheet>`
			sheet := sheetOf(`<row r="1"><c t="inlineStr"><is><t>ID</t></is></c></row><row><c s="0"><v>42</v></c></row>`)
			_, records := read(t, zipped(t, sheet, "<sst/>", styles))
			if text := records[0].Cells[0]; text != "42" || records[0].Flaws != nil {
				t.Errorf("got %+v", records[0])
			}
		})
	}
}
