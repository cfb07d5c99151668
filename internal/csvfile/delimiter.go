package csvfile

import (
	"bytes"
	"fmt"
	"strings"

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
				Hint:    hintDelimiters,
			}
		}
		s.delim = named
		return nil
	}
	sample, whole := s.sample()
	delim, err := vote(sample, whole, s.limits)
	s.delim = delim
	switch first := firstLine(sample); {
	case err != nil:
	case !bytes.ContainsRune(first, rune(delim)):
		err = unknownDelimiter(sample)
	default:
		err = framedDelimiter(first, delim)
	}
	return err
}

// framedDelimiter refuses a header in which the same sign stands before and behind every
// delimiter, as in ^|^: all of it separates the columns.
func framedDelimiter(header []byte, delim byte) error {
	at := bytes.IndexByte(header, delim)
	if at < 1 || at+1 >= len(header) || strings.IndexByte(`^~#*$%@!+=<>/\-`, header[at-1]) < 0 {
		return nil
	}
	whole := []byte{header[at-1], delim, header[at+1]}
	if n := bytes.Count(header, whole); header[at-1] != header[at+1] || n < 2 || n < bytes.Count(header, []byte{delim}) {
		return nil
	}
	return &Error{
		Code: UnclearDelimiter,
		Message: fmt.Sprintf("The columns of this file seem to be separated by %s, which cannot be read.",
			quote.Text(string(whole))),
		Hint: hintDelimiters,
	}
}

const hintDelimiters = `Save the file as "CSV UTF-8" in the program that it comes from, or with commas, semicolons, ` +
	"tabs or vertical bars (|) between the columns."

// unknownDelimiters are texts that separate columns in other files. Spaces do so in files
// with columns of a fixed width.
var unknownDelimiters = [...]string{"^", "~", ":", "\xC2\xA6", "\xA6", "\x1F", "\x1E", "\x01", "\xC2\xA7", "\xA7", "#",
	"*", "&", "/", "\\", "@", "!", "$", "%", "=", " - ", "  "}

// unknownDelimiter refuses a file that looks as if it had one column, because another
// text separates them: it is in the first line, and in all others of the sample at least
// as often, but for a column that is cut off.
func unknownDelimiter(sample []byte) error {
	lines := bytes.FieldsFunc(sample, func(r rune) bool { return r == '\n' || r == '\r' })
	if len(lines) < 2 {
		return nil
	}
	if len(lines) > sampleRecords {
		lines = lines[:sampleRecords]
	}
	for _, d := range unknownDelimiters {
		columns := cutAt(lines[0], d)
		if d == "  " && len(lines[0]) > 0 && len(bytes.Fields(lines[0])) > 2 {
			columns = max(columns, cutAt(lines[1], d)) // A header may fill its columns.
		}
		if columns < 2 || columns < 3 && d != "^" && d != "~" {
			continue
		}
		fitting := 0
		for _, line := range lines[1:] {
			if n := cutAt(line, d); n >= columns-1 && n <= columns+1 && n > 1 {
				fitting++
			}
		}
		if 4*fitting < 3*(len(lines)-1) {
			continue
		}
		if d == "  " {
			return &Error{
				Code:    UnclearDelimiter,
				Message: "The columns of this file seem to be separated by spaces, which names have as well.",
				Hint:    hintDelimiters,
			}
		}
		shown := quote.Text(d)
		switch d {
		case "\xA6", "\xC2\xA6":
			shown = quote.Text("¦")
		case "\xA7", "\xC2\xA7":
			shown = quote.Text("§")
		case "\x1F", "\x1E", "\x01":
			shown = "a control character"
		}
		return &Error{
			Code:    UnclearDelimiter,
			Message: fmt.Sprintf("The columns of this file seem to be separated by %s, which cannot be read.", shown),
			Hint:    hintDelimiters,
		}
	}
	return nil
}

// cutAt is in how many parts with text a line falls at a delimiter; a run of spaces
// is one.
func cutAt(line []byte, d string) int {
	if d != "  " {
		return bytes.Count(line, []byte(d)) + 1
	}
	parts := 0
	for part := range bytes.SplitSeq(line, []byte(d)) {
		if !blankASCII(part) {
			parts++
		}
	}
	return parts
}

// firstLine is the first line of a sample that is not blank.
func firstLine(sample []byte) []byte {
	sample = bytes.TrimLeft(sample, "\r\n \t")
	if end := bytes.IndexAny(sample, "\r\n"); end >= 0 {
		return sample[:end]
	}
	return sample
}

// vote tries every delimiter on the sample. Only those that occur in the header take part.
// The winner is the one that gives most records as many cells as the header has, then the
// one that makes more columns. If there is still a tie, the file is refused. If no
// delimiter occurs in the header, the file has a single column.
func vote(sample []byte, whole bool, limits Limits) (byte, error) {
	best, tie := ballot{delim: ','}, false
	for _, d := range delimiters {
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
			Hint: "Take commas, semicolons, tabs and vertical bars out of the column names, or put quotation marks around " +
				"every name.",
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
