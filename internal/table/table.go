// Package table reads the table in a file, which may be a CSV file or an Excel workbook.
// It detects the type from the bytes of the file, never from its name.
package table

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"github.com/openhomeroom/homeroom/internal/csvfile"
	"github.com/openhomeroom/homeroom/internal/workbook"
)

// File is a file that has been inspected.
type File struct {
	open   func() (io.Reader, error)
	limits csvfile.Limits
	format csvfile.Format
	book   *workbook.Book
}

// Rows returns the records under the header, and io.EOF after the last one.
type Rows interface {
	Next() (csvfile.Record, error)
}

// Inspect reads a file to its end and says what it is. A CSV file takes the same memory
// however long it is; a workbook, which is small, is kept in memory. It returns a
// *csvfile.Error for a file that cannot be understood with certainty. Any other error is a
// failure to read.
func Inspect(open func() (io.Reader, error), limits csvfile.Limits) (*File, error) {
	f := &File{open: open, limits: limits.OrDefault()}
	file, err := open()
	if err != nil {
		return nil, err
	}
	r := bufio.NewReader(file)
	head, err := r.Peek(8)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if workbook.IsZip(head) || workbook.IsCompound(head) {
		content, err := io.ReadAll(io.LimitReader(r, min(f.limits.Bytes, workbook.MaxBytes)+1))
		switch {
		case err != nil:
			return nil, err
		case workbook.Is(content):
			if f.book, err = workbook.Open(content, f.limits); err != nil {
				return nil, err
			}
			f.format = f.book.Format()
			return f, csvfile.NotTooMany(f.format.Rows, f.limits.Rows)
		}
		r.Reset(bytes.NewReader(content))
	}
	f.format, err = csvfile.Inspect(r, f.limits)
	return f, err
}

// Again returns the rows, from the first one on, of a file that has been inspected before.
// format is what was found out then.
func Again(open func() (io.Reader, error), format csvfile.Format, limits csvfile.Limits) (Rows, error) {
	f := &File{open: open, limits: limits.OrDefault(), format: format}
	if format.Encoding == workbook.Encoding {
		var err error
		if f, err = Inspect(open, limits); err != nil {
			return nil, err
		}
	}
	return f.Rows()
}

// Format returns what Inspect has found out.
func (f *File) Format() csvfile.Format { return f.format }

// Rows returns the rows, from the first one on.
func (f *File) Rows() (Rows, error) {
	if f.book != nil {
		return f.book.NewReader()
	}
	file, err := f.open()
	if err != nil {
		return nil, err
	}
	return csvfile.NewReader(file, f.format, f.limits)
}
