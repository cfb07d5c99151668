package csvfile

import (
	"bufio"
	"io"
	"strings"
)

// Writer writes a table that people open in a spreadsheet program and upload
// again afterwards.
//
// The file is UTF-8 and begins with a byte order mark: without one Excel takes
// it for Windows-1252 and shows José as JosÃ©, and saves it so. Cells are divided
// by commas and rows end with CRLF, as RFC 4180 has it; cells with a delimiter,
// a quotation mark or a line break are quoted. Every cell is cleaned with Clean
// and guarded with GuardFormula, so UnguardFormula of what a Reader reads is
// Clean of what was written. The exceptions are NUL and bytes that are not UTF-8,
// in whose place the replacement character U+FFFD is written: a single one of
// them would make the whole file unreadable.
type Writer struct {
	buf *bufio.Writer
}

// NewWriter returns a Writer on w. Nothing is certain to have arrived before
// Flush.
func NewWriter(w io.Writer) *Writer {
	buf := bufio.NewWriterSize(w, 64<<10)
	// An error here stays in buf, and every later call returns it.
	_, _ = buf.WriteString("\uFEFF")
	return &Writer{buf: buf}
}

// Write adds one row; the first one is the header. It returns the first error
// of the writer below.
func (w *Writer) Write(cells []string) error {
	for i, cell := range cells {
		if i > 0 {
			_ = w.buf.WriteByte(',')
		}
		w.writeCell(GuardFormula(Clean(storable(cell))))
	}
	_, err := w.buf.WriteString("\r\n")
	return err
}

// Flush passes on what is still held back, and returns the first error of the
// writer below.
func (w *Writer) Flush() error { return w.buf.Flush() }

// writeCell quotes semicolons and tabs as well, so that no file leaves a doubt
// about its delimiter.
func (w *Writer) writeCell(cell string) {
	if !strings.ContainsAny(cell, ",;\t\"\r\n") {
		_, _ = w.buf.WriteString(cell)
		return
	}
	_ = w.buf.WriteByte('"')
	for {
		before, after, found := strings.Cut(cell, `"`)
		_, _ = w.buf.WriteString(before)
		if !found {
			break
		}
		_, _ = w.buf.WriteString(`""`)
		cell = after
	}
	_ = w.buf.WriteByte('"')
}

// storable replaces what no text file can hold.
func storable(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	return strings.ReplaceAll(s, "\x00", "\uFFFD")
}
