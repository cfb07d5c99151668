package csvfile_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"unicode/utf8"

	"github.com/openhomeroom/homeroom/internal/csvfile"
)

// FuzzInspectAndRead holds what must be true of any bytes at all: they are
// refused in words, or all of the records that were promised are read, clean
// and in order, and survive being written and read again.
func FuzzInspectAndRead(f *testing.F) {
	for _, s := range storages() {
		f.Add(s.store(f, corpus(",", "\r\n")))
		f.Add(s.store(f, corpus("\t", "\r")))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		format, err := csvfile.Inspect(bytes.NewReader(file), csvfile.Limits{})
		if err != nil {
			var refused *csvfile.Error
			if !errors.As(err, &refused) || refused.Code == "" || refused.Message == "" || refused.Hint == "" {
				t.Fatalf("refused without a reason: %#v", err)
			}
			return
		}
		if format.Bytes != int64(len(file)) {
			t.Fatalf("counted %d bytes of %d", format.Bytes, len(file))
		}

		recs, row := records(t, file, format), 0
		header := make([]string, len(format.Header))
		for i := range header {
			header[i] = "column " + string(rune('A'+i))
		}
		table := [][]string{header}
		for _, rec := range recs {
			if rec.Row <= row || len(rec.Cells) != len(format.Header) {
				t.Fatalf("record %+v after row %d under header %q", rec, row, format.Header)
			}
			row = rec.Row
			for _, cell := range rec.Cells {
				if !utf8.ValidString(cell) || csvfile.Clean(cell) != cell {
					t.Fatalf("cell %q is not clean", cell)
				}
			}
			if rec.Extra == 0 {
				table = append(table, rec.Cells)
			}
		}
		if len(header) == 1 {
			return // A table of one column has no delimiter to recognize.
		}

		_, again := everything(t, written(t, table...))
		if len(again) != len(table)-1 {
			t.Fatalf("wrote %d rows, read %d", len(table)-1, len(again))
		}
		for i, rec := range again {
			for j, cell := range rec.Cells {
				if got := csvfile.UnguardFormula(cell); got != table[i+1][j] {
					t.Fatalf("wrote %q, read %q", table[i+1][j], got)
				}
			}
		}
	})
}

// FuzzCells holds that a cell and a list survive the way into a file and back.
func FuzzCells(f *testing.F) {
	for _, s := range []string{"", "=cmd()", "'=x", "''", "a;b", `a\;b`, `\`, `\\;;\`, "＝x", "\x00", " \u200B ",
		"a\r\nb", "\xff"} {
		f.Add(s, "Algebra")
		f.Add("Biology; 7", s)
	}
	f.Fuzz(func(t *testing.T, one, two string) {
		if got := csvfile.UnguardFormula(csvfile.GuardFormula(one)); got != one {
			t.Fatalf("%q comes back as %q", one, got)
		}
		var want []string
		for _, item := range []string{csvfile.Clean(one), csvfile.Clean(two)} {
			if item != "" {
				want = append(want, item)
			}
		}
		if got := csvfile.SplitList(csvfile.JoinList([]string{one, two})); !slices.Equal(got, want) {
			t.Fatalf("%q and %q come back as %q", one, two, got)
		}
	})
}
