package csvfile_test

import (
	"slices"
	"testing"
	"testing/quick"

	"github.com/openhomeroom/homeroom/internal/csvfile"
)

func TestSplitList(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		cell string
		want []string
	}{
		{"one item is one item", "Math 7", []string{"Math 7"}},
		{"items are trimmed", " Math 7 ;\u00A0Art", []string{"Math 7", "Art"}},
		{"empty items are dropped", ";Math 7;; ;Art;", []string{"Math 7", "Art"}},
		{"an empty cell has no items", " ", nil},
		{"an escaped semicolon is part of an item", `Math\; advanced;Art`, []string{"Math; advanced", "Art"}},
		{"an escaped backslash is one backslash", `a\\;b`, []string{`a\`, "b"}},
		{"a backslash before a letter is a backslash", `AC\DC;b\`, []string{`AC\DC`, `b\`}},
		{"three backslashes and a semicolon are a backslash and a semicolon", `a\\\;b`, []string{`a\;b`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			equal(t, csvfile.SplitList(test.cell), test.want)
		})
	}
}

func TestJoinList(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		items []string
		want  string
	}{
		{"items are divided by semicolons", []string{"Math 7", "Art"}, "Math 7;Art"},
		{"a semicolon is escaped", []string{"a;b"}, `a\;b`},
		{"a backslash that could be misread is doubled", []string{`a\`, `b\;c`, `d\\e`}, `a\\;b\\\;c;d\\\e`},
		{"any other backslash is left alone", []string{`AC\DC`}, `AC\DC`},
		{"empty items are left out", []string{"", "a", " "}, "a"},
		{"no items make an empty cell", nil, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			equal(t, csvfile.JoinList(test.items), test.want)
		})
	}
}

func TestAListSurvivesAFile(t *testing.T) {
	t.Parallel()
	property := func(a, b, c awkward) bool {
		items := []string{string(a), string(b), string(c)}
		var want []string
		for _, item := range items {
			if item = csvfile.Clean(item); item != "" {
				want = append(want, item)
			}
		}
		cell := csvfile.JoinList(items)
		_, recs := everything(t, written(t, []string{"ID", "Groups"}, []string{"1", cell}))
		read := csvfile.UnguardFormula(recs[0].Cells[1])
		return slices.Equal(csvfile.SplitList(cell), want) && slices.Equal(csvfile.SplitList(read), want)
	}
	if err := quick.Check(property, samples(5000)); err != nil {
		t.Error(err)
	}
}
