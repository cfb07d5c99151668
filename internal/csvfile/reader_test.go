package csvfile_test

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"golang.org/x/text/encoding/charmap"

	"github.com/openhomeroom/homeroom/internal/csvfile"
)

func TestReaderReadsCellsAsASpreadsheetDoes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		row  string
		want []string
	}{
		{"white space around a cell goes", " a ,\t\u00A0b\u2003\u200B,c\v", []string{"a", "b", "c"}},
		{"white space inside quotation marks goes too", "\" a \",\"\n b\",c", []string{"a", "b", "c"}},
		{"accents are composed", "Jose\u0301,b,c", []string{"José", "b", "c"}},
		{"a quotation mark inside a cell is a character", `5" pipe,b"",c"`, []string{`5" pipe`, `b""`, `c"`}},
		{"two quotation marks stand for one", `"a""b","""",""""""`, []string{`a"b`, `"`, `""`}},
		{"spaces before a quotation mark do not count", `1,  "b, c" ,d`, []string{"1", "b, c", "d"}},
		{"an empty quoted cell is empty", `"",b,""`, []string{"", "b", ""}},
		{"every line break in a cell becomes LF", "\"a\r\nb\",\"c\rd\",\"e\nf\"", []string{"a\nb", "c\nd", "e\nf"}},
		{"a formula guard is left for the caller", "'=1,'t Hooft,'", []string{"'=1", "'t Hooft", "'"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, recs := everything(t, []byte("A,B,C\n"+test.row+"\n"))
			equal(t, cells(recs), [][]string{test.want})
		})
	}
}

func TestReaderMarksTextAfterAClosingQuote(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		row  string
		want bool
	}{
		{"a quoted cell", `"a","b",c`, false},
		{"white space after the quote", "\"a\" ,\"b\"\t,c", false},
		{"text after the quote", `"a" x,b,c`, true},
		{"text after the quote of an earlier cell", `"a" x,"b","c"`, true},
		{"a quote inside an unquoted cell", `a "x",b,c`, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, recs := everything(t, []byte("A,B,C\n"+test.row+"\nx,y,z\n"))
			equal(t, recs[0].StrayQuote, test.want)
			equal(t, recs[1].StrayQuote, false)
		})
	}
}

func TestReaderLosesNothingAcrossWindows(t *testing.T) {
	t.Parallel()
	// Lengths around the 64 KiB window, so that every kind of character is cut
	// in two by its edge once.
	for pad := 65_500; pad < 65_560; pad++ {
		file := "ID,Text\r\n" + strings.Repeat("1,x\r\n", pad/5) + strings.Repeat("2", pad%5+1) +
			",\"é\"\"\r\n\"\r\n3,\"\"\r\n \"a\" ,b\r\n"
		_, recs := everything(t, []byte(file))
		equal(t, cells(recs[len(recs)-3:]), [][]string{
			{strings.Repeat("2", pad%5+1), `é"`}, {"3", ""}, {"a", "b"},
		})
	}
}

func TestReaderRefusesAnotherFileThanInspected(t *testing.T) {
	t.Parallel()
	checked := "ID,Name\n1,José\n2,Ana\n"
	tests := []struct {
		name string
		file string
		code csvfile.Code
	}{
		{"a row less", "ID,Name\n1,José\n", csvfile.FileChanged},
		{"a row more", checked + "3,Bo\n", csvfile.FileChanged},
		{"another header", "ID,Names\n1,José\n2,Ana\n", csvfile.FileChanged},
		{"nothing at all", "", csvfile.FileChanged},
		{"a byte order mark more", "\uFEFF" + checked, csvfile.FileChanged},
		{"another encoding", "ID,Name\n1,Jos\xE9\n2,Ana\n", csvfile.NotText},
		{"a quote that stays open", "ID,Name\n1,\"José\n2,Ana\n", csvfile.UnterminatedQuote},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f, _ := everything(t, []byte(checked))
			r, err := csvfile.NewReader(strings.NewReader(test.file), f, csvfile.Limits{})
			for err == nil {
				_, err = r.Next()
			}
			var refused *csvfile.Error
			if !errors.As(err, &refused) || refused.Code != test.code {
				t.Errorf("got %v, want code %s", err, test.code)
			}
		})
	}
}

func TestReaderStaysAtItsEnd(t *testing.T) {
	t.Parallel()
	file := "ID,Name\n"
	f, _ := everything(t, []byte(file))
	r, err := csvfile.NewReader(strings.NewReader(file), f, csvfile.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := r.Next(); !errors.Is(err, io.EOF) {
			t.Errorf("got error %v, want io.EOF", err)
		}
	}
}

func TestReaderRefusesAFormatThatNobodyFound(t *testing.T) {
	t.Parallel()
	for _, f := range []csvfile.Format{{}, {Encoding: csvfile.UTF8}, {Encoding: "EBCDIC", Delimiter: csvfile.Comma}} {
		if _, err := csvfile.NewReader(strings.NewReader("ID\n"), f, csvfile.Limits{}); err == nil {
			t.Errorf("format %+v was accepted", f)
		}
	}
}

func TestCellsOfOneRecordSurviveTheNext(t *testing.T) {
	t.Parallel()
	_, recs := everything(t, []byte("ID,Name\n1,Jos\xE9\n2,Ana\n3,Bo\n"))
	equal(t, cells(recs), [][]string{{"1", "José"}, {"2", "Ana"}, {"3", "Bo"}})
}

// TestARowThatTheStreamCutsIsNotHandedOut lets the stream fail in a plain cell and in a
// quoted one.
func TestARowThatTheStreamCutsIsNotHandedOut(t *testing.T) {
	t.Parallel()
	broken := errors.New("the disk is gone")
	const whole = 1000 // so many rows that the beginning of the file is there
	for _, cut := range []string{"2,Bo", `2,"Bo`} {
		f := csvfile.Format{
			Encoding: csvfile.UTF8, Delimiter: csvfile.Comma, Rows: whole + 1, Header: []string{"ID", "Name"}, HeaderRow: 1,
		}
		file := "ID,Name\n" + strings.Repeat("1,Ana\n", whole) + cut
		r, err := csvfile.NewReader(io.MultiReader(strings.NewReader(file), iotest.ErrReader(broken)), f, csvfile.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		for range whole {
			if rec, err := r.Next(); err != nil || rec.Cells[1] != "Ana" {
				t.Fatalf("row %d is %q, %v", rec.Row, rec.Cells, err)
			}
		}
		if rec, err := r.Next(); !errors.Is(err, broken) {
			t.Errorf("of %s it handed out %q, %v", cut, rec.Cells, err)
		}
	}
}

// TestAFileIsReadInTheEncodingInWhichItWasChecked has the same table in each encoding, and reads
// each as the table that was checked in each other one.
func TestAFileIsReadInTheEncodingInWhichItWasChecked(t *testing.T) {
	t.Parallel()
	const table = "Name,Town\nJosé,Málaga\nZoë,Besançon\nAnaïs,Orléans\nRené,Béziers\n"
	wide := func(big bool) string {
		b := []byte{0xFF, 0xFE}
		for _, u := range utf16.Encode([]rune(table)) {
			b = append(b, byte(u), byte(u>>8))
		}
		for i := 0; big && i < len(b); i += 2 {
			b[i], b[i+1] = b[i+1], b[i]
		}
		return string(b)
	}
	narrow, err := charmap.Windows1252.NewEncoder().String(table)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{"UTF-8": table, "UTF-8 with a mark": "\uFEFF" + table, "UTF-16LE": wide(false),
		"UTF-16BE": wide(true), "a code page": narrow}
	for checked, text := range files {
		f, err := csvfile.Inspect(strings.NewReader(text), csvfile.Limits{})
		if err != nil {
			t.Fatalf("%s: %v", checked, err)
		}
		for now, text := range files {
			r, err := csvfile.NewReader(strings.NewReader(text), f, csvfile.Limits{})
			rows := 0
			for err == nil {
				if _, err = r.Next(); err == nil {
					rows++
				}
			}
			var refused *csvfile.Error
			switch {
			case now == checked && (!errors.Is(err, io.EOF) || rows != 4):
				t.Errorf("%s again: %d rows, %v", now, rows, err)
			case checked == "a code page" && now == "UTF-8":
				// All bytes of UTF-8 are letters of the code page as well.
			case now != checked && (!errors.As(err, &refused) || rows == 4):
				t.Errorf("checked in %s, and now in %s: %d rows, %v", checked, now, rows, err)
			}
		}
	}
}

// TestADelimiterBehindEveryRow has rows that end with a delimiter, under a header that does not.
func TestADelimiterBehindEveryRow(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body            string
		columns         int
		extra, trailing []int
	}{
		"no row":                           {"", 2, nil, nil},
		"one row may have slipped":         {"1,2,\n", 2, []int{0}, []int{1}},
		"two rows have the same":           {"1,2,\n3,4,\n", 3, []int{0, 0}, []int{0, 0}},
		"two delimiters, and three":        {"1,2,,\n3,4,,,\n", 4, []int{0, 0}, []int{0, 1}},
		"one of two rows has none":         {"1,2,\n3,4\n", 2, []int{0, 0}, []int{1, 0}},
		"blank rows do not count":          {"1,2,\n\n3,4,\n", 3, []int{0, 0}, []int{0, 0}},
		"text behind one of the rows":      {"1,2,x\n3,4,\n", 2, []int{1, 0}, []int{0, 1}},
		"text behind the last of the rows": {"1,2,\n3,4,x\n", 2, []int{0, 1}, []int{1, 0}},
	} {
		f, recs := everything(t, []byte("A,B\n"+c.body))
		var extra, trailing []int
		for _, r := range recs {
			extra, trailing = append(extra, r.Extra), append(trailing, r.Trailing)
		}
		if len(f.Header) != c.columns || !slices.Equal(extra, c.extra) || !slices.Equal(trailing, c.trailing) {
			t.Errorf("%s: %q, extra %v, trailing %v; want %d columns, %v, %v", name, f.Header, extra, trailing, c.columns,
				c.extra, c.trailing)
		}
	}
}
