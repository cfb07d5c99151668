package csvfile

import (
	"bytes"
	"errors"
	"io"
)

// Inspect reads r to its end and says what kind of table it is. It needs the same memory
// for every file, however long.
//
// It returns an *Error for a file that cannot be understood with certainty: it refuses
// rather than guesses. Any other error is a failure to read r.
func Inspect(r io.Reader, limits Limits) (Format, error) {
	limits = limits.OrDefault()
	src, err := open(r, limits)
	if err != nil {
		return Format{}, err
	}
	s := newScanner(src, 0, limits)
	if err := s.chooseDelimiter(); err != nil {
		return Format{}, firstError(s, err)
	}

	above, err := s.header()
	if errors.Is(err, io.EOF) {
		return Format{}, emptyFile()
	}
	if err != nil {
		return Format{}, err
	}
	var names [][]byte
	for i := range s.cells() {
		names = append(names, bytes.Clone(s.cellAt(i)))
	}

	t, err := tallyBody(s, len(names))
	if err != nil {
		return Format{}, err
	}
	e, err := src.encoding()
	if err != nil {
		return Format{}, err
	}
	f := Format{
		Encoding:   e,
		Delimiter:  delimiterOf(s.delim),
		LineEnding: s.lineEnding(),
		Bytes:      src.check.bytes,
		Rows:       t.unicodeRows,
		HeaderRow:  above + 1,
	}
	if codePageOf(f.Encoding) != nil {
		f.Rows = t.codePageRows
	}
	for range t.beyond(len(names)) {
		names = append(names, nil)
	}
	f.Header, err = checkHeader(names, f.Encoding, t)
	if err != nil {
		return Format{}, err
	}
	return f, nil
}

// firstError prefers an error of the bytes over an error of the delimiter, because in a
// file that is not text the second follows from the first.
func firstError(s *scanner, err error) error {
	if s.srcErr != nil && !errors.Is(s.srcErr, io.EOF) {
		return s.srcErr
	}
	return err
}

// tally is what is counted in the records under the header.
type tally struct {
	// Whether a row is blank depends on the encoding. That is certain only at the end, so
	// rows are counted for both cases.
	unicodeRows  int64
	codePageRows int64

	sampled int // How many of the first records are not blank.
	wide    int // How many of those have text in two or more cells.

	filled int  // Records with text.
	narrow int  // The fewest cells of one of them.
	extra  bool // One of them has text beyond the last column of the header.
}

// beyond is how many blank cells every row has beyond the last column of the header: some
// programs end each row with a delimiter, and the header without. One row alone says
// nothing: its cells may have slipped.
func (t *tally) beyond(columns int) int {
	if t.filled < 2 || t.extra {
		return 0
	}
	return max(0, t.narrow-columns)
}

// tallyBody reads s to its end, under a header of some columns.
func tallyBody(s *scanner, columns int) (tally, error) {
	var t tally
	for {
		err := s.next()
		if errors.Is(err, io.EOF) {
			return t, nil
		}
		if err != nil {
			return t, err
		}
		isBlank := blankASCII(s.text)
		if !isBlank && (t.filled == 0 || s.cells() < t.narrow) {
			t.narrow = s.cells()
		}
		if !isBlank {
			t.filled++
		}
		if err := NotTooMany(int64(t.filled), s.limits.Rows); err != nil {
			return t, err
		}
		if s.cells() > columns {
			t.extra = t.extra || !blankASCII(s.text[s.ends[columns-1]:])
		}
		if t.sampled < sampleRecords && !isBlank {
			t.sampled++
			if filledCells(s) > 1 {
				t.wide++
			}
		}
		if !blank(s.text, UTF8) {
			t.unicodeRows++
		}
		if !blank(s.text, Windows1252) {
			t.codePageRows++
		}
	}
}

// filledCells counts the cells of the current record that hold text.
func filledCells(s *scanner) int {
	filled := 0
	for i := range s.cells() {
		if !blankASCII(s.cellAt(i)) {
			filled++
		}
	}
	return filled
}
