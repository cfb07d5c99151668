package workbook_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/openhomeroom/homeroom/internal/csvfile"
)

// FuzzExcelize lets excelize write a workbook of random cells, from a seed, and read it
// again: every cell must be what excelize reads, and every row with a cell must be there.
// Without damage, both readers are right.
func FuzzExcelize(f *testing.F) {
	for seed := range uint64(60) {
		f.Add(seed, seed%2 == 0)
	}
	f.Fuzz(func(t *testing.T, seed uint64, stream bool) {
		r := &randomBook{Rand: rand.New(rand.NewPCG(seed, 0)), t: t, file: excelize.NewFile(), styles: map[string]int{}}
		defer r.file.Close()
		file := r.write(stream)
		format, records := read(t, file)
		raw, shown := excelizeRows(t, file, true), excelizeRows(t, file, false)
		for len(raw) > 0 && blank(raw[0]) { // The header is the first row that shows anything.
			raw, shown = raw[1:], shown[1:]
		}
		if got := csvfile.Clean(raw[0][0]); format.Header[0] != got {
			t.Fatalf("the header begins with %q, and excelize reads %q", format.Header[0], got)
		}
		next := 0
		for i := 1; i < len(raw); i++ {
			if blank(raw[i]) && (next == len(records) || records[next].Row != i) {
				continue
			}
			if next == len(records) || records[next].Row != i {
				t.Fatalf("row %d is not there: %q", i, raw[i])
			}
			r.compare(records[next], i+format.HeaderRow, raw[i], shown[i])
			next++
		}
		if next != len(records) {
			t.Fatalf("%d records, and excelize reads %d rows", len(records), next)
		}
	})
}

// excelizeRows are the rows of the table as excelize reads them.
func excelizeRows(t *testing.T, file []byte, raw bool) [][]string {
	t.Helper()
	f, err := excelize.OpenReader(strings.NewReader(string(file)), excelize.Options{RawCellValue: raw})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := f.GetRows("Sheet1")
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func blank(cells []string) bool { return csvfile.Clean(strings.Join(cells, "")) == "" }

// randomBook writes random cells, and remembers of what kind each one is.
type randomBook struct {
	*rand.Rand
	t      *testing.T
	file   *excelize.File
	styles map[string]int
	kinds  map[[2]int]kind // By row, from 1, and column, from 0.
}

// kind is how a cell must be compared.
type kind int

const (
	isText   kind = iota + 1 // The text that is stored.
	isNumber                 // The number that is stored, in digits.
	isShown                  // What excelize shows.
	isDay                    // The same, and it is a date.
)

const columns = 6

// write writes a header and up to 40 rows, with gaps, either cell by cell or as a
// stream, which stores texts in other ways.
func (r *randomBook) write(stream bool) []byte {
	r.kinds = map[[2]int]kind{}
	var lines [][]excelize.Cell
	at := []int{1 + r.IntN(3)}
	header := make([]excelize.Cell, columns)
	for i := range header {
		header[i].Value = fmt.Sprintf("Column %d", i)
	}
	lines = append(lines, header)
	for row := at[0]; len(at) <= r.IntN(40); {
		row += 1 + max(0, r.IntN(8)-5)
		line := make([]excelize.Cell, columns)
		for column := range line {
			line[column] = r.cell(row, column, stream)
		}
		lines, at = append(lines, line), append(at, row)
	}
	if stream {
		r.stream(lines, at)
	} else {
		r.set(lines, at)
	}
	file, err := r.file.WriteToBuffer()
	r.must(err)
	return file.Bytes()
}

func (r *randomBook) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *randomBook) stream(lines [][]excelize.Cell, at []int) {
	w, err := r.file.NewStreamWriter("Sheet1")
	r.must(err)
	for i, line := range lines {
		values := make([]any, len(line))
		for j, c := range line {
			values[j] = c
		}
		r.must(w.SetRow(fmt.Sprint("A", at[i]), values, excelize.RowOpts{Hidden: r.IntN(5) == 0}))
	}
	r.must(w.Flush())
}

func (r *randomBook) set(lines [][]excelize.Cell, at []int) {
	for i, line := range lines {
		for column, c := range line {
			place, err := excelize.CoordinatesToCellName(column+1, at[i])
			r.must(err)
			switch v := c.Value.(type) {
			case nil:
			case []excelize.RichTextRun:
				r.must(r.file.SetCellRichText("Sheet1", place, v))
			default:
				r.must(r.file.SetCellValue("Sheet1", place, v))
			}
			r.must(r.file.SetCellStyle("Sheet1", place, place, c.StyleID))
		}
		r.must(r.file.SetRowVisible("Sheet1", at[i], r.IntN(5) > 0))
	}
	r.must(r.file.SetColVisible("Sheet1", "C", false))
}

// cell is a random cell, which may be empty.
func (r *randomBook) cell(row, column int, stream bool) (c excelize.Cell) {
	remember := func(k kind) { r.kinds[[2]int{row, column}] = k }
	one := func(of ...string) string { return of[r.IntN(len(of))] }
	switch r.IntN(9) {
	case 0:
		return c
	case 1, 2:
		remember(isText)
		c.Value = r.text()
		c.StyleID = r.style(one("General", "@", "00000", "yyyy-mm-dd"))
	case 3:
		remember(isText)
		c.Value = []excelize.RichTextRun{{Text: r.text()}, {Text: r.text(), Font: &excelize.Font{Bold: true}},
			{Text: r.text()}}
	case 4:
		remember(isNumber)
		c.Value = int64(r.Uint64()>>(11+r.IntN(53))) - int64(r.IntN(2)*1000)
		c.StyleID = r.style(one("General", "@", "#,##0", "0.00"))
	case 5:
		remember(isNumber)
		c.Value = r.NormFloat64() * math.Pow10(r.IntN(30)-10)
	case 6:
		remember(isShown)
		c.Value = r.IntN(1_000_000_000)
		c.StyleID = r.style(one("00000", "0000000000", "000-00-0000", `000\-00\-0000`, `"ID "0000`, "000 000 000",
			"00000;-00000", "[$-409]0000", "[Red]0000"))
	case 7:
		remember(isShown)
		c.Value = r.IntN(2) == 0
	case 8:
		remember(isDay)
		c.Value = r.IntN(80_000) + 61
		c.StyleID = r.style(one("yyyy-mm-dd", "[$-409]yyyy\\-mm\\-dd;@"))
		if r.IntN(2) == 0 {
			// Seconds that do not end a minute; excelize cuts off, and the reader rounds.
			c.Value = float64(c.Value.(int)) + (float64(r.IntN(86_399))+1.25)/86_400
			c.StyleID = r.style("yyyy-mm-dd hh:mm:ss")
		}
	}
	return c
}

// text is any text, with what formats, escapes and XML could stumble on.
func (r *randomBook) text() string {
	pieces := []string{"a", "B", "7", "0042", " ", "\n", "\r\n", "\t", "é", "e\u0301", "ß", "漢", "😀", "&", "<", ">", `"`,
		"'", "&amp;", "]]>", "<v>", "_x0041_", "_x000D_", "_x", "=", ";", ",", "\u00a0", "\u2028", "#N/A", "TRUE"}
	var text strings.Builder
	for range r.IntN(8) {
		text.WriteString(pieces[r.IntN(len(pieces))])
	}
	return text.String()
}

func (r *randomBook) style(format string) int {
	id, known := r.styles[format]
	if !known {
		var err error
		id, err = r.file.NewStyle(&excelize.Style{CustomNumFmt: &format})
		r.must(err)
		r.styles[format] = id
	}
	return id
}

// compare compares a record with what excelize reads in its row.
func (r *randomBook) compare(rec csvfile.Record, row int, raw, shown []string) {
	flaws := map[int]csvfile.FlawKind{}
	for _, f := range rec.Flaws {
		flaws[f.Column] = f.Kind
	}
	for column, got := range rec.Cells {
		stored, visible := "", ""
		if column < len(raw) {
			stored, visible = raw[column], shown[column]
		}
		expected, flaw := csvfile.Clean(stored), csvfile.FlawKind(0)
		switch r.kinds[[2]int{row, column}] {
		case isNumber:
			value, err := strconv.ParseFloat(stored, 64)
			r.must(err)
			digits := strconv.FormatFloat(value, 'g', 15, 64)
			again, err := strconv.ParseFloat(got, 64)
			r.must(err)
			if expected = got; strconv.FormatFloat(again, 'g', 15, 64) != digits || strings.ContainsAny(got, "eE+") {
				expected = digits
			}
			if math.Abs(value) >= 1e15 {
				flaw = csvfile.Imprecise
			}
		case isShown:
			expected = csvfile.Clean(visible)
		case isDay:
			expected, flaw = visible, csvfile.Dated
			if _, err := time.Parse(time.DateOnly, expected[:10]); err != nil {
				r.t.Fatalf("excelize shows %q", expected)
			}
		}
		if got != expected || flaws[column] != flaw {
			r.t.Errorf("row %d, column %d: %q with flaw %d, and excelize reads %q and shows %q", row, column, got, flaws[column],
				stored, visible)
		}
	}
}
