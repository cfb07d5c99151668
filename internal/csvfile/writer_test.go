package csvfile_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"testing/quick"

	"github.com/openhomeroom/homeroom/internal/csvfile"
)

// written returns the file that a Writer writes for rows.
func written(t testing.TB, rows ...[]string) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := csvfile.NewWriter(&buf)
	for _, row := range rows {
		if err := w.Write(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func TestWriterWritesWhatSpreadsheetsOpen(t *testing.T) {
	t.Parallel()
	got := written(t,
		[]string{"Student ID", "Name", "Groups"},
		[]string{"0042", `José "Pepe"`, "A;B"},
		[]string{"-1", "line\r\nbreak", "a,b"},
		[]string{"", " ", "'=x"},
	)
	equal(t, string(got), "\uFEFFStudent ID,Name,Groups\r\n"+
		"0042,\"José \"\"Pepe\"\"\",\"A;B\"\r\n"+
		"'-1,\"line\nbreak\",\"a,b\"\r\n"+
		",,''=x\r\n")
}

func TestWhatIsWrittenCanBeReadBack(t *testing.T) {
	t.Parallel()
	property := func(a, b awkward, c string) bool {
		row := []string{string(a), "x", string(b), c}
		f, recs := everything(t, written(t, []string{"A", "B", "C", "D"}, row))
		if f.Encoding != csvfile.UTF8BOM || f.Delimiter != csvfile.Comma || f.LineEnding != csvfile.CRLF || len(recs) != 1 {
			return false
		}
		for i, cell := range recs[0].Cells {
			want := csvfile.Clean(strings.ReplaceAll(row[i], "\x00", "\uFFFD"))
			if csvfile.UnguardFormula(cell) != want {
				t.Logf("wrote %q, read %q", row[i], cell)
				return false
			}
		}
		return true
	}
	if err := quick.Check(property, samples(5000)); err != nil {
		t.Error(err)
	}
}

func TestWriterKeepsTheFileReadableWhateverACellHolds(t *testing.T) {
	t.Parallel()
	_, recs := everything(t, written(t, []string{"A", "B"}, []string{"a\x00b", "c\xE9d"}))
	equal(t, cells(recs), [][]string{{"a\uFFFDb", "c\uFFFDd"}})
}

func TestAnEmptyExportIsStillAFile(t *testing.T) {
	t.Parallel()
	equal(t, string(written(t)), "\uFEFF")
}

func TestWriterReportsAFailureBelow(t *testing.T) {
	t.Parallel()
	full := errors.New("no space left")
	w := csvfile.NewWriter(failingWriter{full})
	var err error
	for range 100_000 {
		if err = w.Write([]string{"a", "b"}); err != nil {
			break
		}
	}
	if !errors.Is(err, full) || !errors.Is(w.Flush(), full) {
		t.Errorf("got %v from Write and %v from Flush", err, w.Flush())
	}
}

type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }
