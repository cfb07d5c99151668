package csvfile

import (
	"bufio"
	"io"
	"strings"
)

// Writer writes a table that people open in a spreadsheet program and later upload again.
//
// The file is UTF-8 and begins with a byte order mark; without one, Excel reads it as
// Windows-1252, shows José as JosÃ©, and saves it like that. Commas separate cells and
// CRLF ends rows, as in RFC 4180; cells with a delimiter, a quotation mark or a line break
// are quoted. Every cell is cleaned with Clean and guarded with GuardFormula, so
// UnguardFormula of what a Reader reads is Clean of what was written. NUL and bytes that
// are not UTF-8 are an exception: they are written as the replacement character U+FFFD,
// because a single one of them would make the whole file unreadable.
type Writer struct {
	buf *bufio.Writer
}

// NewWriter returns a Writer on w. Only Flush guarantees that everything has been written.
func NewWriter(w io.Writer) *Writer {
	buf := bufio.NewWriterSize(w, 64<<10)
	// If this fails, buf keeps the error, and every later call returns it.
	_, _ = buf.WriteString("\uFEFF")
	return &Writer{buf: buf}
}

// Write adds one row; the first one is the header. It returns the first error of the
// underlying writer.
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

// Flush writes what is still buffered, and returns the first error of the underlying
// writer.
func (w *Writer) Flush() error { return w.buf.Flush() }

// writeCell also quotes semicolons and tabs, so that the delimiter of a file is never in
// doubt.
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

// storable replaces what a text file cannot hold.
func storable(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	return strings.ReplaceAll(s, "\x00", "\uFFFD")
}
