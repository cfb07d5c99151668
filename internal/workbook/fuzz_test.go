package workbook_test

import (
	"archive/zip"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/openhomeroom/homeroom/internal/csvfile"
	"github.com/openhomeroom/homeroom/internal/workbook"
)

// examine holds what must be true of any bytes at all: they are refused in words,
// or all of the records that were promised are read, clean and in order.
func examine(t *testing.T, file []byte) {
	t.Helper()
	isWorkbook := workbook.Is(file)
	book, err := workbook.Open(file, csvfile.Limits{CellBytes: 1 << 10, Columns: 64})
	if err != nil {
		wantReason(t, err)
		return
	}
	if !isWorkbook {
		t.Fatal("it is read and not taken for a workbook")
	}
	format := book.Format()
	if format.HeaderRow < 1 || len(format.Header) == 0 || len(format.Header) > 64 {
		t.Fatalf("format %+v", format)
	}
	r, err := book.NewReader()
	if err != nil {
		t.Fatal(err)
	}
	rows, row := int64(0), 0
	for ; ; rows++ {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("after %d of %d rows: %v", rows, format.Rows, err)
		}
		filled := rec.Extra > 0 || len(rec.Flaws) > 0
		for _, cell := range rec.Cells {
			filled = filled || cell != ""
			if !utf8.ValidString(cell) || csvfile.Clean(cell) != cell || strings.Contains(cell, "\x00") {
				t.Fatalf("cell %q is not clean", cell)
			}
		}
		if rec.Row <= row || len(rec.Cells) != len(format.Header) || !filled {
			t.Fatalf("record %+v after row %d", rec, row)
		}
		row = rec.Row
	}
	if rows != format.Rows {
		t.Fatalf("read %d records of %d", rows, format.Rows)
	}
}

func wantReason(t *testing.T, err error) {
	t.Helper()
	var refused *csvfile.Error
	if !errors.As(err, &refused) || refused.Code == "" || refused.Message == "" || refused.Hint == "" {
		t.Fatalf("refused without a reason: %#v", err)
	}
}

// FuzzArchive changes the bytes of a file.
func FuzzArchive(f *testing.F) {
	handmade, err := os.ReadFile("testdata/handmade.xlsx")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(handmade)
	f.Add(zipped(f, sheetOf(`<row><c t="inlineStr"><is><t>a</t></is></c></row>`), "<sst/>", "<styleSheet/>"))
	f.Add([]byte("PK\x05\x06" + strings.Repeat("\x00", 18)))
	f.Fuzz(func(t *testing.T, file []byte) {
		if len(file) > 1<<16 {
			return
		}
		examine(t, file)
	})
}

// FuzzSheet changes the content, which is not compressed here, so that a changed byte is a
// changed byte of the XML.
func FuzzSheet(f *testing.F) {
	const header = `<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="inlineStr"><is><t>Name</t></is></c></row>`
	const texts = `<sst><si><t>ID</t></si><si><r><t>A</t></r><r><t>da</t></r></si></sst>`
	const styles = `<styleSheet><numFmts><numFmt numFmtId="164" formatCode="000-00"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="14"/></cellXfs></styleSheet>`
	for _, rows := range []string{
		header,
		header + `<row r="2"><c r="A2" s="1"><v>42</v></c><c r="B2" t="s"><v>1</v></c></row>`,
		header + `<row r="3"><c s="2"><v>46344.5</v></c><c t="e"><v>#N/A</v></c></row><row><c t="b"><v>1</v></c></row>`,
		header + `<row r="9"><c r="C9" t="str"><f>A1</f><v>x_x000D_</v></c></row></sheetData><mergeCells><mergeCell ref="A1:B1"/></mergeCells><sheetData>`,
		header + `<row r="2"><c r="A2"><v>1E300</v></c><c r="B2"><v>-0</v></c></row>`,
		header + `<row r="2"><c r="A2"><f>1</f></c></row><row r="2"/>`,
		`<row/><row r="1048576"><c r="A1048576" t="d"><v>2026-11-18</v></c></row>`,
	} {
		f.Add(sheetOf(rows), texts, styles)
	}
	f.Fuzz(func(t *testing.T, sheet, texts, styles string) {
		if len(sheet)+len(texts)+len(styles) > 1<<16 {
			return
		}
		examine(t, zipped(t, sheet, texts, styles))
	})
}

func sheetOf(rows string) string { return "<worksheet><sheetData>" + rows + "</sheetData></worksheet>" }

// zipped is a workbook that is packed without being compressed.
func zipped(t testing.TB, sheet, texts, styles string) []byte {
	t.Helper()
	return packed(t, zip.Store,
		part{"[Content_Types].xml",
			[]byte(`<Types><Default ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>`)},
		part{"xl/workbook.xml", []byte(`<workbook><sheets><sheet name="S" id="a"/></sheets></workbook>`)},
		part{"xl/_rels/workbook.xml.rels",
			[]byte(`<Relationships><Relationship Id="a" Type="x/worksheet" Target="s.xml"/><Relationship Id="b" Type="x/sharedStrings" Target="t.xml"/><Relationship Id="c" Type="x/styles" Target="f.xml"/></Relationships>`)},
		part{"xl/s.xml", []byte(sheet)}, part{"xl/t.xml", []byte(texts)}, part{"xl/f.xml", []byte(styles)})
}
