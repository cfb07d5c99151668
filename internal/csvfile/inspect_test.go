package csvfile_test

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/openhomeroom/homeroom/internal/csvfile"
)

func TestInspectFindsTheDelimiter(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 40_000)
	tests := []struct {
		name string
		file string
		want csvfile.Delimiter
		rows [][]string
	}{
		{
			"semicolons inside the cells of a comma file do not count",
			"ID,Groups\n1,A;B\n2,A;B;C\n", csvfile.Comma,
			[][]string{{"1", "A;B"}, {"2", "A;B;C"}},
		},
		{
			"a semicolon file that begins as a SYLK file does",
			"ID;Pupil\n1;Ana\n", csvfile.Semicolon,
			[][]string{{"1", "Ana"}},
		},
		{
			"vertical bars are read, also in quotation marks",
			"ID|Name|Groups\n1|\"A|B\"|X;Y\n2|C,D|\n", csvfile.Pipe,
			[][]string{{"1", "A|B", "X;Y"}, {"2", "C,D", ""}},
		},
		{
			"every row ends with a comma, and the header does not",
			"ID,Name\n1,Ana,\n\n2,,\n", csvfile.Comma,
			[][]string{{"1", "Ana", ""}, {"2", "", ""}},
		},
		{
			"a backslash before a quotation mark, as some programs write it",
			"ID,Name\n1,\"Han \\\"Ace, the\\\"\"\n2,\"C:\\\",\n3,\"a\\\"\"b\"\n", csvfile.Comma,
			[][]string{{"1", "Han \"Ace, the\""}, {"2", "C:\\"}, {"3", "a\\\"b"}},
		},
		{
			"commas in the header of a semicolon file lose against more columns",
			"Name, first;Name, last;ID\nA;B;1\nC;D;2\n", csvfile.Semicolon,
			[][]string{{"A", "B", "1"}, {"C", "D", "2"}},
		},
		{
			"commas in the header of a semicolon file lose against the rows",
			"Name, first;ID\nAna;1\nBo;2\n", csvfile.Semicolon,
			[][]string{{"Ana", "1"}, {"Bo", "2"}},
		},
		{
			"a comma in every name of a semicolon file loses against more columns",
			"Name, first;Class;ID\nLi, Bo;7;1\nLee, Al;7;2\n", csvfile.Semicolon,
			[][]string{{"Li, Bo", "7", "1"}, {"Lee, Al", "7", "2"}},
		},
		{
			"a record that is cut off by the end of the sample has no say",
			"a;b,c\n\"" + long + "\",1\n1;" + long + ",2\n", csvfile.Comma,
			[][]string{{long, "1"}, {"1;" + long, "2"}},
		},
		{
			"rows of nothing but delimiters have no say",
			"a,b;c\n1,2\n;\n;\n", csvfile.Comma,
			[][]string{{"1", "2"}, {";", ""}, {";", ""}},
		},
		{
			"a quoted header hides the delimiters in it",
			"\"a;b;c;d\",x\n1,2\n", csvfile.Comma,
			[][]string{{"1", "2"}},
		},
		{
			"a file with one column is read as one column",
			"Student ID\n1\n2\n", csvfile.Comma,
			[][]string{{"1"}, {"2"}},
		},
		{
			"the line sep=; is obeyed and not shown",
			"sep=;\r\nName, first;ID\r\nAna;1\r\n", csvfile.Semicolon,
			[][]string{{"Ana", "1"}},
		},
		{
			"the line sep= with a tab is obeyed",
			"\uFEFFSEP=\t\nID,x\tName\n1\tAna\n", csvfile.Tab,
			[][]string{{"1", "Ana"}},
		},
		{
			"the line sep=, in quotation marks is obeyed",
			"\"sep=,\"\rID,Name;x\r1,Ana;b\r", csvfile.Comma,
			[][]string{{"1", "Ana;b"}},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f, recs := everything(t, []byte(test.file))
			equal(t, f.Delimiter, test.want)
			equal(t, cells(recs), test.rows)
		})
	}
}

func TestInspectFindsTheLineEnding(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		file string
		want csvfile.LineEnding
	}{
		{"a single line has none", "a,b", csvfile.NoLineEnding},
		{"line breaks in cells do not count", "a,b\r\n\"1\n2\",\"3\r4\"\r\n", csvfile.CRLF},
		{"a CR at the very end counts", "a,b\r1,2\r", csvfile.CR},
		{"LF and CRLF together are mixed", "a,b\r\n1,2\n3,4\r\n", csvfile.Mixed},
		{"LF and CR together are mixed", "a,b\r1,2\n3,4\r", csvfile.Mixed},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f, _ := everything(t, []byte(test.file))
			equal(t, f.LineEnding, test.want)
		})
	}
}

func TestInspectJudgesTheEncodingOverTheWholeFile(t *testing.T) {
	t.Parallel()
	body := "ID,Name\n" + strings.Repeat("1,Ana\n", 50_000)

	t.Run("a first accent in row 50,000 makes the file Windows-1252", func(t *testing.T) {
		t.Parallel()
		f, recs := everything(t, []byte(body+"2,Jos\xE9\n"))
		equal(t, f.Encoding, csvfile.Windows1252)
		equal(t, recs[50_000].Cells, []string{"2", "José"})
	})
	t.Run("a first accent in row 50,000 keeps the file UTF-8", func(t *testing.T) {
		t.Parallel()
		f, recs := everything(t, []byte(body+"2,José\n"))
		equal(t, f.Encoding, csvfile.UTF8)
		equal(t, recs[50_000].Cells, []string{"2", "José"})
	})
	t.Run("one accent that is not UTF-8 outweighs all that are", func(t *testing.T) {
		t.Parallel()
		f, recs := everything(t, []byte("ID,Name\n1,José\n2,Jos\xE9\n"))
		equal(t, f.Encoding, csvfile.Windows1252)
		equal(t, cells(recs), [][]string{{"1", "JosÃ©"}, {"2", "José"}})
	})
	t.Run("a character that is cut off at the end is not UTF-8", func(t *testing.T) {
		t.Parallel()
		f, _ := everything(t, []byte("ID,Name\n1,Jos\xC3"))
		equal(t, f.Encoding, csvfile.Windows1252)
	})
	t.Run("a row of no-break spaces is blank in either encoding", func(t *testing.T) {
		t.Parallel()
		f, _ := everything(t, []byte("ID,Name\n\xA0,\xA0\n1,Jos\xE9\n"))
		equal(t, f.Rows, int64(1))
		f, _ = everything(t, []byte("ID,Name\n\u00A0,\u00A0\n1,José\n"))
		equal(t, f.Rows, int64(1))
		// The bytes of a UTF-8 no-break space are text in Windows-1252.
		f, _ = everything(t, []byte("ID,Name\n\u00A0,\u00A0\n1,Jos\xE9\n"))
		equal(t, f.Rows, int64(2))
	})
}

func TestInspectDoesNotDependOnHowTheBytesArrive(t *testing.T) {
	t.Parallel()
	for _, s := range storages() {
		t.Run(s.name+" arrives byte by byte", func(t *testing.T) {
			t.Parallel()
			file := s.store(t, corpus(";", "\r\n"))
			want, recs := everything(t, file)
			got, err := csvfile.Inspect(iotest.OneByteReader(bytes.NewReader(file)), csvfile.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			equal(t, got, want)
			r, err := csvfile.NewReader(iotest.DataErrReader(iotest.HalfReader(bytes.NewReader(file))), got, csvfile.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range recs {
				rec, err := r.Next()
				if err != nil {
					t.Fatal(err)
				}
				equal(t, rec, want)
			}
		})
	}
}

func TestInspectAcceptsWhatIsUnusualButClear(t *testing.T) {
	t.Parallel()
	t.Run("a header without rows has zero rows", func(t *testing.T) {
		t.Parallel()
		f, _ := everything(t, []byte("ID,Name\r\n"))
		equal(t, f.Rows, int64(0))
		equal(t, f.Header, []string{"ID", "Name"})
	})
	t.Run("blank lines above the header move the header row", func(t *testing.T) {
		t.Parallel()
		f, recs := everything(t, []byte("\n  \nID,Name\n1,Ana\n"))
		equal(t, f.HeaderRow, 3)
		equal(t, recs[0].Row, 1)
	})
	t.Run("columns without a name keep their place", func(t *testing.T) {
		t.Parallel()
		f, recs := everything(t, []byte("ID,,Name,,\n1,x,Ana,y,\n"))
		equal(t, f.Header, []string{"ID", "", "Name", "", ""})
		equal(t, recs[0], csvfile.Record{Row: 1, Cells: []string{"1", "x", "Ana", "y", ""}})
	})
	t.Run("the end-of-file character of DOS is no row", func(t *testing.T) {
		t.Parallel()
		f, _ := everything(t, []byte("ID,Name\r\n1,Ana\r\n\x1A"))
		equal(t, f.Rows, int64(1))
	})
	t.Run("a second byte order mark from joined files is white space", func(t *testing.T) {
		t.Parallel()
		f, recs := everything(t, []byte("\uFEFF\uFEFFID,Name\n\uFEFF1,Ana\n"))
		equal(t, f.Header, []string{"ID", "Name"})
		equal(t, recs[0].Cells, []string{"1", "Ana"})
	})
}

func TestInspectPassesOnFailuresOfTheStream(t *testing.T) {
	t.Parallel()
	broken := errors.New("the disk is gone")
	for _, beginning := range []string{"", "ID,Name\n1,Ana\n", "\xFF\xFEI\x00", "ID,\"Na", strings.Repeat("x,", 1<<17)} {
		r := io.MultiReader(strings.NewReader(beginning), iotest.ErrReader(broken))
		_, err := csvfile.Inspect(r, csvfile.Limits{Columns: 1 << 20})
		if !errors.Is(err, broken) {
			t.Errorf("after %.20q: got error %v", beginning, err)
		}
	}
}

// Not parallel, because it measures what the whole process allocates.
//
//nolint:paralleltest // it measures memory, which other tests would take at the same time
func TestInspectNeedsTheSameMemoryForEveryFile(t *testing.T) {
	rows := strings.Repeat("1234567,José,\"Núñez, \"\"Nu\"\"\",x\r\n", 1000)
	tests := []struct {
		name  string
		begin string
		code  csvfile.Code
	}{
		{"of well-formed rows", "ID,First,Last,Group\r\n", ""},
		{"in which a quote stays open", "ID,First,Last,\"Group\"\"\r\n", csvfile.UnterminatedQuote},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			allocated := func(repeat int) uint64 {
				body := rows
				if test.code != "" {
					body = strings.ReplaceAll(rows, `"`, "")
				}
				parts := []io.Reader{strings.NewReader(test.begin)}
				for range repeat {
					parts = append(parts, strings.NewReader(body))
				}
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				_, err := csvfile.Inspect(io.MultiReader(parts...), csvfile.Limits{})
				runtime.ReadMemStats(&after)
				var refused *csvfile.Error
				if errors.As(err, &refused) && refused.Code != test.code || err == nil && test.code != "" {
					t.Fatalf("got error %v, want code %q", err, test.code)
				}
				return after.TotalAlloc - before.TotalAlloc
			}
			small, large := allocated(10), allocated(1000)
			if large > small+64<<10 {
				t.Errorf("10,000 rows allocate %d bytes, 1,000,000 rows %d", small, large)
			}
		})
	}
}
