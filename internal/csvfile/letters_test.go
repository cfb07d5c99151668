package csvfile_test

import (
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"

	"github.com/openhomeroom/homeroom/internal/csvfile"
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
	for cell, want := range map[string][2]bool{ // Of a person, and of anything else.
		"?ukasz": {true, true}, "M?ller": {true, true}, "Mu\uFFFD": {true, true}, "": {false, false}, "Müller": {false, false},
		"Who am I?": {true, false}, "Why? Because": {true, false}, "Pawe?": {true, false}, "???": {true, false},
	} {
		if got := [2]bool{csvfile.LooksLost(cell, true), csvfile.LooksLost(cell, false)}; got != want {
			t.Errorf("LooksLost(%q) is %v", cell, got)
		}
	}
}

func TestMisread(t *testing.T) {
	t.Parallel()
	for name, certain := range map[string]bool{
		"Müller": true,
		"Łukasz": true,
		"Zoë":    false,
		"Žižek":  true,
		"Nuñez":  true,
		"José":   true,
		"Ángel":  true,
		"Paweł":  false,
		"Strauß": false,
		"María":  true,
		"Σοφία":  true,
		"Иван":   true,
	} {
		garbled, err := charmap.Windows1252.NewDecoder().String(name)
		if err != nil {
			t.Fatal(err)
		}
		garbled = strings.ReplaceAll(garbled, "\uFFFD", "\u0081") // As most programs read the second byte of Ł.
		if got, is, may := csvfile.Misread(garbled); got != name || is != certain || !may {
			t.Errorf("Misread(%q) is %q, %v, %v; want %q, %v", garbled, got, is, may, name, certain)
		}
		if got, is, may := csvfile.Misread(name); is || may {
			t.Errorf("Misread(%q) is %q", name, got)
		}
	}
	for _, plain := range []string{"", "Ada", "São", "ÄÖÜ", "Ã", "Â Ê", "Voß’ Kurs", "Strauß’", "Groß–Klein", "CAFÉ–Treff",
		"KNÍŽEK", "VÍŠEK", "RENÉ’S CLASS", "CAFÉ…", "ÅŽ", "MÍŠA"} {
		if got, is, may := csvfile.Misread(plain); is || may != (plain == "ÅŽ") { // Which may have been Ŏ.
			t.Errorf("Misread(%q) is %q, %v, %v", plain, got, is, may)
		}
	}
}
