package workbook

import (
	"encoding/xml"
	"errors"
	"strconv"
	"strings"

	"github.com/openhomeroom/homeroom/internal/csvfile"
)

// cell is what a cell shows.
type cell struct {
	text string
	flaw csvfile.FlawKind
}

// stored is a cell as a workbook stores it.
type stored struct {
	kind, style  string
	raw, inline  string
	filled       bool // There is a value, which may be "".
	isCalculated bool // The value is the result of a formula.
}

// readCell reads the cell that has just begun.
func (r *rows) readCell(e xml.StartElement) (cell, error) {
	s := stored{kind: attr(e, "t"), style: attr(e, "s")}
	most := r.book.limits.CellBytes
	err := r.d.inside(func(token xml.Token) error {
		child, is := token.(xml.StartElement)
		if !is {
			return nil
		}
		var long bool
		var err error
		switch child.Name.Local {
		case "v":
			s.filled = true
			s.raw, long, err = r.d.text(most)
		case "is":
			s.filled = true
			s.inline, long, err = r.d.richText(most)
		default:
			s.isCalculated = s.isCalculated || child.Name.Local == "f"
			err = r.d.skip()
		}
		if err == nil && long {
			err = errLong
		}
		return err
	})
	switch {
	case errors.Is(err, errLong):
		return cell{}, cellTooLarge(r.place(), most)
	case err != nil:
		return cell{}, err
	case r.notCalculated(s):
		return cell{flaw: csvfile.NotCalculated}, nil
	case !s.filled:
		return cell{}, nil
	}
	return r.value(s)
}

var errLong = errors.New("text is longer than a cell may be")

// notCalculated reports whether the value of a formula is missing in the file. Some
// programs write no value, or an empty one, which is valid only if the formula returns
// text. Others write 0, and say that every formula is to be calculated again.
func (r *rows) notCalculated(s stored) bool {
	number := s.kind == "" || s.kind == "n"
	return s.isCalculated && (!s.filled || r.book.isStale || number && strings.TrimSpace(s.raw) == "")
}

// value returns what a cell of any type shows.
func (r *rows) value(s stored) (c cell, err error) {
	switch s.kind {
	case "s":
		var long bool
		i, err := strconv.Atoi(strings.TrimSpace(s.raw))
		if err != nil {
			return c, errDamaged
		}
		if c.text, long, err = r.book.strings.at(i); long {
			return c, cellTooLarge(r.place(), r.book.limits.CellBytes)
		}
		return c, err
	case "inlineStr":
		c.text = csvfile.Clean(s.inline)
	case "str":
		c.text = csvfile.Clean(unescape(s.raw))
	case "d":
		c = cell{text: csvfile.Clean(isoMoment(unescape(s.raw))), flaw: csvfile.Dated}
	case "e":
		c = cell{text: csvfile.Clean(s.raw), flaw: csvfile.Failed}
	case "b":
		switch strings.TrimSpace(s.raw) {
		case "1", "true":
			c.text = "TRUE"
		case "0", "false":
			c.text = "FALSE"
		default:
			return c, errDamaged
		}
	case "", "n":
		if strings.TrimSpace(s.raw) == "" {
			return c, nil
		}
		var ok bool
		if c.text, c.flaw, ok = r.book.number(s.raw, s.style); !ok {
			return c, damaged("A cell of the workbook holds a broken number, or a style that does not exist.")
		}
	default:
		return c, damaged("A cell of the workbook has an unknown type.")
	}
	return c, nil
}
