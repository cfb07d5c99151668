package workbook

import (
	"encoding/xml"
	"strconv"
	"strings"
)

// style is what of the look of a number decides on its text.
type style struct {
	day, clock bool
	// digits is a format that shows a fixed number of digits, such as 00000 or
	// 000-00-0000, or empty.
	digits string
}

// readStyles returns the styles that cells refer to.
func (b *Book) readStyles(part string) ([]style, error) {
	formats := map[int]string{}
	var styles []style
	list := ""
	err := b.each(part, maxList, func(_ *decoder, e xml.StartElement) error {
		switch e.Name.Local {
		case "numFmts", "fonts", "fills", "borders", "cellStyleXfs", "cellXfs", "cellStyles", "dxfs":
			list = e.Name.Local
		case "numFmt":
			if list == "numFmts" && len(formats) < maxStyles {
				if id, err := strconv.Atoi(attr(e, "numFmtId")); err == nil {
					formats[id] = attr(e, "formatCode")
				}
			}
		case "xf":
			if list != "cellXfs" {
				return nil
			}
			if len(styles) == maxStyles {
				return damaged("The workbook has too many styles.")
			}
			id, _ := strconv.Atoi(attr(e, "numFmtId"))
			styles = append(styles, styleOf(id, formats[id]))
		}
		return nil
	})
	return styles, err
}

// styleOf understands a number format: one that every program knows by its
// number, or else by its code.
func styleOf(id int, code string) style {
	switch {
	case code != "":
		return styleOfCode(code)
	case id >= 14 && id <= 17, id >= 27 && id <= 31, id == 36, id >= 50 && id <= 54, id >= 57 && id <= 58:
		return style{day: true}
	case id == 22:
		return style{day: true, clock: true}
	case id >= 18 && id <= 21, id >= 32 && id <= 35, id == 45, id == 47, id >= 55 && id <= 56:
		return style{clock: true}
	default:
		return style{}
	}
}

// styleOfCode reads the part of a code that is for positive numbers.
func styleOfCode(code string) style {
	var s style
	var shape strings.Builder // 0 for a digit, and what stands between digits.
	zeros, other := 0, false
	for i := 0; i < len(code); i++ {
		switch c := code[i]; c {
		case ';':
			i = len(code)
		case '"':
			end := strings.IndexByte(code[i+1:], '"')
			if end < 0 {
				return style{}
			}
			shape.WriteString(literal(code[i+1 : i+1+end]))
			i += end + 1
		case '\\':
			if i++; i < len(code) {
				shape.WriteString(literal(code[i : i+1]))
			}
		case '_', '*':
			i++
		case '[':
			end := strings.IndexByte(code[i:], ']')
			if end < 0 {
				return style{}
			}
			// [h] counts the hours of a duration, which is a number.
			if inside := strings.ToLower(code[i+1 : i+end]); strings.Trim(inside, "hms") == "" {
				return style{}
			}
			i += end
		case 'd', 'D', 'y', 'Y':
			s.day, other = true, true
		case 'h', 'H', 's', 'S':
			s.clock, other = true, true
		case 'm', 'M':
			other = true
			s.day = s.day || !s.clock && !strings.ContainsAny(strings.ToLower(code), "hs")
		case '0':
			zeros++
			shape.WriteByte('0')
		case '-', ' ', '(', ')', '/':
			shape.WriteByte(c)
		default:
			other = true
		}
	}
	if zeros >= 2 && !other {
		s.digits = shape.String()
	}
	return s
}

// literal is text of a format as it stands in the shape, in which 0 is a digit.
func literal(text string) string { return strings.ReplaceAll(text, "0", "\x01") }

// pad writes digits into a format; those that it has no place for go in front.
func (s style) pad(digits string) string {
	out := []byte(s.digits)
	first := strings.IndexByte(s.digits, '0')
	for i := len(out) - 1; i >= first; i-- {
		if out[i] != '0' {
			continue
		}
		if digits != "" {
			out[i] = digits[len(digits)-1]
			digits = digits[:len(digits)-1]
		}
	}
	return strings.ReplaceAll(string(out[:first])+digits+string(out[first:]), "\x01", "0")
}
