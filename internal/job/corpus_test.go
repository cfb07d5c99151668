package job_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math/rand"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/charmap"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
)

// specimen is a file and its expected result: a refusal of the whole, or exactly these
// students and these problems.
type specimen struct {
	name string
	file func(t testing.TB) string
	// refusal is the code for the file as a whole.
	refusal string
	// rows are all students there are afterwards: "Student ID|First|Last|Grade|Groups".
	rows []string
	// problems are as bench.problems lists them.
	problems []string
}

// The table that most specimens hold, and the students that it makes.
const (
	tidyHeader = "Student ID,First Name,Last Name,Username,Grade,Classes"
	tidyTable  = tidyHeader +
		"\n00417,José,Núñez,jose.n,7,Algebra\n00418,\"Ann, " +
		"\"\"Annie\"\"\",O'Neil,ann.o,K,Algebra;Biology\n00419,Zoë,Smith,zoe.s,12,\n"
)

var tidyRows = []string{"00417|José|Núñez|7|Algebra", `00418|Ann, "Annie"|O'Neil|K|Algebra, Biology`,
	"00419|Zoë|Smith|12|"}

func holding(content string) func(testing.TB) string {
	return func(testing.TB) string { return content }
}

// line is one row of the table; its Student ID is the username as well.
func line(id string) string { return id + ",Ada,Lovelace," + id + ",7,\n" }

func tidyRow(id string) string { return id + "|Ada|Lovelace|7|" }

func utf16Of(s string, big bool) string {
	var out bytes.Buffer
	for _, unit := range utf16.Encode([]rune(s)) {
		pair := []byte{byte(unit), byte(unit >> 8)}
		if big {
			slices.Reverse(pair)
		}
		out.Write(pair)
	}
	return out.String()
}

func windows1252(t testing.TB, s string) string {
	t.Helper()
	out, err := charmap.Windows1252.NewEncoder().String(s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// storedTables is the tidy table in every encoding, with every delimiter and
// every line end.
func storedTables(t testing.TB) []specimen {
	var all []specimen
	for encoding, store := range map[string]func(string) string{
		"UTF-8":                func(s string) string { return s },
		"UTF-8 with BOM":       func(s string) string { return "\uFEFF" + s },
		"UTF-16LE with BOM":    func(s string) string { return "\xFF\xFE" + utf16Of(s, false) },
		"UTF-16LE without BOM": func(s string) string { return utf16Of(s, false) },
		"UTF-16BE with BOM":    func(s string) string { return "\xFE\xFF" + utf16Of(s, true) },
		"UTF-16BE without BOM": func(s string) string { return utf16Of(s, true) },
		"Windows-1252":         func(s string) string { return windows1252(t, s) },
	} {
		for delimiter, d := range map[string]string{"comma": ",", "semicolon": ";", "tab": "\t"} {
			for ending, n := range map[string]string{"LF": "\n", "CRLF": "\r\n", "CR": "\r"} {
				table := tidyTable
				if d != "," {
					table = strings.NewReplacer(",", d, `"Ann, `, `"Ann, `, "Algebra;Biology", `"Algebra;Biology"`).Replace(table)
				}
				file := store(strings.ReplaceAll(table, "\n", n))
				all = append(all, specimen{name: encoding + " " + delimiter + " " + ending, file: holding(file), rows: tidyRows})
			}
		}
	}
	return all
}

// junk is bytes that no program has written as a table.
func junk(n int) string {
	b := make([]byte, n)
	rand.New(rand.NewSource(1)).Read(b)
	return string(b)
}

var refusedFiles = []specimen{
	{name: "nothing", file: holding(""), refusal: "EMPTY_FILE"},
	{name: "a BOM alone", file: holding("\uFEFF"), refusal: "EMPTY_FILE"},
	{name: "half a UTF-16 BOM", file: holding("\xFF"), refusal: "MISSING_COLUMN"},
	{name: "blank lines", file: holding(strings.Repeat("\r\n", 1000)), refusal: "EMPTY_FILE"},
	{name: "delimiters alone", file: holding(",,,\n,,,\n"), refusal: "NO_HEADER"},
	{name: "a header without rows", file: holding(tidyHeader), refusal: "NO_ROWS"},
	{name: "a header and blank rows", file: holding(tidyHeader + "\n,,,,,\n  \n"), refusal: "NO_ROWS"},
	{name: "one column name twice", file: holding("Student ID,First Name,first_name\n1,Ada,Ada\n"), refusal: "DUPLICATE_COLUMN"},
	{name: "one header twice", file: holding("Student ID,First Name,first name\n1,Ada,Ada\n"), refusal: "DUPLICATE_HEADER"},
	{name: "two columns that mean the same", file: holding("Student ID,SIS ID,First Name\n1,2,Ada\n"), refusal: "DUPLICATE_COLUMN"},
	{name: "a title above the header", file: holding("Pupils of 2026,,,,,\n" + tidyTable), refusal: "NO_HEADER"},
	{name: "rows without a header", file: holding("00417,José,Núñez,jose.n,7,Algebra\n00418,Ann,O'Neil,ann.o,K,\n"), refusal: "MISSING_COLUMN"},
	{name: "teachers", file: holding("First Name,Last Name,Email,Role\nAda,Lovelace,a@example.com,Teacher\n"), refusal: "WRONG_KIND"},
	{name: "one column of two delimiters", file: holding("a,b;c\n1,2;3\n"), refusal: "UNCLEAR_DELIMITER"},
	{name: "a delimiter that nobody knows", file: holding("sep=^\nStudent ID^First Name\n1^Ada\n"), refusal: "UNCLEAR_DELIMITER"},
	{name: "whole rows in quotation marks", file: holding("\"Student ID,First Name\"\n\"1,Ada\"\n"), refusal: "NO_HEADER"},
	{name: "a NUL in a cell", file: holding(tidyTable + "00420,A\x00da,L,ada.l,7,\n"), refusal: "NOT_TEXT"},
	{name: "a NUL at the end", file: holding(tidyTable + "\x00"), refusal: "NOT_TEXT"},
	{name: "UTF-16 that ends in half a character", file: holding("\xFF\xFE" + utf16Of(tidyTable, false) + "x"), refusal: "NOT_TEXT"},
	{name: "UTF-16 with half a surrogate pair", file: holding("\xFF\xFE" + utf16Of(tidyTable, false) + "\x00\xD8x\x00"), refusal: "NOT_TEXT"},
	{name: "UTF-32", file: holding("\xFF\xFE\x00\x00S\x00\x00\x00t\x00\x00\x00"), refusal: "NOT_TEXT"},
	{name: "an encoding that is neither", file: holding(tidyTable + "00420,\x81\xFE,L,ada.l,7,\n"), refusal: "NOT_TEXT"},
	{name: "a quotation mark without end", file: holding(tidyTable + "00420,\"Ada,L,ada.l,7,\n" + line("00421")), refusal: "UNTERMINATED_QUOTE"},
	{name: "a quotation mark without end before 10 MB", file: func(testing.TB) string { return tidyHeader + "\n1,\"" + strings.Repeat("x", 10<<20) }, refusal: "UNTERMINATED_QUOTE"},
	{name: "a cell of 10 MB", file: func(testing.TB) string {
		return tidyHeader + "\n" + line("00420") + "1," + strings.Repeat("x", 10<<20) + ",L,a,7,\n"
	}, refusal: "CELL_TOO_LARGE"},
	{name: "a quoted cell of 10 MB", file: func(testing.TB) string {
		return tidyHeader + "\n1,\"" + strings.Repeat("line\n", 2<<20) + "\",L,a,7,\n"
	}, refusal: "CELL_TOO_LARGE"},
	{name: "a line of 10 MB without delimiters", file: func(testing.TB) string { return strings.Repeat("x", 10<<20) }, refusal: "CELL_TOO_LARGE"},
	{name: "1,000 columns", file: holding(strings.Repeat("c,", 999) + "c\n"), refusal: "TOO_MANY_COLUMNS"},
	{name: "a row of 1,000 cells", file: holding(tidyTable + strings.Repeat("1,", 1000) + "\n"), refusal: "TOO_MANY_COLUMNS"},
	{name: "random bytes", file: holding(junk(100_000)), refusal: "NOT_TEXT"},
	{name: "a picture", file: holding("\x89PNG\r\n\x1A\n" + junk(1000)), refusal: "NOT_TEXT"},
	{name: "a PDF document", file: holding("%PDF-1.7\n1 0 obj\n"), refusal: "NOT_TEXT"},
	{name: "a web page", file: holding("\n<!DOCTYPE html><html><table><tr><td>Student ID</td></tr></table>"), refusal: "NOT_TEXT"},
	{name: "RTF", file: holding(`{\rtf1\ansi Student ID}`), refusal: "NOT_TEXT"},
	{name: "JSON", file: holding(`[{"Student ID": "1", "First Name": "Ada"}]`), refusal: "NOT_TEXT"},
	{name: "base64", file: holding(base64.StdEncoding.EncodeToString([]byte(junk(3000)))), refusal: "MISSING_COLUMN"},
	{name: "a letter", file: holding("Dear Sir or Madam,\n\nplease find our pupils below.\n"), refusal: "MISSING_COLUMN"},
	{name: "a word processor document", file: func(t testing.TB) string { return zipped(t, "word/document.xml", "<w:document/>") }, refusal: "NOT_TEXT"},
	{name: "gzip", file: func(t testing.TB) string { return gzipped(t, tidyTable) }, refusal: "NOT_TEXT"},
	{name: "a zip archive with a table", file: func(t testing.TB) string { return zipped(t, "students.csv", tidyTable) }, refusal: "NOT_TEXT"},
	{name: "an empty zip archive", file: holding("PK\x05\x06" + strings.Repeat("\x00", 18)), refusal: "NOT_TEXT"},
	{name: "half a zip archive", file: holding("PK\x03\x04" + junk(500)), refusal: "NOT_TEXT"},
	{name: "an old workbook", file: holding("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1" + strings.Repeat("\x00", 4096)), refusal: "NOT_TEXT"},
	{name: "two files joined, the second in another order", file: holding(tidyTable + "First Name,Student ID,Last Name,Username,Grade\nAda,00421,Lovelace,ada.l,7\n"), refusal: "OTHER_HEADER"},
	{name: "two kinds of files joined", file: holding(tidyTable + "Name,School,Student ID,Class,Login\nx,y,z,a,b\n"), refusal: "OTHER_HEADER"},
	{name: "an empty workbook", file: func(t testing.TB) string { return workbookOf(t) }, refusal: "EMPTY_FILE"},
	{name: "a workbook with a header alone", file: func(t testing.TB) string { return workbookOf(t, []any{"Student ID", "First Name"}) }, refusal: "NO_ROWS"},
	{name: "a workbook with a password", file: func(t testing.TB) string {
		f := excelize.NewFile()
		defer f.Close()
		var out bytes.Buffer
		if err := f.Write(&out, excelize.Options{Password: "hunter2"}); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}, refusal: "ENCRYPTED"},
	{name: "a workbook that ends in the middle", file: func(t testing.TB) string { w := workbookOf(t, []any{"Student ID"}, []any{"1"}); return w[:len(w)*2/3] }, refusal: "BAD_WORKBOOK"},
	{name: "a workbook that grows a thousand times", file: func(t testing.TB) string {
		return partOf(t, workbookOf(t, []any{"Student ID"}, []any{"1"}), "sheet1.xml", func(string) string {
			return `<worksheet><sheetData><row><c t="inlineStr"><is><t>Student ID</t></is></c></row>` +
				strings.Repeat(" ", 40<<20)
		})
	}, refusal: "FILE_TOO_LARGE"},
	{name: "a workbook with half a sheet", file: func(t testing.TB) string {
		return partOf(t, workbookOf(t, []any{"Student ID", "First Name"}, []any{"1", "Ada"}, []any{"2", "Bo"}), "sheet1.xml",
			func(s string) string {
				return s[:strings.Index(s, `<row r="3"`)]
			})
	}, refusal: "BAD_WORKBOOK"},
}

var readFiles = []specimen{
	{name: "no line end at the end", file: holding(strings.TrimSuffix(tidyTable, "\n")), rows: tidyRows},
	{name: "all line ends in one file", file: holding(tidyHeader + "\r\n" + "1,Ada,Lovelace,001,7,\r" + "2,Ada,Lovelace,002,7,\n" + "\r\n\n\r" + "3,Ada,Lovelace,003,7,"), rows: []string{tidyRow("1"), tidyRow("2"), tidyRow("3")}},
	{name: "CRCRLF", file: holding(strings.ReplaceAll(tidyTable, "\n", "\r\r\n")), rows: tidyRows},
	{name: "blank rows on top, between and below", file: holding("\n \n\n" + strings.ReplaceAll(tidyTable, "\n", "\n\n,,,,,\n") + strings.Repeat("\n", 5000)), rows: tidyRows},
	{name: "the line for Excel", file: holding("sep=,\r\n" + tidyTable), rows: tidyRows},
	{name: "an end of file as DOS has it", file: holding(tidyTable + "\x1A"), rows: tidyRows},
	{name: "accents in letters and marks", file: holding(strings.NewReplacer("é", "e\u0301", "ë", "e\u0308").Replace(tidyTable)), rows: tidyRows},
	{name: "spaces of all kinds around cells", file: holding(tidyHeader + "\n \u00A000417\u200B ,  José\u3000,\tNúñez ,jose.n,\u20077 , Algebra \n"), rows: tidyRows[:1]},
	{name: "control characters in names", file: holding(tidyHeader + "\n00417,Jos\u00e9\x07,N\x1Búñez,jose.n,7,Algebra\n"), rows: []string{"00417|José|N úñez|7|Algebra"}},
	{name: "text behind a quotation mark", file: holding(tidyHeader + "\n1,\"Ann\" Lee,\"O\"\"Neil\"s,ann,7,\n"), problems: []string{`row 1  STRAY_QUOTE ""`}},
	{name: "quotation marks inside of cells", file: holding(tidyHeader + "\n1,Ann \"Annie\" Lee,5\" tall,ann,7,\n"), rows: []string{`1|Ann "Annie" Lee|5" tall|7|`}},
	{name: "a line break in a name", file: holding(tidyHeader + "\n1,\"Ann\r\nLee\",O'Neil,ann,7,\n" + line("002")), rows: []string{"002|Ada|Lovelace|7|", "1|Ann Lee|O'Neil|7|"}},
	{name: "fewer cells", file: holding(tidyHeader + "\n1,Ada,Lovelace,ada,7\n2,Bo,Li\n"), rows: []string{tidyRow("1")},
		problems: []string{`row 2 Username REQUIRED ""`, `row 2 Grade REQUIRED ""`}},
	{name: "more cells", file: holding(tidyHeader + "\n1,Ada,Lovelace,ada,7,,\n2,Li, Bo,bo.li,7,,x\n"), rows: []string{tidyRow("1")}, problems: []string{`row 2  EXTRA_CELLS ""`}},
	{
		name:     "the column names again",
		file:     holding(tidyTable + tidyHeader + "\n" + line("00420")),
		rows:     append(slices.Clone(tidyRows), tidyRow("00420")),
		problems: []string{`row 4  HEADER_AGAIN ""`},
	},
	{name: "the whole file twice", file: holding(tidyTable + tidyTable), rows: tidyRows, problems: []string{
		`row 4  HEADER_AGAIN ""`, `row 5 warning  DUPLICATE_IN_FILE ""`, `row 6 warning  DUPLICATE_IN_FILE ""`,
		`row 7 warning  DUPLICATE_IN_FILE ""`}},
	{name: "a BOM in the middle, as of files joined", file: holding(tidyTable + "\uFEFF" + line("00420")), rows: append(slices.Clone(tidyRows), tidyRow("00420"))},
	{name: "256 columns", file: holding(tidyHeader + wide(250) + "\n1,Ada,Lovelace,ada,7,\n"), rows: []string{tidyRow("1")}},
	{name: "columns without a name", file: holding("," + strings.ReplaceAll(tidyHeader, "\n", "") + ",,\nx,1,Ada,Lovelace,ada,7,,y,\n"), rows: []string{tidyRow("1")}},
	{
		name: "ids that a spreadsheet has damaged",
		file: holding(tidyHeader + "\n" + line("1.2E+10") + line("#REF!") + line("#######") + line("12E3") + line("2-Jan")),
		rows: []string{tidyRow("12E3"), tidyRow("2-Jan")},
		problems: []string{`row 1 Student ID DAMAGED_ID "1.2E+10"`, `row 2 Student ID DAMAGED_ID "#REF!"`,
			`row 3 Student ID DAMAGED_ID "#######"`, `row 5 warning Student ID DAMAGED_ID "2-Jan"`,
			`row 5 warning Username DAMAGED_ID "2-Jan"`},
	},
	{name: "formulas that an export has guarded", file: holding(tidyHeader + "\n1,'=cmd(),'+1,'@ada,7,\n2,'Ada,''-x,'bob,7,\n"), rows: []string{"1|=cmd()|+1|7|", "2|'Ada|'-x|7|"}},
	{name: "names in many scripts", file: holding(tidyHeader + "\n1,名前,Łódź,名前a,7,\n2,שלום,👩‍🎓,שלום,7,\n3,Ａda,ﬁn,ﬁnn,7,\n"), rows: []string{"1|名前|Łódź|7|", "2|שלום|👩‍🎓|7|", "3|Ａda|ﬁn|7|"}},
	{name: "an accent in the last of 3,000 rows in Windows-1252", file: func(t testing.TB) string {
		var out strings.Builder
		out.WriteString(tidyHeader + "\n")
		for i := range 3000 {
			out.WriteString(line(fmt.Sprintf("w%04d", i)))
		}
		return windows1252(t, out.String()+"z,José,Núñez,jose.n,7,Algebra\n")
	}, rows: manyRows(3000, "z|José|Núñez|7|Algebra")},
	{name: "a workbook", file: func(t testing.TB) string {
		return workbookOf(t, []any{"Student ID", "First Name", "Last Name", "Username", "Grade", "Classes"},
			[]any{"00417", "José", "Núñez", "jose.n", 7, "Algebra"}, nil,
			[]any{"00418", `Ann, "Annie"`, "O'Neil", "ann.o", "K", "Algebra;Biology"},
			[]any{"00419", "Zoë", "Smith", "zoe.s", 12})
	}, rows: tidyRows},
	{name: "a workbook with its column names twice", file: func(t testing.TB) string {
		titles := []any{"Student ID", "First Name", "Last Name", "Username", "Grade"}
		return workbookOf(t, titles, []any{"1", "Ada", "Lovelace", "ada", 7}, titles)
	}, rows: []string{tidyRow("1")}, problems: []string{`row 2  HEADER_AGAIN ""`}},
	{name: "a workbook with errors in cells", file: func(t testing.TB) string {
		file := workbookOf(t, []any{"Student ID", "First Name", "Last Name", "Username", "Grade", "Note"},
			[]any{"1", "Ada", "Lovelace", "ada", 7, 4711}, []any{"2", 4712, "Li", "bob", 7})
		return partOf(t, file, "sheet1.xml", func(s string) string {
			return strings.NewReplacer(`<c r="F2"><v>4711</v>`, `<c r="F2" t="e"><v>#N/A</v>`, `<c r="B3"><v>4712</v>`,
				`<c r="B3" t="e"><v>#N/A</v>`).Replace(s)
		})
	}, rows: []string{tidyRow("1")}, problems: []string{`row 2 First Name CELL_ERROR "#N/A"`}},
	{name: "a workbook made by hand", file: func(t testing.TB) string {
		file, err := os.ReadFile("../workbook/testdata/handmade.xlsx")
		if err != nil {
			t.Fatal(err)
		}
		return string(file)
	}, problems: []string{
		`row 1 Student ID UNKNOWN_STUDENT "00042"`, `row 2 Student ID UNKNOWN_STUDENT "123-45-6789"`,
		`row 3 Student ID UNKNOWN_STUDENT "12345678901"`, `row 4 Student ID UNKNOWN_STUDENT "12345"`,
		`row 5 Student ID DAMAGED_ID "1234567890123456"`, `row 997  EXTRA_CELLS ""`,
	}},
}

// wide is a number of further column names.
func wide(n int) string {
	var out strings.Builder
	for i := range n {
		fmt.Fprintf(&out, ",extra %d", i)
	}
	return out.String()
}

func manyRows(n int, more ...string) []string {
	var all []string
	for i := range n {
		all = append(all, tidyRow(fmt.Sprintf("w%04d", i)))
	}
	return append(all, more...)
}

// partOf returns a workbook with another text in one of its parts.
func partOf(t testing.TB, file, part string, change func(string) string) string {
	t.Helper()
	return repacked(t, file, func(name, content string) string {
		if strings.HasSuffix(name, part) {
			return change(content)
		}
		return content
	})
}

// TestEveryFileEndsInARefusalOrInItsRows imports the whole corpus.
func TestEveryFileEndsInARefusalOrInItsRows(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		for _, s := range slices.Concat(storedTables(t), refusedFiles, readFiles) {
			t.Run(s.name, func(t *testing.T) {
				b := &bench{World: b.World, Service: b.Service, t: t, recounted: b.recounted}
				b.examine(s)
			})
		}
	})
}

func (b *bench) examine(s specimen) {
	b.t.Helper()
	defer b.withoutStudents()
	job := b.verified(b.NorthAdmin, b.North, students, s.file(b.t))
	b.balanced(job)
	if s.refusal != "" {
		if job.Status != failed || job.Errors != job.TotalRows {
			b.t.Errorf("%s with %d of %d rows refused", job.Status, job.Errors, job.TotalRows)
		}
		b.hint(job, s.refusal)
	} else {
		b.wantProblems(job, s.problems...)
		if job = b.applied(b.NorthAdmin, job); job.Created != len(s.rows) {
			b.t.Errorf("%d created; want %d", job.Created, len(s.rows))
		}
		b.balanced(job)
	}
	var got []string
	for _, st := range b.Client().Student.Query().Order(db.Asc(student.FieldExternalID)).AllX(fixture.System()) {
		groups := ""
		if st.GroupCount > 0 {
			groups = b.groupsOf(st)
		}
		got = append(got, strings.Join([]string{st.ExternalID, st.FirstName, st.LastName, st.Grade.String(), groups}, "|"))
	}
	if !slices.Equal(got, s.rows) {
		b.t.Errorf("students\n%s\nwant\n%s", firstOf(got), firstOf(s.rows))
	}
	b.consistent()
}

func firstOf(lines []string) string { return strings.Join(lines[:min(len(lines), 10)], "\n") }

func (b *bench) withoutStudents() {
	for _, table := range []string{"bulk_job_rows", "former_enrollments", "student_words", "enrollments", "students"} {
		b.exec("DELETE FROM " + table)
	}
	b.exec("UPDATE `groups` SET student_count = 0")
}
