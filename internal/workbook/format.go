package workbook

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// format is a number format that a workbook spells out, such as [<1000]0000;General. It
// has a section for each kind of number that it distinguishes.
type format []section

// section says how some numbers look: those that meet its condition, or all.
type section struct {
	style
	compare string // "<", "<=", ">", ">=", "=", "<>", or "" for all.
	with    float64
}

// of returns the style of a number. Sections without a condition are for positive numbers,
// negative numbers and zero, in this order; the text never depends on the third.
func (f format) of(value float64) style {
	for _, s := range f {
		if s.holds(value) {
			return s.style
		}
	}
	return style{}
}

func (s section) holds(value float64) bool {
	switch s.compare {
	case "<":
		return value < s.with
	case "<=":
		return value <= s.with
	case ">":
		return value > s.with
	case ">=":
		return value >= s.with
	case "=":
		return value == s.with
	case "<>":
		return value != s.with
	default:
		return true
	}
}

var comparisons = []string{"<", "<=", ">", ">=", "=", "<>"}

// shown lists the characters that a format may show among the digits without quotes.
const shown = "$+-/():!^&'~{}<>= "

// formatOf parses a number format. A format that it does not understand counts as one that
// shows the number as it is.
func formatOf(code string) format {
	var f format
	if len(code) > maxFormat {
		return nil
	}
	for rest := code; len(f) < 4; {
		s, length, ok := sectionOf(rest)
		if !ok {
			return nil
		}
		f = append(f, s)
		if rest = rest[length:]; rest == "" {
			break
		}
		rest = rest[1:]
	}
	return f
}

// sectionOf reads a format up to the semicolon that ends its first section.
func sectionOf(code string) (s section, length int, ok bool) {
	var shape strings.Builder // 0 for a digit, and the text between digits.
	zeros, month, other, duration := 0, false, false, false
	i := 0
	for ; i < len(code) && code[i] != ';'; i++ {
		switch c := code[i]; c {
		case '"':
			end := strings.IndexByte(code[i+1:], '"')
			if end < 0 {
				return section{}, 0, false
			}
			shape.WriteString(literal(code[i+1 : i+1+end]))
			i += end + 1
		case '\\':
			_, n := utf8.DecodeRuneInString(code[i+1:])
			shape.WriteString(literal(code[i+1 : i+1+n]))
			i += n
		case '_', '*': // A space as wide as the next character, or that character repeated.
			_, n := utf8.DecodeRuneInString(code[i+1:])
			i += n
		case '[':
			end := strings.IndexByte(code[i:], ']')
			if end < 0 {
				return section{}, 0, false
			}
			// [h] counts the hours of a duration, which is a number. A color, a language
			// and the like change no text.
			switch inside := strings.ToLower(code[i+1 : i+end]); {
			case strings.Trim(inside, "hms") == "":
				duration = true
			case strings.IndexAny(inside, "<>=") == 0:
				number := strings.TrimLeft(inside, "<>=")
				var err error
				if s.with, err = strconv.ParseFloat(number, 64); err != nil {
					return section{}, 0, false
				}
				s.compare = strings.TrimSuffix(inside, number)
				if !slices.Contains(comparisons, s.compare) {
					return section{}, 0, false
				}
			}
			i += end
		case 'd', 'D', 'y', 'Y':
			s.day, other = true, true
		case 'h', 'H', 's', 'S':
			s.clock, other = true, true
		case 'm', 'M': // Months, or minutes if next to hours or seconds.
			month, other = true, true
		case '0':
			zeros++
			shape.WriteByte('0')
		default:
			if strings.IndexByte(shown, c) >= 0 {
				shape.WriteByte(c)
			} else if c != '#' || shape.Len() > 0 { // A digit before the others, if there is one.
				other = true
			}
		}
	}
	s.day = s.day || month && !s.clock
	switch {
	case duration:
		s.day, s.clock = false, false
	case zeros >= 2 && !other:
		s.digits = shape.String()
	}
	return s, i, true
}

// literal returns text of a format as it is stored in the shape, in which 0 means a digit.
func literal(text string) string { return strings.ReplaceAll(text, "0", "\x01") }
