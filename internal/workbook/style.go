package workbook

import (
	"encoding/xml"
	"strconv"
	"strings"
)

// style is the part of a number's style that changes its text.
type style struct {
	day, clock bool
	// digits is a format with a fixed number of digits, such as 00000 or 000-00-0000, or
	// "".
	digits string
}

// styles holds the number formats that cells refer to: the format number of each style,
// and the formats by their numbers.
type styles struct {
	formats map[int]format
	of      []int
}

func (b *Book) readStyles(part string) (styles, error) {
	read := styles{formats: map[int]format{}}
	list := ""
	err := b.each(part, maxList, func(_ *decoder, e xml.StartElement) error {
		switch e.Name.Local {
		case "numFmts", "fonts", "fills", "borders", "cellStyleXfs", "cellXfs", "cellStyles", "dxfs":
			list = e.Name.Local
		case "numFmt":
			if id, err := strconv.Atoi(attr(e, "numFmtId")); list == "numFmts" && err == nil && len(read.formats) < maxStyles {
				read.formats[id] = formatOf(attr(e, "formatCode"))
			}
		case "xf":
			if list != "cellXfs" {
				return nil
			}
			if len(read.of) == maxStyles {
				return damaged("The workbook has too many styles.")
			}
			id, _ := strconv.Atoi(attr(e, "numFmtId"))
			read.of = append(read.of, id)
		}
		return nil
	})
	return read, err
}

// at returns the style of a number in a cell, given the name of its style, or "" for none.
// A workbook may have no styles at all, but it may not lack a single one: without its
// style a day is just a number, and an ID has lost its zeros.
func (s *styles) at(name string, value float64) (style, bool) {
	if name == "" {
		name = "0"
	}
	i, err := strconv.Atoi(name)
	if err != nil || i < 0 || i >= len(s.of) {
		return style{}, len(s.of) == 0
	}
	id := s.of[i]
	if f, own := s.formats[id]; own {
		return f.of(value), true
	}
	return known(id), true
}

// known returns a number format that every program knows by its number.
func known(id int) style {
	switch {
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

// pad writes digits into a format. Digits for which the format has no place go first.
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
