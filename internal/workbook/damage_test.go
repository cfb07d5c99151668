package workbook_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/internal/csvfile"
	"github.com/openhomeroom/homeroom/internal/workbook"
)

// TestDamagedWorkbooks is about files that other readers mistake for shorter ones.
func TestDamagedWorkbooks(t *testing.T) {
	t.Parallel()
	good := plain(t)
	edit := func(part string, change func(content []byte) []byte) func(string, []byte) []byte {
		return func(name string, content []byte) []byte {
			if strings.HasSuffix(name, part) {
				content = change(content)
			}
			return content
		}
	}
	half := func(content []byte) []byte { return content[:len(content)/2] }
	empty := func([]byte) []byte { return []byte{} }
	nothing := func([]byte) []byte { return nil }
	for name, change := range map[string]func(string, []byte) []byte{
		"half a sheet":                   edit("sheet1.xml", half),
		"half of the texts":              edit("sharedStrings.xml", half),
		"half of the styles":             edit("styles.xml", half),
		"half of the list of sheets":     edit("workbook.xml", half),
		"a sheet of no bytes":            edit("sheet1.xml", empty),
		"styles of no bytes":             edit("styles.xml", empty),
		"no sheet":                       edit("sheet1.xml", nothing),
		"no styles":                      edit("styles.xml", nothing),
		"no relations":                   edit("workbook.xml.rels", nothing),
		"a style that is not there":      in("sheet1.xml", `<c r="C101"`, `<c s="7" r="C101"`),
		"a style that is no number":      in("sheet1.xml", `<c r="C101"`, `<c s="x" r="C101"`),
		"a row that goes back":           in("sheet1.xml", `<row r="50"`, `<row r="5"`),
		"a row beyond the last":          in("sheet1.xml", `<row r="101"`, `<row r="1048577"`),
		"a cell that goes back":          in("sheet1.xml", `r="B50"`, `r="A50"`),
		"a cell of another row":          in("sheet1.xml", `r="B50"`, `r="B51"`),
		"a text that is not there":       in("sheet1.xml", `<v>5</v>`, `<v>5000</v>`),
		"a negative text":                in("sheet1.xml", `<v>5</v>`, `<v>-1</v>`),
		"a number that is none":          in("sheet1.xml", `<v>99</v>`, `<v>NaN</v>`),
		"a number in hexadecimal":        in("sheet1.xml", `<v>99</v>`, `<v>0x10</v>`),
		"a kind of cell that is unknown": in("sheet1.xml", `t="s"`, `t="q"`),
		"rows twice":                     in("sheet1.xml", `</sheetData>`, `</sheetData><sheetData/>`),
		"an entity":                      in("sheet1.xml", `<v>99</v>`, `<v>&bomb;</v>`),
		"a truth value that is none":     in("sheet1.xml", `<c r="C101"`, `<c t="b" r="C101"`),
		"no rows at all":                 in("sheet1.xml", `<sheetData>`, `<!--`),
		"a second document behind it":    in("sheet1.xml", `</worksheet>`, `</worksheet><worksheet/>`),
		"text behind it":                 in("sheet1.xml", `</worksheet>`, `</worksheet>x`),
		"elements without end":           in("sheet1.xml", `<v>99</v>`, strings.Repeat("<a>", 100_000)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if e := refused(t, changed(t, good, change)); e.Code != workbook.BadWorkbook {
				t.Errorf("got %v", e)
			}
		})
	}
	t.Run("half of the file", func(t *testing.T) {
		t.Parallel()
		half := good[:len(good)/2]
		if e := refused(t, half); e.Code != workbook.BadWorkbook || !workbook.Is(half) {
			t.Errorf("got %v", e)
		}
	})
	t.Run("a byte that is another one", func(t *testing.T) {
		t.Parallel()
		wrong := slices.Clone(good)
		at := bytes.Index(wrong, []byte("xl/worksheets/sheet1.xml")) + 200
		wrong[at] ^= 0x55
		if e := refused(t, wrong); e.Code != workbook.BadWorkbook {
			t.Errorf("got %v", e)
		}
	})
}

// TestDamageLosesNoRow changes or removes bytes of the sheets that programs have written,
// one place after the other, and cuts the sheets off. Such a workbook is refused, or all
// rows are there and at most one of them has changed. The checksums of the archive, which
// would show damage first, are correct here.
func TestDamageLosesNoRow(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/programs/*.xlsx")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			file, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			format, records := read(t, file)
			parts := slices.DeleteFunc(unpacked(t, file), func(p part) bool {
				return strings.Contains(p.name, "theme") || strings.Contains(p.name, "docProps")
			})
			table := slices.IndexFunc(parts, func(p part) bool {
				return strings.HasPrefix(p.name, "xl/worksheets/") && bytes.Contains(p.content, []byte(`"A12"`))
			})
			sheet := parts[table].content
			refused, tried := 0, 0
			try := func(what string, pieces ...[]byte) (bad bool) {
				tried++
				parts[table].content = bytes.Join(pieces, nil)
				damaged := packed(t, zip.Store, parts...)
				book, err := workbook.Open(damaged, csvfile.Limits{})
				if err != nil {
					wantReason(t, err)
					refused++
					return true
				}
				header := slices.Equal(book.Format().Header, format.Header) && book.Format().HeaderRow == format.HeaderRow
				others := 0
				for i, rec := range all(t, book) {
					if i >= len(records) || !reflect.DeepEqual(rec, records[i]) {
						others++
					}
				}
				if book.Format().Rows != int64(len(records)) || header && others > 1 {
					t.Errorf("%s: %d rows of %d, %d of them are others", what, book.Format().Rows, len(records), others)
				}
				return false
			}
			const step, instead = 7, `<>/"&0xs` + "\x00\xff"
			for n := 0; n*step < len(sheet); n++ {
				i := n * step
				if other := instead[n%len(instead)]; other != sheet[i] {
					try(fmt.Sprintf("%q at %d", other, i), sheet[:i], []byte{other}, sheet[i+1:])
				}
				if less := 1 + n%13; i+less < len(sheet) {
					try(fmt.Sprintf("%d bytes less at %d", less, i), sheet[:i], sheet[i+less:])
				}
				if start := bytes.TrimSpace(sheet[:i]); len(start) < len(bytes.TrimSpace(sheet)) &&
					!try(fmt.Sprintf("cut off at %d", i), start) {
					t.Errorf("cut off at %d and read", i)
				}
			}
			if refused < tried/2 || refused == tried {
				t.Errorf("%d of %d refused", refused, tried)
			}
		})
	}
}
