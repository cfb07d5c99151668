package fold_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/internal/fold"
)

// TestAddressesOfOneMailbox has pairs of addresses: whether they are one mailbox, and
// whether their accounts have one key.
func TestAddressesOfOneMailbox(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b         string
		mailbox, key bool
	}{
		{"nora@example.com", "nora@example.com", true, true},
		{"nora@example.com", " NORA@Example.COM ", true, true},
		{"nora@example.com", "nora@example.com.", true, true},
		{"nora@müller.example", "nora@xn--mller-kva.example", true, true},
		{"nora@MÜLLER.example", "Nora@XN--MLLER-KVA.example", true, true},
		{"nora@müller.example", "nora@mu\u0308ller.example", true, true},
		{"nora@müller.example", "nora@ｍüller｡example", true, true},
		{"josé@example.com", "JOSÉ@example.com", true, true},
		{"josé@example.com", "jose\u0301@example.com", true, true},
		{"nora@example.com", "nora @example.com", true, true},
		{"nora@example.com", "nora@\u3000example.com", true, true},
		{"nora@müller.example", "nora\t@ xn--mller-kva.example", true, true},
		// One key, and two mailboxes.
		{"straße@example.com", "strasse@example.com", false, true},
		{"nora@straße.example", "nora@strasse.example", false, true},
		{"nora@xn--strae-oqa.example", "nora@strasse.example", false, true},
		{"kim@example.com", "\u212aim@example.com", false, true},
		{"saul@example.com", "ſaul@example.com", false, true},
		{"fiona@example.com", "ﬁona@example.com", false, true},
		{"ἰωάννης@example.com", "ἰωάννησ@example.com", false, true},
		// Nothing is the same.
		{"nora@example.com", "nora@example.org", false, false},
		{"nora@example.com", "nora+x@example.com", false, false},
		{"nora@müller.example", "nora@mueller.example", false, false},
		{"jose@example.com", "josé@example.com", false, false},
		{"iris@example.com", "İris@example.com", false, false},
		{"ｎora@example.com", "nora@example.com", false, false},
	} {
		for _, p := range [][2]string{{c.a, c.b}, {c.b, c.a}} {
			if got := fold.SameAddress(p[0], p[1]); got != c.mailbox {
				t.Errorf("%q and %q are one mailbox: %t", p[0], p[1], got)
			}
			if got := fold.Address(p[0]) == fold.Address(p[1]); got != c.key {
				t.Errorf("%q and %q have one key: %t", fold.Address(p[0]), fold.Address(p[1]), got)
			}
			if c.mailbox {
				// As it was on record before, and as it would have been looked up.
				for _, old := range []string{fold.Key(p[1]), fold.Address(p[1])} {
					unusual := strings.ContainsAny(p[1], "ｍ\t \u3000") || p[1] == "nora@example.com."
					if !unusual && !slices.Contains(fold.Addresses(p[0]), old) {
						t.Errorf("%q is not found as %q", old, p[0])
					}
				}
			}
		}
		for _, address := range []string{c.a, c.b} {
			if key := fold.Address(address); fold.Address(key) != key {
				t.Errorf("the key of the key of %q is %q", address, fold.Address(key))
			}
		}
	}
}

func TestDifference(t *testing.T) {
	t.Parallel()
	for _, c := range [][4]string{
		{"straße@a", "strasse@a", "ß", "ss"}, {"kim", "\u212aim", "k", "\u212a"}, {"a", "a", "", ""}, {"aa", "a", "a", ""},
		{"", "b", "", "b"},
	} {
		if a, b := fold.Difference(c[0], c[1]); a != c[2] || b != c[3] {
			t.Errorf("%q and %q: %q and %q", c[0], c[1], a, b)
		}
	}
}
