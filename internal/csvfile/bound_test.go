package csvfile_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/openhomeroom/homeroom/internal/csvfile"
)

// TestACellHasItsBound tries cells of as many bytes as a cell may have and of one
// more, quoted and not, at once and byte by byte.
func TestACellHasItsBound(t *testing.T) {
	t.Parallel()
	x := func(n int) string { return strings.Repeat("x", n) }
	for name, cell := range map[string]func(n int) string{
		"plain":                    x,
		"quoted":                   func(n int) string { return `"` + x(n) + `"` },
		"with a quote at its end":  func(n int) string { return `"` + x(n-1) + `"""` },
		"with a quote in front":    func(n int) string { return `"""` + x(n-1) + `"` },
		"with a quote in between":  func(n int) string { return `"` + x(n-11) + `""` + x(10) + `"` },
		"with a line end":          func(n int) string { return `"` + x(n-6) + "\n" + x(5) + `"` },
		"quoted behind other text": func(n int) string { return `yy,"` + x(n) + `"` },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for n, want := range map[int]csvfile.Code{20: "", 21: csvfile.CellTooLarge} {
				file := "a,b,c\n1," + cell(n) // without a line end, nothing else looks at its size
				for how, r := range map[string]io.Reader{
					"at once":      strings.NewReader(file),
					"byte by byte": iotest.OneByteReader(strings.NewReader(file)),
				} {
					_, err := csvfile.Inspect(r, csvfile.Limits{CellBytes: 20})
					var refused *csvfile.Error
					if errors.As(err, &refused); want == "" && err != nil || want != "" && (refused == nil || refused.Code != want) {
						t.Errorf("%d bytes %s: %v; want %q", n, how, err, want)
					}
				}
			}
		})
	}
}

// stalls is a reader that gives nothing for a while, without an error.
type stalls struct {
	io.Reader
	times int
}

func (s *stalls) Read(p []byte) (int, error) {
	if s.times != 0 {
		s.times--
		return 0, nil
	}
	return s.Reader.Read(p)
}

func TestAReaderWithoutProgressEnds(t *testing.T) {
	t.Parallel()
	// At the beginning, and after the part that is examined before anything is read.
	for what, begins := range map[string]string{"at once": "", "later": "a,b\n" + strings.Repeat("1,2\n", 100_000)} {
		for times, ends := range map[int]bool{99: false, 100_000: true} {
			file := io.MultiReader(strings.NewReader(begins), &stalls{strings.NewReader("a,b\n"), times})
			if _, err := csvfile.Inspect(file, csvfile.Limits{}); errors.Is(err, io.ErrNoProgress) != ends ||
				!ends && err != nil {
				t.Errorf("%d times without progress %s: %v", times, what, err)
			}
		}
	}
}

// TestBytesThatWindows1252DoesNotHave goes through all bytes above ASCII. Each is alone,
// so that no code page explains it.
func TestBytesThatWindows1252DoesNotHave(t *testing.T) {
	t.Parallel()
	const none = "\x81\x8D\x8F\x90\x9D"
	for b := 0x80; b <= 0xFF; b++ {
		_, err := csvfile.Inspect(strings.NewReader("a,b\n1,Room "+string([]byte{byte(b)})+" 2\n"), csvfile.Limits{})
		if refused := err != nil; refused != strings.Contains(none, string([]byte{byte(b)})) {
			t.Errorf("%#x: %v", b, err)
		}
	}
}
