package workbook

import (
	"encoding/xml"
	"strings"

	"github.com/openhomeroom/homeroom/internal/csvfile"
)

// sharedStrings holds the texts that cells share, one after the other in one piece of
// memory: a workbook with a million students has some millions of them. Cells get slices
// of it instead of copies, because a text of some thousand letters may be in every cell
// and take only a few bytes of the file.
type sharedStrings struct {
	text string
	ends []uint32
	long map[int]bool // Texts longer than a cell may be; they are not in text.
}

func (s *sharedStrings) read(b *Book, part string) error {
	s.long = map[int]bool{}
	var all strings.Builder
	err := b.each(part, maxPart, func(d *decoder, e xml.StartElement) error {
		if e.Name.Local != "si" {
			return nil
		}
		text, long, err := d.richText(b.limits.CellBytes)
		switch {
		case err != nil:
			return err
		case len(s.ends) == maxStrings, all.Len()+len(text) > maxText, len(s.long) == maxRelated:
			return unpacked()
		case long:
			s.long[len(s.ends)] = true
		}
		all.WriteString(csvfile.Clean(text))
		s.ends = append(s.ends, uint32(all.Len()))
		return nil
	})
	s.text = all.String()
	return err
}

// at returns a text by its number; long says that it is too long for a cell.
func (s *sharedStrings) at(i int) (text string, long bool, err error) {
	if i < 0 || i >= len(s.ends) {
		return "", false, damaged("A cell of the workbook refers to a text that does not exist.")
	}
	start := uint32(0)
	if i > 0 {
		start = s.ends[i-1]
	}
	return s.text[start:s.ends[i]], s.long[i], nil
}
