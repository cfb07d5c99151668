package grade_test

import (
	"slices"
	"testing"

	"github.com/openhomeroom/homeroom/internal/grade"
)

// FuzzParse holds that a text is a grade that comes back as the same grade, or
// none.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"", "PK", "k", "KG", "01", " 12 ", "13", "0", "-1", "+7", "1e1", "٣", "７",
		"Pre-K", "ᴋ", "1\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		g, ok := grade.Parse(s)
		if !ok {
			return
		}
		if !slices.Contains(grade.All(), g) {
			t.Fatalf("%q is grade %d", s, g)
		}
		if again, ok := grade.Parse(g.String()); !ok || again != g {
			t.Fatalf("%q is %s, which is read as %s", s, g, again)
		}
	})
}
