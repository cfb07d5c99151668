package csvfile

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/openhomeroom/homeroom/internal/quote"
)

// Record is one row under the header.
type Record struct {
	// Row is 1 for the first row under the header. Blank rows are not returned but are
	// counted, so Row + Format.HeaderRow is always the row in which a spreadsheet shows
	// the record. A cell with line breaks does not count as more rows.
	Row int

	// Cells has as many cells as the header, each as Clean returns it. The slice belongs
	// to the caller. Formula guards are still there: see UnguardFormula.
	Cells []string

	// Missing is how many cells were left out at the end of the row; they are "" in Cells.
	// Many programs do so, and it is not a problem.
	Missing int

	// Extra is how many cells with text were beyond the last column of the header. They
	// are not in Cells. Most likely an unquoted delimiter has shifted such a row, so it is
	// better refused.
	Extra int

	// Beyond holds those extra cells, blank cells included, up to the last one with text.
	// It is nil if Extra is 0. It is used to give the row back, not to read it.
	Beyond []string

	// Trailing is how many blank cells stood beyond the last column, in a row without
	// any text there. The row may have slipped, too, if the last of its own cells was blank.
	Trailing int

	// Flaws are cells that do not hold what somebody typed. Only workbooks have them.
	Flaws []Flaw

	// StrayQuote says that text followed a closing quotation mark, as in "Ann" Lee. Cells
	// holds what a spreadsheet would show, here Ann Lee.
	StrayQuote bool
}

// Flaw is a cell of a workbook that does not hold what somebody typed.
type Flaw struct {
	Column int // From 0.
	Kind   FlawKind
}

// FlawKind says what is wrong with a cell.
type FlawKind int

// The kinds of flaws.
const (
	// Failed is a formula that ended in an error; the cell shows the error, as in #N/A.
	Failed FlawKind = iota + 1
	// NotCalculated is a formula whose value is not in the file; the cell is "".
	NotCalculated
	// Imprecise is a number with more than 15 digits; the spreadsheet program has turned
	// the others into zeros.
	Imprecise
	// Dated is a date. In a column of IDs, a spreadsheet program has made it from
	// something like 3-4.
	Dated
)

// Reader returns the records of a file that Inspect has accepted.
type Reader struct {
	scan   *scanner
	format Format
	rows   int64
	err    error

	page *codePage // nil if the file is not in a code page.
	text []byte    // Buffers for the conversion from the code page.
	ends []int
}

// NewReader returns a Reader for the bytes that Inspect has read before, under the same
// limits. If r begins differently than f says, the error is an *Error with the code
// FILE_CHANGED.
func NewReader(r io.Reader, f Format, limits Limits) (*Reader, error) {
	limits = limits.OrDefault()
	src, err := open(r, limits)
	if err != nil {
		return nil, err
	}
	if err := src.expect(f.Encoding); err != nil {
		return nil, err
	}
	if f.Delimiter.char() == 0 {
		return nil, fmt.Errorf("unknown delimiter %s", quote.Text(f.Delimiter))
	}
	s := newScanner(src, f.Delimiter.char(), limits)
	s.skipSeparatorLine()
	if _, err := s.header(); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	var header []string
	for i := range s.cells() {
		header = append(header, Clean(string(decode(s.cellAt(i), f.Encoding))))
	}
	for len(header) < len(f.Header) && f.Header[len(header)] == "" {
		header = append(header, "") // See tally.beyond.
	}
	if !slices.Equal(header, f.Header) {
		return nil, fileChanged("The column names of the file have changed since it was checked.")
	}
	return &Reader{scan: s, format: f, page: codePageOf(f.Encoding)}, nil
}

// Next returns the next record, or io.EOF after the last one. Until then it has returned
// exactly Format.Rows records; if the file has another number of records, the error is an
// *Error with the code FILE_CHANGED instead. After an error, every call returns the same
// error.
func (r *Reader) Next() (Record, error) {
	for r.err == nil {
		r.err = r.scan.next()
		if errors.Is(r.err, io.EOF) && r.rows != r.format.Rows {
			r.err = fileChanged(
				fmt.Sprintf("The file had %s when it was checked, and has %d now.", quote.Count(int(r.format.Rows), "row"), r.rows))
		}
		if r.err == nil && !blank(r.scan.text, r.format.Encoding) {
			r.rows++
			return r.record(), nil
		}
	}
	return Record{}, r.err
}

// record makes a Record from the state of the scanner. All cells share one string.
func (r *Reader) record() Record {
	text, ends := r.scan.text, r.scan.ends
	if r.page != nil {
		text, ends = r.convert()
	}
	columns := len(r.format.Header)
	rec := Record{
		Row:        r.scan.row,
		Cells:      make([]string, columns),
		Missing:    max(0, columns-len(ends)),
		StrayQuote: r.scan.stray,
	}
	all, start := string(text), 0
	var beyond []string
	for i, end := range ends {
		cell := Clean(all[start:end])
		start = end
		switch {
		case i < columns:
			rec.Cells[i] = cell
		default:
			beyond = append(beyond, cell)
			if cell != "" {
				rec.Extra++
				rec.Beyond = beyond
			}
		}
	}
	if rec.Extra == 0 {
		rec.Trailing = len(beyond)
	}
	return rec
}

// convert turns the current record from its code page into UTF-8.
func (r *Reader) convert() (text []byte, ends []int) {
	r.text, r.ends = r.text[:0], r.ends[:0]
	for i := range r.scan.cells() {
		r.text = r.page.appendUTF8(r.text, r.scan.cellAt(i))
		r.ends = append(r.ends, len(r.text))
	}
	return r.text, r.ends
}
