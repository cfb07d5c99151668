package workbook

import (
	"encoding/xml"

	"homeroom/internal/csvfile"
)

// sharedStrings are the texts that cells share, one after the other in one piece
// of memory: a workbook with a million students has some millions of them.
type sharedStrings struct {
	text []byte
	ends []uint32
	long map[int]bool // Those that are longer than a cell may be, left out of text.
}

func (s *sharedStrings) read(b *Book, part string) error {
	s.long = map[int]bool{}
	return b.each(part, maxPart, func(d *decoder, e xml.StartElement) error {
		if e.Name.Local != "si" {
			return nil
		}
		text, long, err := d.richText(b.limits.CellBytes)
		switch {
		case err != nil:
			return err
		case len(s.ends) == maxStrings, len(s.text)+len(text) > maxText, len(s.long) == maxRelated:
			return unpacked()
		case long:
			s.long[len(s.ends)] = true
		}
		s.text = append(s.text, csvfile.Clean(text)...)
		s.ends = append(s.ends, uint32(len(s.text)))
		return nil
	})
}

// at returns a text by its number; long is true for one that cannot be used.
func (s *sharedStrings) at(i int) (text string, long bool, err error) {
	if i < 0 || i >= len(s.ends) {
		return "", false, damaged("A cell of the workbook refers to a text that is not there.")
	}
	start := uint32(0)
	if i > 0 {
		start = s.ends[i-1]
	}
	return string(s.text[start:s.ends[i]]), s.long[i], nil
}
