package csvfile_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

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
