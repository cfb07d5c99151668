package csvfile

import (
	"encoding/binary"
	"unicode/utf8"
)

// samples collects pieces of a file that are not ASCII, as they are stored; judge uses
// them to find out the code page. A piece is the text between separators and spaces. None
// of these is ever the second byte of a letter in the code pages with two bytes a letter.
type samples struct {
	bytes  [256]bool // Which bytes occur at all.
	pieces []string  // Each piece once, in order, as long as there is room.
	seen   map[string]bool
	carry  []byte // The beginning of a piece that the end of a buffer has cut in two.
}

const (
	// mostSamples is how many different pieces are examined. More would add nothing.
	mostSamples = 2000
	// longestSample is the most bytes that a piece may have.
	longestSample = 96
)

// add reads the next bytes of the file.
func (s *samples) add(p []byte) {
	if len(s.pieces) >= mostSamples {
		for at := indexHigh(p); at >= 0; at = indexHigh(p) {
			for p = p[at:]; len(p) > 0 && p[0] >= utf8.RuneSelf; p = p[1:] {
				s.bytes[p[0]] = true
			}
		}
		return
	}
	if len(s.carry) > 0 {
		end := 0
		for end < len(p) && !separates(p[end]) {
			end++
		}
		if s.carry = append(s.carry, p[:min(end, longestSample)]...); end < len(p) || len(s.carry) > longestSample {
			s.note(s.carry)
			s.carry = s.carry[:0]
		}
		p = p[end:]
	}
	for at := indexHigh(p); at >= 0; at = indexHigh(p) {
		start, end := at, at
		for start > 0 && !separates(p[start-1]) {
			start--
		}
		for end < len(p) && !separates(p[end]) {
			end++
		}
		if end == len(p) {
			s.carry = append(s.carry[:0], p[start:min(end, start+longestSample+1)]...)
			return
		}
		s.note(p[start:end])
		p = p[end:]
	}
	// A piece may begin with ASCII here and continue with something else.
	start := len(p)
	for start > 0 && !separates(p[start-1]) && len(p)-start <= longestSample {
		start--
	}
	s.carry = append(s.carry[:0], p[start:]...)
}

// end is called after the last piece.
func (s *samples) end() { s.note(s.carry); s.carry = nil }

func (s *samples) note(piece []byte) {
	if indexHigh(piece) < 0 {
		return
	}
	for _, b := range piece {
		s.bytes[b] = true
	}
	if len(piece) > longestSample || s.seen[string(piece)] {
		return
	}
	if s.seen == nil {
		s.seen = map[string]bool{}
	}
	s.seen[string(piece)] = true
	s.pieces = append(s.pieces, string(piece))
}

func separates(b byte) bool { return b <= ' ' || b == ',' || b == ';' || b == '"' }

// indexHigh returns the index of the first byte that is not ASCII, or -1.
func indexHigh(p []byte) int {
	i := 0
	for ; i+8 <= len(p); i += 8 {
		if binary.LittleEndian.Uint64(p[i:])&0x8080808080808080 != 0 {
			break
		}
	}
	for ; i < len(p); i++ {
		if p[i] >= utf8.RuneSelf {
			return i
		}
	}
	return -1
}
