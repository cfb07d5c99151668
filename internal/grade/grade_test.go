package grade_test

import (
	"testing"

	"github.com/openhomeroom/homeroom/internal/grade"
)

func TestGradesReadBack(t *testing.T) {
	t.Parallel()
	for g := grade.PK; g <= grade.Highest; g++ {
		if got, ok := grade.Parse(g.String()); !ok || got != g {
			t.Errorf("%s is read as %v, %v", g, got, ok)
		}
	}
}

func TestOtherSpellings(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]grade.Grade{
		"k":            grade.K,
		" KG ":         grade.K,
		"Kindergarten": grade.K,
		"pre-k":        grade.PK,
		"07":           7,
		"12":           12,
		"0":            grade.K,
		"7th":          7,
		"1.0":          1,
		"Grade 03":     3,
		"Gr. 5":        5,
		"11th Grade":   11,
		"Tenth Grade":  10,
		"Freshman":     9,
		"K-Full Day":   grade.K,
		"PK4":          grade.PK,
		"５":            5,
	} {
		if got, ok := grade.Parse(text); !ok || got != want {
			t.Errorf("%q is %v, %v; want %v", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "13", "-1", "007", "+7x",
		"1.5", "K5", "P3", "4/5", "5A", "Grade", "III", "12+", "TK", "Year 3"} {
		if got, ok := grade.Parse(text); ok {
			t.Errorf("%q was taken for grade %v", text, got)
		}
	}
}
