package csvfile_test

import (
	"math/rand"
	"reflect"
	"strings"
	"testing"
	"testing/quick"

	"github.com/openhomeroom/homeroom/internal/csvfile"
)

// awkward is a string of the characters that have a meaning somewhere in this
// package, so that random ones meet the edges.
type awkward string

// Generate implements quick.Generator.
func (awkward) Generate(random *rand.Rand, _ int) reflect.Value {
	pieces := []string{"'", "'", "=", "+", "-", "@", "\t", "\r", "\n", "\\", "\\", ";", ";", ",", `"`, `"`, " ", "\u00A0",
		"\uFEFF", "\x1A", "a", "B", "7", "é", "e\u0301", "\u0338", "\u037E", "＝", "€", "👩"}
	var s strings.Builder
	for range random.Intn(8) {
		s.WriteString(pieces[random.Intn(len(pieces))])
	}
	return reflect.ValueOf(awkward(s.String()))
}

func TestGuardFormula(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, cell, guarded string }{
		{"a formula is guarded", "=1+1", "'=1+1"},
		{"a plus is guarded", "+49", "'+49"},
		{"a name with a hyphen is guarded", "-Ana", "'-Ana"},
		{"an at sign is guarded", "@SUM(1)", "'@SUM(1)"},
		{"a tab is guarded", "\t=1", "'\t=1"},
		{"a CR is guarded", "\r=1", "'\r=1"},
		{"an LF is guarded", "\n=1", "'\n=1"},
		{"an equals sign in full width is guarded", "＝1", "'＝1"},
		{"a plus in full width is guarded", "＋1", "'＋1"},
		{"a minus in full width is guarded", "－1", "'－1"},
		{"an at sign in full width is guarded", "＠SUM(1)", "'＠SUM(1)"},
		{"a NUL is guarded", "\x00=1", "'\x00=1"},
		{"what looks guarded is guarded once more", "'=1", "''=1"},
		{"what looks guarded twice is guarded once more", "''=1", "'''=1"},
		{"a name with an apostrophe is left alone", "'t Hooft", "'t Hooft"},
		{"a lone apostrophe is left alone", "'", "'"},
		{"a formula sign in the middle is left alone", "a=1", "a=1"},
		{"an empty cell is left alone", "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			equal(t, csvfile.GuardFormula(test.cell), test.guarded)
			equal(t, csvfile.UnguardFormula(test.guarded), test.cell)
		})
	}
}

func TestUnguardFormulaTakesNothingElse(t *testing.T) {
	t.Parallel()
	for _, cell := range []string{"'t Hooft", "'", "''", "'0042", "=1", "", "a'=1"} {
		equal(t, csvfile.UnguardFormula(cell), cell)
	}
}

func TestGuardingIsLossless(t *testing.T) {
	t.Parallel()
	property := func(a awkward, b string) bool {
		for _, s := range []string{string(a), b} {
			guarded := csvfile.GuardFormula(s)
			if csvfile.UnguardFormula(guarded) != s || strings.HasPrefix(guarded, "=") {
				return false
			}
		}
		return true
	}
	if err := quick.Check(property, samples(20_000)); err != nil {
		t.Error(err)
	}
}

func TestCleaningTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	property := func(a awkward, b string) bool {
		once := csvfile.Clean(string(a) + b)
		return csvfile.Clean(once) == once
	}
	if err := quick.Check(property, samples(20_000)); err != nil {
		t.Error(err)
	}
}
