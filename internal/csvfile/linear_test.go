package csvfile_test

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/openhomeroom/homeroom/internal/csvfile"
)

// heading is followed by what a file has n of.
const heading = "Student ID,First Name\n"

// constructs are all constructs that a CSV file may contain many times, n of each.
var constructs = map[string]func(n int) string{
	"rows":                         func(n int) string { return heading + strings.Repeat("1,Ada\n", n) },
	"quoted cells":                 func(n int) string { return heading + strings.Repeat("\"1\",\"Ada\"\n", n) },
	"quotation marks in one cell":  func(n int) string { return heading + "1,\"" + strings.Repeat(`""`, n) + "\"\n" },
	"quotation marks in bare text": func(n int) string { return heading + "1,a" + strings.Repeat(`"`, n) + "\n" },
	"line breaks in one cell":      func(n int) string { return heading + "1,\"a" + strings.Repeat("\r\n", n/2) + "b\"\n" },
	"columns":                      func(n int) string { return heading + strings.Repeat(strings.Repeat("a,", 200)+"\n", n/200) },
	"blank cells":                  func(n int) string { return heading + strings.Repeat(strings.Repeat(",", 200)+"\n", n/200) },
	"blank lines above the header": func(n int) string { return strings.Repeat("\n", n) + heading + "1,Ada\n" },
	"blank lines below the header": func(n int) string { return heading + strings.Repeat("\n", n) + "1,Ada\n" },
	"rows that end with CR":        func(n int) string { return strings.ReplaceAll(heading+strings.Repeat("1,Ada\n", n), "\n", "\r") },
	"spaces around a cell": func(n int) string {
		return heading + "1," + strings.Repeat(" ", n) + "a" + strings.Repeat(" ", n) + "\n"
	},
	"marks over one letter":   func(n int) string { return heading + "1,a" + strings.Repeat("\u0301", n/2) + "\n" },
	"letters of Windows-1252": func(n int) string { return heading + strings.Repeat("1,f\xFCr \xC4rger\n", n) },
	"letters of UTF-16": func(n int) string {
		text := []byte{0xFF, 0xFE}
		for _, u := range utf16.Encode([]rune(heading + strings.Repeat("1,äöü\n", n))) {
			text = append(text, byte(u), byte(u>>8))
		}
		return string(text)
	},
}

// texts are what happens to a single cell.
var texts = map[string]func(n int){
	"items of a list":     func(n int) { csvfile.SplitList(strings.Repeat("a;", n)) },
	"escapes of a list":   func(n int) { csvfile.SplitList(strings.Repeat(`\;`, n)) },
	"items to be joined":  func(n int) { csvfile.JoinList(strings.Split(strings.Repeat("a;", n), ";")) },
	"apostrophes":         func(n int) { csvfile.UnguardFormula(csvfile.GuardFormula(strings.Repeat("'", n) + "=")) },
	"letters that are ?":  func(n int) { csvfile.LostLetters(strings.Repeat("ł", n), strings.Repeat("?", n)) },
	"letters to look at":  func(n int) { csvfile.LooksLost(strings.Repeat("?1", n), false) },
	"letters of UTF-8":    func(n int) { csvfile.Misread(strings.Repeat("Ã¼", n)) },
	"digits":              func(n int) { csvfile.DamagedNumber(strings.Repeat("1", n) + "E+" + strings.Repeat("1", n)) },
	"signs of an error":   func(n int) { csvfile.DamagedNumber(strings.Repeat("#", n) + strings.Repeat("!", n)) },
	"digits of a day":     func(n int) { csvfile.DatedID(strings.Repeat("1", n)) },
	"white space to trim": func(n int) { csvfile.Clean(strings.Repeat("\u00a0", n) + "a" + strings.Repeat("\r", n)) },
}

// work is everything that is read n of.
func work() map[string]func(t testing.TB, n int) {
	all := map[string]func(testing.TB, int){}
	for name, of := range constructs {
		all[name] = func(t testing.TB, n int) { readThrough(t, of(n)) }
	}
	for name, do := range texts {
		all[name] = func(_ testing.TB, n int) { do(n) }
	}
	return all
}

func readThrough(t testing.TB, file string) {
	f, err := csvfile.Inspect(strings.NewReader(file), csvfile.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := csvfile.NewReader(bytes.NewReader([]byte(file)), f, csvfile.Limits{})
	for err == nil {
		_, err = r.Next()
	}
	if !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
}

// TestFilesAreReadInLinearMemory doubles everything of which a file may have many
// and compares what reading it takes from the heap. It is not parallel: others
// would be counted.
//
//nolint:paralleltest // it measures memory, which other tests would take at the same time
func TestFilesAreReadInLinearMemory(t *testing.T) {
	for name, do := range work() {
		t.Run(name, func(t *testing.T) {
			const n = 10_000
			taken := func(n int) float64 {
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				do(t, n)
				runtime.ReadMemStats(&after)
				return float64(after.TotalAlloc - before.TotalAlloc)
			}
			if once, twice := taken(n), taken(2*n); twice > 2.6*once+4096 {
				t.Errorf("%d of them take %.0f KiB, twice as many %.0f KiB", n, once/1024, twice/1024)
			}
		})
	}
}

// TestARowIsBounded reads a row whose cells are all within the limit for a cell.
func TestARowIsBounded(t *testing.T) {
	t.Parallel()
	_, err := csvfile.Inspect(strings.NewReader(heading+strings.Repeat(strings.Repeat("a", 60<<10)+",", 4)+"\n"),
		csvfile.Limits{})
	var e *csvfile.Error
	if !errors.As(err, &e) || e.Code != csvfile.RowTooLarge || e.Row != 1 {
		t.Errorf("got %v", err)
	}
}

// TestWhoeverCountsTheCostEndsTheReading lets the first pieces of a file pass.
func TestWhoeverCountsTheCostEndsTheReading(t *testing.T) {
	t.Parallel()
	spent, enough := 0, errors.New("enough")
	_, err := csvfile.Inspect(strings.NewReader(heading+strings.Repeat("1,Ada\n", 100_000)),
		csvfile.Limits{Spend: func() error {
			if spent++; spent > 3 {
				return enough
			}
			return nil
		}})
	if !errors.Is(err, enough) || spent != 4 {
		t.Errorf("got %v after %d pieces", err, spent)
	}
}

// BenchmarkLinear doubles the input and reports how much longer that takes.
func BenchmarkLinear(b *testing.B) {
	for name, do := range work() {
		b.Run(name, func(b *testing.B) {
			const n = 20_000
			var first, second time.Duration
			for b.Loop() {
				start := time.Now()
				do(b, n)
				middle := time.Now()
				do(b, 2*n)
				first, second = first+middle.Sub(start), second+time.Since(middle)
			}
			b.ReportMetric(float64(second)/float64(first), "ratio")
		})
	}
}
