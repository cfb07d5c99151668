package job_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
)

// workbookOf is a workbook with one sheet; a text that begins with "=" is a
// formula.
func workbookOf(t testing.TB, rows ...[]any) string {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	for i, row := range rows {
		for j, value := range row {
			at, err := excelize.CoordinatesToCellName(j+1, i+1)
			if err != nil {
				t.Fatal(err)
			}
			if text, is := value.(string); is && strings.HasPrefix(text, "=") {
				err = f.SetCellFormula("Sheet1", at, text[1:])
			} else if value != nil {
				err = f.SetCellValue("Sheet1", at, value)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	var out bytes.Buffer
	if err := f.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func zipped(t testing.TB, name, content string) string {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	part, err := w.Create(name)
	if err == nil {
		_, err = part.Write([]byte(content))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// repacked returns a zip archive with its parts changed.
func repacked(t testing.TB, file string, change func(name, content string) string) string {
	t.Helper()
	archive, err := zip.NewReader(strings.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range archive.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		part, err := w.Create(f.Name)
		if err == nil {
			_, err = io.WriteString(part, change(f.Name, string(content)))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func gzipped(t testing.TB, content string) string {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestAWorkbookIsImportedAsACSVFileIs takes a workbook from the upload to the
// last row.
func TestAWorkbookIsImportedAsACSVFileIs(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		titles := []any{"Student ID", "First Name", "Last Name", "Username", "Grade", "Classes", "Note"}
		job := b.verified(b.NorthAdmin, b.North, students, workbookOf(t, titles,
			[]any{"00042", "José", "Núñez", "jose.n", 7, "Algebra;Biology", "=1/0"},
			[]any{12345678901, "Ada", "Lovelace", "ada.l", "K", nil, true},
			[]any{},
			[]any{1234567890123450, "Lost", "Digits", "lost.d", 7},
			[]any{"00043", "=UPPER(\"x\")", "Formula", "form.u", 7},
		))
		b.want(job, ready, 2, 0, 0, 2)
		if job.Encoding != "XLSX" || job.Delimiter != "none" || job.LineEnding != "none" || job.TotalRows != 4 {
			t.Errorf("detected %s, %s, %s with %d rows", job.Encoding, job.Delimiter, job.LineEnding, job.TotalRows)
		}
		b.wantProblems(job, `row 4 Student ID DAMAGED_ID "1234567890123450"`, `row 5 First Name NOT_CALCULATED ""`)
		job = b.applied(b.NorthAdmin, job)
		b.want(job, withErrors, 2, 0, 0, 2)
		if got := b.groupsOf(b.student("00042")); got != "Algebra, Biology" {
			t.Errorf("groups %s", got)
		}
		b.student("12345678901")
		b.consistent()

		again := b.verified(b.NorthAdmin, b.North, students,
			workbookOf(t, titles[:6], []any{"00042", "José", "Núñez", "jose.n", 7, "Algebra;Biology"}))
		b.want(again, ready, 0, 0, 1, 0)
	})
}

// TestPackedFilesAreRefused says what to do with a file that is packed.
func TestPackedFilesAreRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		file := header + ",1,Ada,Lovelace,ada.l,,7,,\n"
		for name, c := range map[string]struct{ file, code, says string }{
			"a zip archive":   {zipped(t, "students.csv", file), "NOT_TEXT", "unpack it"},
			"a gzip file":     {gzipped(t, file), "NOT_TEXT", "Unpack it"},
			"an old workbook": {"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1" + strings.Repeat("\x00", 2048), "NOT_TEXT", "old Excel workbook (.xls)"},
			"half a workbook": {workbookOf(t, []any{"Student ID"}, []any{"1"})[:3000], "BAD_WORKBOOK", "not complete"},
		} {
			job := b.verified(b.NorthAdmin, b.North, students, c.file)
			b.want(job, failed, 0, 0, 0, 0)
			if hint := b.hint(job, c.code); !strings.Contains(hint, c.says) {
				t.Errorf("%s: %s", name, hint)
			}
		}
	})
}
