package workbook_test

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/internal/csvfile"
	"github.com/openhomeroom/homeroom/internal/workbook"
)

// The parts of a workbook, written by hand; empty ones are left out.
type handmade struct{ list, relations, shared, styles, sheet, after string }

const (
	typesPart = `<Types><Override ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml" PartName="/xl/workbook.xml"/></Types>`
	oneSheet  = `<sheet name="Students" sheetId="1" r:id="rId1"/>`
	heading   = `<row r="1"><c r="A1" t="inlineStr"><is><t>Student ID</t></is></c><c r="B1" t="inlineStr"><is><t>First Name</t></is></c></row>`
)

func (h handmade) file(t testing.TB) []byte {
	of := `<Relationship Id="rId1" Type="x/worksheet" Target="worksheets/sheet1.xml"/>`
	parts := []part{{"[Content_Types].xml", []byte(typesPart)},
		{"xl/workbook.xml", []byte(`<workbook xmlns:r="r"><sheets>` + oneSheet + h.list + `</sheets></workbook>`)},
		{"xl/worksheets/sheet1.xml", []byte(`<worksheet><sheetData>` + heading + h.sheet + `</sheetData>` + h.after + `</worksheet>`)}}
	if h.shared != "" {
		of += `<Relationship Id="rId2" Type="x/sharedStrings" Target="sharedStrings.xml"/>`
		parts = append(parts, part{"xl/sharedStrings.xml", []byte(`<sst>` + h.shared + `</sst>`)})
	}
	if h.styles != "" {
		of += `<Relationship Id="rId3" Type="x/styles" Target="styles.xml"/>`
		parts = append(parts, part{"xl/styles.xml", []byte(`<styleSheet>` + h.styles + `</styleSheet>`)})
	}
	parts = append(parts,
		part{"xl/_rels/workbook.xml.rels", []byte(`<Relationships>` + of + h.relations + `</Relationships>`)})
	return packed(t, zip.Deflate, parts...)
}

// constructs are all constructs that a workbook may contain many times, n of each.
var constructs = map[string]func(n int) handmade{
	"pieces of one shared text": func(n int) handmade {
		return handmade{
			shared: `<si>` + strings.Repeat(`<r><t>a</t></r>`, n) + `</si>`,
			sheet:  cells(`<c t="s"><v>0</v></c>`),
		}
	},
	"pieces of one inline text": func(n int) handmade {
		return handmade{sheet: cells(`<c t="inlineStr"><is>` + strings.Repeat(`<r><t>a</t></r>`, n) + `</is></c>`)}
	},
	"pieces of character data": func(n int) handmade {
		return handmade{sheet: cells(`<c t="str"><v>` + strings.Repeat(`a<![CDATA[b]]>`, n) + `</v></c>`)}
	},
	"entities in one text": func(n int) handmade {
		return handmade{shared: `<si><t>` + strings.Repeat(`&amp;`, n) + `</t></si>`, sheet: cells(`<c t="s"><v>0</v></c>`)}
	},
	"escapes in one text": func(n int) handmade {
		return handmade{
			shared: `<si><t>` + strings.Repeat(`_x0041_`, n/8) + `</t></si>`,
			sheet:  cells(`<c t="s"><v>0</v></c>`),
		}
	},
	"marks over one letter": func(n int) handmade {
		return handmade{
			shared: `<si><t>a` + strings.Repeat("\u0301", n/2) + `</t></si>`,
			sheet:  cells(`<c t="s"><v>0</v></c>`),
		}
	},
	"pronunciations": func(n int) handmade {
		return handmade{
			shared: `<si><t>a</t>` + strings.Repeat(`<rPh sb="0" eb="1"><t>b</t></rPh>`, n) + `</si>`,
			sheet:  cells(`<c t="s"><v>0</v></c>`),
		}
	},
	"shared texts": func(n int) handmade {
		return handmade{shared: strings.Repeat(`<si><t>Ada</t></si>`, n), sheet: cells(`<c t="s"><v>0</v></c>`)}
	},
	"values of one cell": func(n int) handmade {
		return handmade{sheet: cells(`<c t="str">` + strings.Repeat(`<v>a</v>`, n) + `</c>`)}
	},
	"comments": func(n int) handmade {
		return handmade{sheet: cells(`<c t="str"><v>a` + strings.Repeat(`<!--b-->`, n) + `</v></c>`)}
	},
	"instructions": func(n int) handmade {
		return handmade{sheet: cells(`<c t="str"><v>a` + strings.Repeat(`<?b c?>`, n) + `</v></c>`)}
	},
	"attributes of one cell": func(n int) handmade {
		var list strings.Builder
		for i := range n {
			fmt.Fprintf(&list, ` a%d="b"`, i)
		}
		return handmade{sheet: cells(`<c t="str"` + list.String() + `><v>a</v></c>`)}
	},
	"namespaces of one cell": func(n int) handmade {
		var list strings.Builder
		for i := range n {
			fmt.Fprintf(&list, ` xmlns:a%d="b"`, i)
		}
		return handmade{sheet: cells(`<c t="str"` + list.String() + `><v>a</v></c>`)}
	},
	"elements inside of each other": func(n int) handmade {
		return handmade{sheet: cells(`<c t="str"><v>a</v></c>`) + `<row>` +
			strings.Repeat(strings.Repeat(`<x>`, 40)+strings.Repeat(`</x>`, 40), n/40) + `</row>`}
	},
	"rows": func(n int) handmade {
		return handmade{sheet: strings.Repeat(cells(`<c t="str"><v>a</v></c>`), n)}
	},
	"rows of nothing": func(n int) handmade {
		return handmade{sheet: strings.Repeat(`<row/>`, n) + cells(`<c t="str"><v>a</v></c>`)}
	},
	"cells far out": func(n int) handmade {
		var rows strings.Builder
		for i := range n / 8 {
			fmt.Fprintf(&rows, `<row r="%d"><c r="IV%d" t="str"><v>a</v></c></row>`, i+2, i+2)
		}
		return handmade{sheet: rows.String()}
	},
	"cells out of reach": func(n int) handmade {
		var rows strings.Builder
		for i := range n {
			fmt.Fprintf(&rows, `<row r="%d"><c r="A%d" t="str"><v>a</v></c><c r="XFD%d"/></row>`, i+2, i+2, i+2)
		}
		return handmade{sheet: rows.String()}
	},
	"merged ranges": func(n int) handmade {
		return handmade{
			sheet: cells(`<c t="str"><v>a</v></c>`),
			after: `<mergeCells>` + strings.Repeat(`<mergeCell ref="A90000:B90001"/>`, n) + `</mergeCells>`,
		}
	},
	"styles": func(n int) handmade {
		return handmade{
			styles: `<cellXfs>` + strings.Repeat(`<xf numFmtId="0"/>`, n) + `</cellXfs>`,
			sheet:  cells(`<c s="1"><v>1</v></c>`),
		}
	},
	"formats of numbers": func(n int) handmade {
		var list strings.Builder
		for i := range n {
			fmt.Fprintf(&list, `<numFmt numFmtId="%d" formatCode="[&lt;1]00;[&gt;=2]&quot;a&quot;000;0"/>`, i+200)
		}
		return handmade{
			styles: `<numFmts>` + list.String() + `</numFmts><cellXfs><xf numFmtId="200"/></cellXfs>`,
			sheet:  cells(`<c s="0"><v>1</v></c>`),
		}
	},
	"sheets and relations": func(n int) handmade {
		var list, related strings.Builder
		for i := range n / 100 {
			fmt.Fprintf(&list, `<sheet name="s%d" r:id="h%d" state="hidden"/>`, i, i)
			fmt.Fprintf(&related, `<Relationship Id="h%d" Type="x/worksheet" Target="worksheets/sheet1.xml"/>`, i)
		}
		return handmade{list: list.String(), relations: related.String(), sheet: cells(`<c t="str"><v>a</v></c>`)}
	},
	"characters outside of the table": func(n int) handmade {
		return handmade{sheet: cells(`<c t="str"><v>a</v></c>`), after: strings.Repeat(`<hyperlink ref="A1"/>`, n)}
	},
}

func cells(list string) string { return `<row>` + list + `</row>` }

// opened reads a workbook to its end.
func opened(t testing.TB, file []byte) {
	book, err := workbook.Open(file, csvfile.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := book.NewReader()
	for err == nil {
		_, err = r.Next()
	}
	if !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
}

// allocated is what reading a workbook takes from the heap, in bytes.
func allocated(t testing.TB, file []byte) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	opened(t, file)
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestWorkbooksAreReadInLinearMemory doubles everything of which a workbook may
// have many and compares what reading it takes from the heap. It is not parallel:
// others would be counted.
//
//nolint:paralleltest // it measures memory, which other tests would take at the same time
func TestWorkbooksAreReadInLinearMemory(t *testing.T) {
	for name, of := range constructs {
		t.Run(name, func(t *testing.T) {
			const n = 10_000
			once, twice := allocated(t, of(n).file(t)), allocated(t, of(2*n).file(t))
			t.Logf("%d KiB and %d KiB", once>>10, twice>>10)
			if float64(twice) > 2.6*float64(once) {
				t.Errorf("%d of them take %d KiB, twice as many %d KiB", n, once>>10, twice>>10)
			}
		})
	}
}

// TestALittleWorkbookIsNoLargeOne reads files in which little stands for much.
//
//nolint:paralleltest // it measures memory, which other tests would take at the same time
func TestALittleWorkbookIsNoLargeOne(t *testing.T) {
	many := strings.Repeat(`<c t="s"><v>0</v></c>`, 256)
	for name, c := range map[string]struct {
		file handmade
		code csvfile.Code
	}{
		"a long text in every cell": {
			handmade{shared: `<si><t>` + strings.Repeat("a", 60<<10) + `</t></si>`, sheet: strings.Repeat(cells(many), 200)},
			csvfile.RowTooLarge},
		"a text in every cell of many rows": {
			handmade{shared: `<si><t>` + strings.Repeat("a", 400) + `</t></si>`, sheet: strings.Repeat(cells(many), 50)},
			csvfile.FileTooLarge},
		"ranges that are none": {
			handmade{
				sheet: cells(`<c t="str"><v>a</v></c>`),
				after: strings.Repeat(`<mergeCell ref="`+strings.Repeat("a", 500<<10)+`"/>`, 64),
			}, workbook.MergedCells},
	} {
		t.Run(name, func(t *testing.T) {
			file := c.file.file(t)
			_, err := workbook.Open(file, csvfile.Limits{Bytes: 1 << 20})
			var e *csvfile.Error
			if !errors.As(err, &e) || e.Code != c.code {
				t.Fatalf("refused as %v", err)
			}
			if len(e.Message) > 200 {
				t.Errorf("the message has %d bytes", len(e.Message))
			}
		})
	}
	t.Run("a list of parts that is longer than it may be", func(t *testing.T) {
		list := make([]part, 0, 20_000)
		for i := range cap(list) {
			list = append(list, part{name: fmt.Sprint(i)})
		}
		file := packed(t, zip.Store, list...)
		if took := testing.AllocsPerRun(1, func() { _ = refused(t, file) }); took > 1000 {
			t.Errorf("a list of %d parts took %v pieces of memory", len(list), took)
		}
	})
}

// BenchmarkLinear doubles the input and reports how much longer that takes.
func BenchmarkLinear(b *testing.B) {
	for name, of := range constructs {
		b.Run(name, func(b *testing.B) {
			const n = 10_000
			once, twice := of(n).file(b), of(2*n).file(b)
			var first, second time.Duration
			for b.Loop() {
				start := time.Now()
				opened(b, once)
				middle := time.Now()
				opened(b, twice)
				first, second = first+middle.Sub(start), second+time.Since(middle)
			}
			b.ReportMetric(float64(second)/float64(first), "ratio")
		})
	}
}
