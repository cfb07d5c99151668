package csvfile

import (
	"bytes"
	"fmt"

	"github.com/openhomeroom/homeroom/internal/quote"
)

// sampleRecords is how many records under the header have a say in which
// delimiter a file uses.
const sampleRecords = 20

// skipSeparatorLine takes a first line such as "sep=;", by which Excel is told
// the delimiter and which it does not show, and returns the character it names.
// Without such a line it returns 0 and takes nothing.
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

// chooseDelimiter decides the delimiter of a file, and leaves the scanner at
// the header.
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

// vote tries every delimiter on the sample. Only those that divide the header
// stand for election. The one that gives most records as many cells as the
// header wins, then the one that makes more columns; if that does not settle it
// the file is refused. No delimiter in the header means a single column.
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

// ballot is how well one delimiter fits the sample.
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

// countVotes stops at the first error: if it is one in the file, the scan of
// the whole file will find it again and say where. The last record of a sample
// that is not the whole file is cut off and has no say.
func countVotes(sample []byte, whole bool, delim byte, limits Limits) ballot {
	b := ballot{delim: delim}
	s := newSampleScanner(sample, delim, limits)
	_, err := s.header()
	for err == nil && blankASCII(s.text) {
		err = s.next() // A blank row with delimiters says nothing about them.
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
