package csvfile_test

import (
	"testing"

	"github.com/openhomeroom/homeroom/internal/csvfile"
)

func TestDamagedNumber(t *testing.T) {
	t.Parallel()
	damaged := []string{"1.2E+10", "1,2E+10", "1.23457E+12", "1E+11", "1.2e+10", "-1.5E-05", "9.00E+99", " 1.2E+10 ",
		"#NAME?", "#REF!", "#VALUE!", "#N/A", "#DIV/0!", "#NUM!", "#NULL!", "#¡REF!", "#¿NOMBRE?", "#NV",
		"#WERT!", "########", "###"}
	for _, cell := range damaged {
		t.Run(cell+" is damaged", func(t *testing.T) {
			t.Parallel()
			equal(t, csvfile.DamagedNumber(cell), true)
		})
	}
	sound := []string{"", "0042", "12345678901200000", "12E3", "1E5", "1E345", "1.2E34", "E+10", "1.E+10", "12.5E+10",
		"1.2E+", "1.2E+1x", "A1.2E+10", "1.2", "E-7", "Lee", "#", "#1", "##", "#5!", "#ok!", "#!", "S#REF!", "#REF", "-", "1e"}
	for _, cell := range sound {
		t.Run(cell+" is sound", func(t *testing.T) {
			t.Parallel()
			equal(t, csvfile.DamagedNumber(cell), false)
		})
	}
}

func TestDatedID(t *testing.T) {
	t.Parallel()
	for _, cell := range []string{"2-Jan", "12-DEC", "Jan-02", " 2-Jan ", "2. Jan", "03.Mär", "1/2/2026", "01.02.2026"} {
		t.Run(cell+" is a day", func(t *testing.T) {
			t.Parallel()
			equal(t, csvfile.DatedID(cell), true)
		})
	}
	for _, cell := range []string{"", "1-2", "2-Jana", "A2-Jan", "20260102", "1/2", "1/2/26", "Jan", "may", "1.2.3",
		"2-Jan-2026-0042"} {
		t.Run(cell+" is none", func(t *testing.T) {
			t.Parallel()
			equal(t, csvfile.DatedID(cell), false)
		})
	}
}
