package csvfile_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/internal/csvfile"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// storage is one way in which a program may store the characters of a file.
type storage struct {
	name string
	want csvfile.Encoding
	enc  encoding.Encoding
	mark string
}

func storages() []storage {
	little := unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	big := unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	return []storage{
		{"UTF-8", csvfile.UTF8, encoding.Nop, ""},
		{"UTF-8 with BOM", csvfile.UTF8BOM, encoding.Nop, "\xEF\xBB\xBF"},
		{"UTF-16LE with BOM", csvfile.UTF16LE, little, "\xFF\xFE"},
		{"UTF-16LE without BOM", csvfile.UTF16LE, little, ""},
		{"UTF-16BE with BOM", csvfile.UTF16BE, big, "\xFE\xFF"},
		{"UTF-16BE without BOM", csvfile.UTF16BE, big, ""},
		{"Windows-1252", csvfile.Windows1252, charmap.Windows1252, ""},
	}
}

// store returns text as it is stored in a file.
func (s storage) store(t testing.TB, text string) []byte {
	t.Helper()
	stored, err := s.enc.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	return []byte(s.mark + stored)
}

// everything reads a whole file in both passes and checks what holds for all.
func everything(t testing.TB, file []byte) (csvfile.Format, []csvfile.Record) {
	t.Helper()
	f, err := csvfile.Inspect(bytes.NewReader(file), csvfile.Limits{})
	if err != nil {
		t.Fatalf("Inspect: %v", err)
	}
	return f, records(t, file, f)
}

// records reads the records of a file that has been inspected.
func records(t testing.TB, file []byte, f csvfile.Format) []csvfile.Record {
	t.Helper()
	r, err := csvfile.NewReader(bytes.NewReader(file), f, csvfile.Limits{})
	if err != nil {
		t.Fatalf("NewReader: %v", err)
	}
	var recs []csvfile.Record
	for {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("Next after %d records: %v", len(recs), err)
		}
		recs = append(recs, rec)
	}
	if int64(len(recs)) != f.Rows {
		t.Fatalf("read %d records, Inspect promised %d", len(recs), f.Rows)
	}
	return recs
}

// corpusText is one table with everything that a file may contain; ▸ stands for the
// delimiter and ¶ for the line ending.
const corpusText = `"STUDENT ID"▸ First Name ▸Last Name▸"Groups, periods▸ more"¶` +
	`00417▸José▸Núñez▸Math 7¶` + // accents, leading zeros
	`¶` + // an empty line
	`00418▸"Ann ""Annie"""▸O'Neil▸"A, B; C▸ ▸"¶` + // doubled quotes, delimiters in quotes
	`▸▸▸¶` + // nothing but delimiters
	"00419▸\u00a0Zoë\u00a0▸  Smith  ▸¶" + // no-break spaces
	"▸\u00a0▸ ▸\u00a0¶" + // nothing but white space
	`00420▸"line one¶line two"▸Lee▸x"y"z¶` + // a line break in a cell, quotes in the middle
	`00421▸Bo¶` + // missing cells
	`00422▸Bo▸Li▸7▸▸¶` + // empty cells too many
	`00423▸Bo▸Li▸7▸extra▸▸more€¶` + // cells too many
	`00424▸ "spaced▸ quoted" ▸"Li" Jr.▸—` // no line end at the end

// corpus writes corpusText with a delimiter and a line end.
func corpus(delim, end string) string {
	return strings.NewReplacer("▸", delim, "¶", end).Replace(corpusText)
}

func corpusWant(delim string) []csvfile.Record {
	return []csvfile.Record{
		{Row: 1, Cells: []string{"00417", "José", "Núñez", "Math 7"}},
		{Row: 3, Cells: []string{"00418", `Ann "Annie"`, "O'Neil", strings.TrimSpace("A, B; C" + delim + " " + delim)}},
		{Row: 5, Cells: []string{"00419", "Zoë", "Smith", ""}},
		{Row: 7, Cells: []string{"00420", "line one\nline two", "Lee", `x"y"z`}},
		{Row: 8, Cells: []string{"00421", "Bo", "", ""}, Missing: 2},
		{Row: 9, Cells: []string{"00422", "Bo", "Li", "7"}, Trailing: 2},
		{Row: 10, Cells: []string{"00423", "Bo", "Li", "7"}, Extra: 2, Beyond: []string{"extra", "", "more€"}},
		{Row: 11, Cells: []string{"00424", "spaced" + delim + " quoted", "Li Jr.", "—"}, StrayQuote: true},
	}
}

func TestEveryStorageGivesTheSameRecords(t *testing.T) {
	t.Parallel()
	delimiters := map[csvfile.Delimiter]string{csvfile.Comma: ",", csvfile.Semicolon: ";", csvfile.Tab: "\t"}
	endings := map[csvfile.LineEnding]string{csvfile.LF: "\n", csvfile.CRLF: "\r\n", csvfile.CR: "\r"}
	for _, s := range storages() {
		for delimiter, d := range delimiters {
			for ending, n := range endings {
				t.Run(s.name+", "+delimiter.String()+" and "+ending.String(), func(t *testing.T) {
					t.Parallel()
					file := s.store(t, corpus(d, n))
					f, recs := everything(t, file)

					want := csvfile.Format{
						Encoding: s.want, Delimiter: delimiter, LineEnding: ending,
						Bytes: int64(len(file)), Rows: 8, HeaderRow: 1,
						Header: []string{"STUDENT ID", "First Name", "Last Name", "Groups, periods" + d + " more"},
					}
					equal(t, f, want)
					equal(t, recs, corpusWant(d))
				})
			}
		}
	}
}
