package csvfile_test

import (
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"

	"homeroom/internal/csvfile"
)

func TestLostLetters(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		stored, cell string
		want         bool
	}{
		{"Łukasz", "?ukasz", true},
		{"Łukasz Żółw", "?ukasz ?ó?w", true},
		{"Łukasz", "\uFFFDukasz", true},
		{"田中", "??", true},
		{"Łukasz", "Łukasz", false},
		{"Łukasz", "Lukasz", false}, // Somebody may mean it.
		{"Łukasz", "?ukas", false},
		{"Łukas", "?ukasz", false},
		{"Lukasz", "?ukasz", false},
		{"Łukasz", "?ukatz", false},
		{"Why?", "Why?", false},
		{"", "?", false},
		{"Ł", "", false},
	} {
		if got := csvfile.LostLetters(c.stored, c.cell); got != c.want {
			t.Errorf("LostLetters(%q, %q) is %v", c.stored, c.cell, got)
		}
	}
}

func TestLooksLost(t *testing.T) {
	t.Parallel()
	for cell, want := range map[string]bool{
		"?ukasz": true, "M?ller": true, "Mu\uFFFD": true, "": false, "Müller": false, "Who am I?": false, "Why? Because": false, "???": false,
	} {
		if got := csvfile.LooksLost(cell); got != want {
			t.Errorf("LooksLost(%q) is %v", cell, got)
		}
	}
}

func TestMisread(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Müller", "Łukasz", "Zoë", "Žižek", "田中", "Nuñez"} {
		garbled, err := charmap.Windows1252.NewDecoder().String(name)
		if err != nil {
			t.Fatal(err)
		}
		garbled = strings.ReplaceAll(garbled, "\uFFFD", "\u0081") // As most programs read the second byte of Ł.
		if got, ok := csvfile.Misread(garbled); !ok || got != name {
			t.Errorf("Misread(%q) is %q, %v; want %q", garbled, got, ok, name)
		}
		if got, ok := csvfile.Misread(name); ok {
			t.Errorf("Misread(%q) is %q", name, got)
		}
	}
	for _, plain := range []string{"", "Ada", "São", "ÄÖÜ", "Ã", "Â Ê"} {
		if got, ok := csvfile.Misread(plain); ok {
			t.Errorf("Misread(%q) is %q", plain, got)
		}
	}
}
