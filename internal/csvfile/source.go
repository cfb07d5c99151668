package csvfile

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"golang.org/x/text/encoding/unicode"
)

// source is an opened file: its text, in an encoding in which the ASCII bytes that make up
// a table mean only themselves, and what is known about the bytes that were read.
//
// Files in UTF-8 and in code pages are returned as they are stored. The structure of a CSV
// file is all ASCII, so records can be separated before the encoding is known, and only
// cells that need it are ever converted. UTF-16 is converted to UTF-8.
type source struct {
	io.Reader
	check     *checker
	settled   Encoding      // The encoding, or "" if the first bytes do not show it.
	undecided *eightBitText // If they do not show it, which encodings are still possible.
}

// open examines the beginning of r, refuses what is not text, and returns the text after
// the byte order mark. Reading from the source returns an *Error as soon as the bytes
// cannot be a text file within the limits.
func open(r io.Reader, limits Limits) (*source, error) {
	raw := bufio.NewReaderSize(r, sniffBytes)
	head, err := raw.Peek(sniffBytes)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, readError(err)
	}
	settled, mark, err := sniff(head)
	if err != nil {
		return nil, err
	}
	if _, err := raw.Discard(mark); err != nil {
		return nil, readError(err)
	}

	check := &checker{src: raw, bytes: int64(mark), limit: limits.Bytes, spend: limits.Spend}
	src := &source{Reader: check, check: check, settled: settled}
	switch settled {
	case UTF8BOM:
		check.text = &eightBitText{utf8: true}
	case UTF16LE:
		check.text = &utf16Text{}
		src.Reader = unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewDecoder().Reader(check)
	case UTF16BE:
		check.text = &utf16Text{bigEndian: true}
		src.Reader = unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewDecoder().Reader(check)
	default:
		src.undecided = &eightBitText{utf8: true, codePage: true, samples: &samples{}}
		check.text = src.undecided
	}
	return src, nil
}

// encoding is known only after the whole source has been read. It returns an *Error if the
// text is in a code page and it is not certain in which one.
func (s *source) encoding() (Encoding, error) {
	switch {
	case s.settled != "":
		return s.settled, nil
	case s.undecided.utf8:
		return UTF8, nil
	}
	return s.undecided.samples.judge()
}

// expect sets the encoding before the source is read, so that text in any other encoding
// is refused.
func (s *source) expect(e Encoding) error {
	if s.undecided != nil {
		s.undecided.utf8, s.undecided.codePage, s.undecided.samples = e == UTF8, codePageOf(e) != nil, nil
	}
	if s.undecided == nil && s.settled != e || s.undecided != nil && e != UTF8 && codePageOf(e) == nil {
		return fileChanged("The encoding of the file has changed since it was checked.")
	}
	return nil
}

// textRule checks text as it is read, in pieces of any length. It returns an *Error as
// soon as the text is wrong; end is called after the last piece.
type textRule interface {
	piece(p []byte) error
	end() error
}

// checker passes bytes through, counts them and checks them with its rule.
type checker struct {
	src   io.Reader
	text  textRule
	bytes int64
	limit int64
	spend func() error
}

// Read implements io.Reader. Refused bytes are not passed on.
func (c *checker) Read(p []byte) (int, error) {
	if err := c.spend(); err != nil {
		return 0, err
	}
	n, err := c.src.Read(p)
	c.bytes += int64(n)
	if c.bytes > c.limit {
		return 0, fileTooLarge(c.limit)
	}
	if err := c.text.piece(p[:n]); err != nil {
		return 0, err
	}
	switch {
	case err == nil:
		return n, nil
	case !errors.Is(err, io.EOF):
		return n, readError(err)
	}
	if err := c.text.end(); err != nil {
		return 0, err
	}
	return n, io.EOF
}

// hasZero reports whether text contains the character NUL, which tables never contain.
func hasZero(p []byte) bool { return bytes.IndexByte(p, 0) >= 0 }

// readError marks a failure of the stream, as opposed to an error in the file.
func readError(err error) error { return fmt.Errorf("read csv file: %w", err) }
