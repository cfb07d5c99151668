package fold_test

import (
	"testing"

	"github.com/openhomeroom/homeroom/internal/fold"
)

func TestDomain(t *testing.T) {
	t.Parallel()
	for want, written := range map[string][]string{
		"example.org": {"example.org", "EXAMPLE.org", "example.org.", " example.org ", "ｅｘａｍｐｌｅ．ｏｒｇ",
			"example。org", "exam\u00adple.org"},
		"xn--mller-kva.example": {"müller.example", "MÜLLER.example", "mu\u0308ller.example", "xn--mller-kva.example",
			"XN--MLLER-KVA.EXAMPLE.", "ｍüller｡example"},
		"xn--strae-oqa.example":  {"straße.example", "xn--strae-oqa.example"},
		"strasse.example":        {"strasse.example", "Strasse.example."},
		"xn--80ak6aa92e.example": {"аррӏе.example"},
		"":                       {"", "."},
		"not a domain":           {"not a domain", "NOT A domain"},
	} {
		for _, text := range written {
			if got := fold.Domain(text); got != want {
				t.Errorf("%q: %q, want %q", text, got, want)
			}
		}
	}
}

func TestDomainOfKey(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"a@straße.example", "a@strasse.example", "a@xn--strae-oqa.example",
		"a@STRASSE.example."} {
		if got := fold.DomainOfKey(fold.Key(address)); got != "strasse.example" {
			t.Errorf("%q: %q", address, got)
		}
	}
	if a, b := fold.DomainOfKey(fold.Key("a@müller.example")), fold.DomainOfKey("xn--mller-kva.example"); a != b {
		t.Errorf("%q and %q", a, b)
	}
}
