package workbook

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/openhomeroom/homeroom/internal/csvfile"
)

// decoder reads the XML of one part. It fails if the part is larger than allowed or needs
// too much memory at once.
type decoder struct {
	*xml.Decoder
	book *Book
	raw  io.ReadCloser
	// left is how many more bytes the part may have, and budget how many the next token
	// may.
	left, budget int64
	depth        int
	// begun says that the root element has begun; there is only one.
	begun bool
}

// open opens a part that may have up to most bytes when it is unpacked.
func (b *Book) open(part string, most int64) (*decoder, error) {
	f := b.parts[part]
	if f == nil {
		return nil, damaged("A part of the workbook is missing.")
	}
	if f.UncompressedSize64 > uint64(most) {
		return nil, unpacked()
	}
	raw, err := f.Open()
	if err != nil {
		return nil, damaged("A part of the workbook cannot be unpacked.")
	}
	d := &decoder{book: b, raw: raw, left: most}
	d.Decoder = xml.NewDecoder(d)
	return d, nil
}

func (d *decoder) close() { _ = d.raw.Close() }

// Read implements io.Reader for the XML decoder.
func (d *decoder) Read(p []byte) (int, error) {
	if d.budget <= 0 || d.left <= 0 || d.book.left <= 0 {
		return 0, unpacked()
	}
	if err := d.book.limits.Spend(); err != nil {
		return 0, err
	}
	n, err := d.raw.Read(p)
	d.budget -= int64(n)
	d.left -= int64(n)
	d.book.left -= int64(n)
	return n, err
}

// next returns the next token, or io.EOF at the end of a complete part. Any other error is
// an error in the workbook, or a limit.
func (d *decoder) next() (xml.Token, error) {
	d.budget = maxToken
	token, err := d.Token()
	var refused *csvfile.Error
	switch {
	case errors.Is(err, io.EOF) && d.begun:
		return nil, io.EOF
	case errors.As(err, &refused):
		return nil, refused
	case err != nil:
		return nil, errDamaged
	}
	outside := d.depth == 0
	switch t := token.(type) {
	case xml.StartElement:
		if outside && d.begun || d.depth == maxDepth {
			return nil, errDamaged
		}
		d.begun = true
		d.depth++
	case xml.EndElement:
		d.depth--
	case xml.CharData:
		if outside && len(bytes.Trim(t, "\ufeff\r\n\t ")) > 0 {
			return nil, errDamaged
		}
	}
	return token, nil
}

var errDamaged = damaged("A part of the workbook is damaged.")

// inside calls fn for each token in the element that has just begun, up to its end. fn
// either reads an element to its end, or does not read it at all; then the children of the
// element come next.
func (d *decoder) inside(fn func(xml.Token) error) error {
	for outside := d.depth - 1; ; {
		token, err := d.next()
		if errors.Is(err, io.EOF) {
			return errDamaged
		}
		if err != nil {
			return err
		}
		if d.depth == outside {
			return nil
		}
		if err := fn(token); err != nil {
			return err
		}
	}
}

// skip skips the rest of the element that has just begun.
func (d *decoder) skip() error { return d.inside(func(xml.Token) error { return nil }) }

// text reads the text of the element that has just begun. Bytes beyond the limit most are
// read but not kept.
func (d *decoder) text(most int) (text string, long bool, err error) {
	var kept []byte
	err = d.inside(func(token xml.Token) error {
		if t, is := token.(xml.CharData); is {
			if long = long || len(kept)+len(t) > most; !long {
				kept = append(kept, t...)
			}
		}
		return nil
	})
	return string(kept), long, err
}

// richText reads the text of a shared or an inline string. It may be in pieces with
// different looks. Pronunciation hints are left out.
func (d *decoder) richText(most int) (text string, long bool, err error) {
	// A text may have as many pieces as it has characters.
	var pieces strings.Builder
	err = d.inside(func(token xml.Token) error {
		e, is := token.(xml.StartElement)
		switch {
		case !is:
			return nil
		case e.Name.Local == "rPh":
			return d.skip()
		case e.Name.Local != "t":
			return nil
		}
		piece, tooLong, err := d.text(most)
		if long = long || tooLong || pieces.Len()+len(piece) > most; !long {
			pieces.WriteString(piece)
		}
		return err
	})
	return unescape(pieces.String()), long, err
}

// each calls fn for every element of a part as it begins. Parts that are read like this
// are small, except for the shared strings.
func (b *Book) each(part string, most int64, fn func(d *decoder, e xml.StartElement) error) error {
	d, err := b.open(part, most)
	if err != nil {
		return err
	}
	defer d.close()
	for {
		token, err := d.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if e, is := token.(xml.StartElement); is {
			if err := fn(d, e); err != nil {
				return err
			}
		}
	}
}

// attr returns an attribute, whatever its namespace, or "".
func attr(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// escapes matches how a workbook writes characters that XML cannot contain.
var escapes = regexp.MustCompile(`_x[0-9A-Fa-f]{4}_`)

func unescape(s string) string {
	if !strings.Contains(s, "_x") {
		return s
	}
	return escapes.ReplaceAllStringFunc(s, func(escape string) string {
		n, _ := strconv.ParseUint(escape[2:6], 16, 16)
		if n == 0 {
			return escape // A table cannot hold NUL.
		}
		return string(rune(n)) // Half of a surrogate pair becomes U+FFFD.
	})
}

func isTrue(s string) bool { return s == "1" || s == "true" }
