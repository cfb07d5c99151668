package csvfile

import (
	"bytes"
	"errors"
	"io"
)

// scanBytes is the size of the window through which a file is scanned, and also the size
// of the sample that decides the delimiter.
const scanBytes = 64 << 10

// scanner cuts a source into records. It follows the rules of spreadsheet programs rather
// than those of RFC 4180, because a spreadsheet is what people see when they check a file:
//
//   - LF, CRLF and CR each end a record, except inside quoted cells.
//   - A cell is quoted if its first character is a quotation mark; spaces before it do not
//     count, since a cell is trimmed anyway. Inside, two quotation marks mean one.
//   - Any other quotation mark is an ordinary character. Text after the closing one
//     belongs to the cell, and marks the record as stray.
//   - Some programs write a backslash instead of a second quotation mark. A cell is read in
//     this way from the first place on that can mean nothing else.
//
// The scanner does not know the encoding and does not trim, except for spaces at the
// beginning of a cell. Limits.RowBytes and Limits.CellBytes together bound its memory.
type scanner struct {
	src    io.Reader
	srcErr error // Why src has no more bytes; io.EOF at the end of the file.
	delim  byte
	limits Limits

	buf      []byte // The window; buf[pos:end] has not been scanned yet.
	pos, end int

	text  []byte // The cells of the current record, one after the other.
	ends  []int  // Where in text each cell ends.
	stray bool   // Text followed a closing quotation mark.

	row     int  // The number of the current record, once the header has been read.
	inBody  bool // The header has been read.
	afterCR bool // A CR has just ended a record; an LF that follows belongs to it.

	lf, crlf, cr int64 // How many records each line ending has ended.
}

func newScanner(src io.Reader, delim byte, limits Limits) *scanner {
	return &scanner{src: src, delim: delim, limits: limits, buf: make([]byte, scanBytes)}
}

// newSampleScanner scans bytes that are already in memory.
func newSampleScanner(sample []byte, delim byte, limits Limits) *scanner {
	return &scanner{srcErr: io.EOF, delim: delim, limits: limits, buf: sample, end: len(sample)}
}

// next reads one record into text and ends, or returns io.EOF.
func (s *scanner) next() error {
	s.text, s.ends, s.stray = s.text[:0], s.ends[:0], false
	if s.afterCR {
		s.endCR()
	}
	if !s.more() {
		return s.srcErr
	}
	s.row++
	for {
		last, err := s.cell()
		if err != nil {
			return err
		}
		if len(s.text) > s.limits.RowBytes {
			return rowTooLarge(s.place(), s.limits.RowBytes)
		}
		s.ends = append(s.ends, len(s.text))
		if last {
			return nil
		}
		if len(s.ends) == s.limits.Columns {
			return tooManyColumns(s.place(), s.limits.Columns)
		}
	}
}

// header reads the first record that is more than an empty line and counts the empty lines
// above it. Rows are numbered from there. Only ASCII white space makes a line empty here:
// the encoding is not certain yet, and the position of the header must not depend on it.
func (s *scanner) header() (above int, err error) {
	for ; ; above++ {
		if err := s.next(); err != nil {
			return above, err
		}
		if len(s.ends) > 1 || !blankASCII(s.text) {
			s.row, s.inBody = 0, true
			return above, nil
		}
	}
}

// cells is the number of cells in the current record.
func (s *scanner) cells() int { return len(s.ends) }

// cellAt returns a cell of the current record, valid until the next one.
func (s *scanner) cellAt(i int) []byte {
	start := 0
	if i > 0 {
		start = s.ends[i-1]
	}
	return s.text[start:s.ends[i]]
}

// cell appends one cell to text and reports whether the record ends with it.
func (s *scanner) cell() (last bool, err error) {
	start := len(s.text)
	for s.more() && s.buf[s.pos] == ' ' {
		s.pos++
	}
	if !s.more() || s.buf[s.pos] != '"' {
		return s.plain(start)
	}
	s.pos++
	if err := s.quoted(start); err != nil {
		return false, err
	}
	closed := len(s.text)
	last, err = s.plain(start)
	s.stray = s.stray || !blankASCII(s.text[closed:])
	return last, err
}

// plain appends everything up to the next delimiter or line end.
func (s *scanner) plain(start int) (last bool, err error) {
	delim := s.delim
	for s.more() {
		window := s.buf[s.pos:s.end]
		stop := -1
		for i, b := range window {
			if b == delim || b == '\n' || b == '\r' {
				stop = i
				break
			}
		}
		run := window
		if stop >= 0 {
			run = window[:stop]
		}
		if len(s.text)-start+len(run) > s.limits.CellBytes {
			return false, cellTooLarge(s.place(), s.limits.CellBytes)
		}
		s.text = append(s.text, run...)
		s.pos += len(run)
		if stop >= 0 {
			return s.stop(), nil
		}
	}
	if !errors.Is(s.srcErr, io.EOF) {
		return false, s.srcErr
	}
	return true, nil
}

// quoted appends everything up to the closing quotation mark. A cell that is too large is
// still read to its end, without keeping it, because a quotation mark that is never closed
// is the error that people need to hear about.
func (s *scanner) quoted(start int) error {
	large, escapes := false, false
	keep := func(run []byte) {
		large = large || len(s.text)-start+len(run) > s.limits.CellBytes
		if !large {
			s.text = append(s.text, run...)
		}
	}
	for s.more() {
		window := s.buf[s.pos:s.end]
		mark := bytes.IndexByte(window, '"')
		if mark < 0 {
			keep(window)
			s.pos = s.end
			continue
		}
		keep(window[:mark])
		s.pos += mark + 1
		if s.isEscaped(start, escapes) {
			escapes = true
			s.text[len(s.text)-1] = '"'
			continue
		}
		if s.more() && s.buf[s.pos] == '"' {
			keep(s.buf[s.pos : s.pos+1])
			s.pos++
			continue
		}
		if large {
			return cellTooLarge(s.place(), s.limits.CellBytes)
		}
		return nil
	}
	if !errors.Is(s.srcErr, io.EOF) {
		return s.srcErr
	}
	return unterminatedQuote(s.place())
}

// isEscaped reports whether a backslash stands for the mark that has just been passed, and
// the cell goes on. If no mark of the cell has been read so before, something else than
// a mark, a space or the end of the cell has to follow.
func (s *scanner) isEscaped(start int, before bool) bool {
	cell := s.text[start:]
	slashes := len(cell) - len(bytes.TrimRight(cell, `\`))
	if slashes == 0 || slashes%2 == 0 && before {
		return false
	}
	if before {
		return true
	}
	if !s.more() {
		return false
	}
	switch b := s.buf[s.pos]; b {
	case '"', ' ', '\t', '\r', '\n', s.delim:
		return false
	}
	return true
}

// stop reads the delimiter or line ending at pos and reports whether it was a line ending.
func (s *scanner) stop() (last bool) {
	b := s.buf[s.pos]
	s.pos++
	switch b {
	case '\n':
		s.lf++
	case '\r':
		s.afterCR = true
	default:
		return false
	}
	return true
}

// endCR finds out whether the CR that ended the last record was half of a CRLF.
func (s *scanner) endCR() {
	s.afterCR = false
	if s.more() && s.buf[s.pos] == '\n' {
		s.pos++
		s.crlf++
		return
	}
	s.cr++
}

// place is the row for an error: 0 in the header.
func (s *scanner) place() int {
	if s.inBody {
		return s.row
	}
	return 0
}

// lineEnding names what has ended the records so far.
func (s *scanner) lineEnding() LineEnding {
	switch {
	case s.lf+s.crlf+s.cr == 0:
		return NoLineEnding
	case s.crlf+s.cr == 0:
		return LF
	case s.lf+s.cr == 0:
		return CRLF
	case s.lf+s.crlf == 0:
		return CR
	}
	return Mixed
}

// more reports whether there is a byte at pos. If not, srcErr says why.
func (s *scanner) more() bool { return s.pos < s.end || s.refill() }

// refill replaces a window that is used up.
func (s *scanner) refill() bool {
	s.pos, s.end = 0, 0
	s.read()
	return s.end > 0
}

// sample fills the whole window, as far as the file goes, without scanning it.
func (s *scanner) sample() (sample []byte, whole bool) {
	for s.end < len(s.buf) && s.srcErr == nil {
		s.read()
	}
	return s.buf[s.pos:s.end], errors.Is(s.srcErr, io.EOF)
}

// read appends at least one byte to the window or sets srcErr.
func (s *scanner) read() {
	for tries := 0; s.srcErr == nil; tries++ {
		n, err := s.src.Read(s.buf[s.end:])
		s.end += n
		s.srcErr = err
		if n > 0 {
			return
		}
		if tries == 100 {
			s.srcErr = readError(io.ErrNoProgress)
		}
	}
}
