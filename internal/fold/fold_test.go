package fold_test

import (
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/internal/fold"
)

func TestText(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"José":           "jose",
		"JOSE\u0301":     "jose",
		"  Van   der\tX": "van der x",
		"Straße":         "strasse",
		"Ångström":       "angstrom",
		"Nguyễn":         "nguyen",
		"張":              "張",
		"O'Hara":         "o'hara",
		"":               "",
	} {
		if got := fold.Text(in); got != want {
			t.Errorf("Text(%q) = %q; want %q", in, got, want)
		}
	}
}

func TestKey(t *testing.T) {
	t.Parallel()
	if fold.Key("José") == fold.Key("Jose") {
		t.Error("an accent makes a username another one")
	}
	if fold.Key("JOSÉ") != fold.Key("jose\u0301") {
		t.Error("case and composition make no other username")
	}
}

func TestUpperAndLowerCaseAreEqual(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"ada", "żółć", "ångström", "straße", "οδυσσεύς", "борис", "կարեն", "nguyễn thị", "ꮝꭴꮿ"} {
		if fold.Key(strings.ToUpper(name)) != fold.Key(name) || fold.Text(strings.ToUpper(name)) != fold.Text(name) {
			t.Errorf("%s and %s are folded into %q and %q", name, strings.ToUpper(name), fold.Key(name),
				fold.Key(strings.ToUpper(name)))
		}
	}
}

func TestSortName(t *testing.T) {
	t.Parallel()
	ordered := []string{fold.SortName("Kim", "Zoe"), fold.SortName("Kim Lee", "Ann"), fold.SortName("Kimball", "Al")}
	for i := 1; i < len(ordered); i++ {
		if ordered[i-1] >= ordered[i] {
			t.Errorf("%q stands before %q", ordered[i-1], ordered[i])
		}
	}
}
