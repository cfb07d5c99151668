package grade_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/internal/grade"
)

func TestGradesReadBack(t *testing.T) {
	t.Parallel()
	for _, g := range grade.All() {
		if got, ok := grade.Parse(g.String()); !ok || got != g {
			t.Errorf("%s is read as %v, %v", g, got, ok)
		}
	}
}

func TestOtherSpellings(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]grade.Grade{
		"k":                         grade.K,
		" KG ":                      grade.K,
		"Kindergarten":              grade.K,
		"pre-k":                     grade.PK,
		"07":                        7,
		"12":                        12,
		"0":                         grade.K,
		"7th":                       7,
		"1.0":                       1,
		"Grade 03":                  3,
		"Gr. 5":                     5,
		"11th Grade":                11,
		"Tenth Grade":               10,
		"Freshman":                  9,
		"K-Full Day":                grade.K,
		"007":                       7,
		"PK4":                       grade.PK,
		"５":                         5,
		"13":                        13,
		"tk":                        grade.TK,
		"Transitional Kindergarten": grade.TK,
		"Ungraded":                  grade.UG,
		"ug":                        grade.UG,
		"ADULT":                     grade.Adult,
		"Adult Education":           grade.Adult,
	} {
		if got, ok := grade.Parse(text); !ok || got != want {
			t.Errorf("%q is %v, %v; want %v", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "14", "-1", "-2", "-3", "20", "30", "0007", "+7x",
		"1.5", "K5", "P3", "4/5", "5A", "Grade", "III", "12+", "PS", "Year 3"} {
		if got, ok := grade.Parse(text); ok {
			t.Errorf("%q was taken for grade %v", text, got)
		}
	}
}

// TestTheOrderOfGrades holds that the numbers of the database sort as people do.
func TestTheOrderOfGrades(t *testing.T) {
	t.Parallel()
	var names []string
	for _, g := range grade.All() {
		names = append(names, g.String())
	}
	const want = "PK TK K 1 2 3 4 5 6 7 8 9 10 11 12 13 Adult UG"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("the grades are %s; want %s", got, want)
	}
	if !slices.IsSorted(grade.All()) {
		t.Errorf("the numbers %d do not rise", grade.All())
	}
}

// TestTheFormerNumberOfPK holds that what an earlier version has stored is still PK.
func TestTheFormerNumberOfPK(t *testing.T) {
	t.Parallel()
	if got := grade.Stored(-1); got != grade.PK {
		t.Errorf("-1 is %d; want PK", got)
	}
	for _, g := range grade.All() {
		if got := grade.Stored(int(g)); got != g {
			t.Errorf("%s is read as %s", g, got)
		}
	}
}

func TestWhichGradeFollows(t *testing.T) {
	t.Parallel()
	follows := map[grade.Grade][]grade.Grade{grade.PK: {grade.TK, grade.K}, grade.TK: {grade.K}}
	for g := range grade.Highest {
		follows[g] = []grade.Grade{g + 1}
	}
	for _, before := range grade.All() {
		for _, after := range grade.All() {
			if got, want := after.Follows(before), slices.Contains(follows[before], after); got != want {
				t.Errorf("%s follows %s: %t; want %t", after, before, got, want)
			}
		}
	}
}
