package workbook

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/openhomeroom/homeroom/internal/csvfile"
)

// exactDigits is how many digits of a number a spreadsheet program keeps.
const exactDigits = 15

// number returns the digits of a number in a cell with the given style. ok is false if raw
// is not a number or the style does not exist.
func (b *Book) number(raw, style string) (text string, flaw csvfile.FlawKind, ok bool) {
	raw = strings.TrimSpace(raw)
	value, err := strconv.ParseFloat(raw, 64)
	if err != nil || math.IsNaN(value) || math.IsInf(value, 0) || strings.ContainsAny(raw, "xXpP_") {
		return "", 0, false
	}
	s, known := b.styles.at(style, value)
	if !known {
		return "", 0, false
	}
	if (s.day || s.clock) && value >= 0 && value < 2_958_466 { // The last day of the year 9999.
		return b.moment(value, s), csvfile.Dated, true
	}
	if math.Abs(value) >= 1e15 {
		flaw = csvfile.Imprecise
	}
	if text = raw; !isWhole(raw) {
		// Whatever follows the significant digits is a rounding error: a program shows 0.1
		// + 0.2 as 0.3.
		value, _ = strconv.ParseFloat(strconv.FormatFloat(value, 'g', exactDigits, 64), 64)
		value += 0 // No program shows -0.
		text = strconv.FormatFloat(value, 'f', -1, 64)
	}
	if s.digits != "" && isWhole(text) && text[0] != '-' {
		text = s.pad(text)
	}
	if len(text) > 400 { // Longer than any number that is written out.
		return "", 0, false
	}
	return text, flaw, true
}

// isWhole reports whether text is a whole number, written as people write it.
func isWhole(s string) bool {
	digits := strings.TrimPrefix(s, "-")
	return digits != "" && strings.Trim(digits, "0123456789") == "" && (digits[0] != '0' || s == "0")
}

// moment returns the text of a day and time. They are stored as days since the beginning
// of 1900, which some programs treat as a leap year, or of 1904.
func (b *Book) moment(value float64, s style) string {
	days, part := math.Modf(value)
	seconds := int(math.Round(part * 86_400))
	from := time.Date(1899, time.December, 30, 0, 0, 0, 0, time.UTC)
	switch {
	case b.is1904:
		from = time.Date(1904, time.January, 1, 0, 0, 0, 0, time.UTC)
	case days < 60:
		from = from.AddDate(0, 0, 1)
	}
	t := from.AddDate(0, 0, int(days)).Add(time.Duration(seconds) * time.Second)
	switch {
	case s.clock && !s.day && days == 0:
		return t.Format(time.TimeOnly)
	case s.clock && seconds != 0:
		return t.Format(time.DateTime)
	default:
		return t.Format(time.DateOnly)
	}
}

// isoMoment does the same for a day and time that a workbook stores as text, such as
// 2026-11-18T13:30:00.
func isoMoment(raw string) string {
	t, err := time.Parse("2006-01-02T15:04:05", strings.TrimSuffix(strings.TrimSpace(raw), "Z"))
	switch {
	case err != nil:
		return raw
	case t.Equal(t.Truncate(24 * time.Hour)):
		return t.Format(time.DateOnly)
	default:
		return t.Format(time.DateTime)
	}
}
