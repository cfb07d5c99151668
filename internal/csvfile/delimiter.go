package csvfile

import (
	"bytes"
	"fmt"

	"github.com/openhomeroom/homeroom/internal/quote"
)

// sampleRecords is how many records under the header are used to find the delimiter.
const sampleRecords = 20

// skipSeparatorLine skips a first line such as "sep=;", which tells Excel the delimiter
// and which Excel does not show. It returns the character that the line names. If there is
// no such line, it returns 0 and skips nothing.
func (s *scanner) skipSeparatorLine() byte {
	sample, _ := s.sample()
	length := bytes.IndexAny(sample, "\r\n")
	if length < 0 {
		length = len(sample)
	}
	line := sample[:length]
	if len(line) > 2 && line[0] == '"' && line[len(line)-1] == '"' {
		line = line[1 : len(line)-1]
	}
	if len(line) != len("sep=;") || !bytes.EqualFold(line[:4], []byte("sep=")) {
		return 0
	}
	s.pos += length
	if s.more() {
		s.stop()
	}
	return line[4]
}

// chooseDelimiter finds the delimiter of a file and leaves the scanner at the header.
func (s *scanner) chooseDelimiter() error {
	if named := s.skipSeparatorLine(); named != 0 {
		if delimiterOf(named) == "" {
			return &Error{
				Code:    UnclearDelimiter,
				Message: fmt.Sprintf("The first line says that %s separates the columns.", quote.Text(string(rune(named)))),
				Hint:    "Save the file with commas, semicolons or tabs between the columns.",
			}
		}
		s.delim = named
		return nil
	}
	sample, whole := s.sample()
	delim, err := vote(sample, whole, s.limits)
	s.delim = delim
	return err
}

// vote tries every delimiter on the sample. Only those that occur in the header take part.
// The winner is the one that gives most records as many cells as the header has, then the
// one that makes more columns. If there is still a tie, the file is refused. If no
// delimiter occurs in the header, the file has a single column.
func vote(sample []byte, whole bool, limits Limits) (byte, error) {
	best, tie := ballot{delim: ','}, false
	for _, d := range [...]Delimiter{Comma, Semicolon, Tab} {
		b := countVotes(sample, whole, d.char(), limits)
		switch {
		case b.columns < 2:
		case b.beats(best):
			best, tie = b, false
		case !best.beats(b):
			tie = true
		}
	}
	if tie {
		return 0, &Error{
			Code:    UnclearDelimiter,
			Message: "It is not clear which character separates the columns of this file.",
			Hint:    "Take commas, semicolons and tabs out of the column names, or put quotation marks around every name.",
		}
	}
	return best.delim, nil
}

// ballot says how well one delimiter fits the sample.
type ballot struct {
	delim   byte
	columns int // Cells in the header.
	fitting int // Records with as many cells as the header.
}

func (b ballot) beats(other ballot) bool {
	if other.columns < 2 {
		return true
	}
	if b.fitting != other.fitting {
		return b.fitting > other.fitting
	}
	return b.columns > other.columns
}

// countVotes stops at the first error. If the error is in the file, the scan of the whole
// file will find it again and say where it is. If the sample is not the whole file, its
// last record is cut off and does not count.
func countVotes(sample []byte, whole bool, delim byte, limits Limits) ballot {
	b := ballot{delim: delim}
	s := newSampleScanner(sample, delim, limits)
	_, err := s.header()
	for err == nil && blankASCII(s.text) {
		err = s.next() // A blank row with delimiters is no evidence for them.
	}
	if err != nil {
		return b
	}
	b.columns = s.cells()
	for range sampleRecords {
		if s.next() != nil || !whole && s.pos == s.end {
			break
		}
		if s.cells() == b.columns && !blankASCII(s.text) {
			b.fitting++
		}
	}
	return b
}
