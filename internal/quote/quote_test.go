package quote_test

import (
	"testing"

	"github.com/openhomeroom/homeroom/internal/quote"
)

func TestText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                       `""`,
		"Algebra 1":              `"Algebra 1"`,
		"Français, 日本語":          `"Français, 日本語"`,
		"Algebra\u00a01\u202f2":  `"Algebra 1 2"`,
		"Student\nID\t":          `"Student ID "`,
		`the "new" one`:          `“the "new" one”`,
		`C:\files`:               `"C:\files"`,
		"\x1b[31mred\x00":        `"�[31mred�"`,
		"a\xffb":                 `"a�b"`,
		"\ufeffID\u200b\u202e":   `"ID"`,
		"👩\u200d🏫 می\u200cخواهم": "\"👩\u200d🏫 می\u200cخواهم\"",
	} {
		if got := quote.Text(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func TestCount(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0 rows", 1: "1 row", 2: "2 rows"} {
		if got := quote.Count(n, "row"); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestAnd(t *testing.T) {
	t.Parallel()
	lists := map[string][]string{"": nil, "A": {"A"}, "A and B": {"A", "B"}, "A, B and C": {"A", "B", "C"}}
	for want, list := range lists {
		if got := quote.And(list); got != want {
			t.Errorf("%q is %q", list, got)
		}
	}
}
