package sheet

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/field"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/quote"
)

// Choice is what a person says about a header: as which column it is read. A header with an
// empty column is not read.
type Choice struct {
	Header string `json:"header"`
	Column string `json:"column,omitempty"`
}

// Choices are what a person says about the headers of a file, as a job stores it. Nil means
// that nobody has said anything, and an empty list that the headers speak for themselves.
type Choices struct {
	List []Choice `json:"list"`
	// From is the job whose choices were remembered; 0 if they were made for this file.
	From int `json:"from,omitempty"`
	// Shared is true if uploads of others read the same headers in the same way.
	Shared bool `json:"shared,omitempty"`
	// Again is true for a corrected row, which is read as its file was. Nobody has said that
	// later files are read so.
	Again bool `json:"again,omitempty"`
}

const (
	maxChoices = 100
	maxHeader  = 255
)

// CheckChoices says what is wrong with choices before the file is known.
func (fs Formats) CheckChoices(kind bulkjob.Kind, list []Choice) *fault.Error {
	format := fs.of(kind)
	if format == nil {
		return nil
	}
	if len(list) > maxChoices {
		return fault.Invalidf("columns has more than %d items", maxChoices).WithCode(row.TooMany).At("columns")
	}
	headers, columns := map[string]bool{}, map[string]bool{}
	for i, c := range list {
		column, known := format.chosen(c.Column)
		switch {
		case HeaderKey(c.Header) == "" || len(c.Header) > maxHeader:
			return fault.Invalidf("%s cannot be a header; write it as the file has it",
				quote.Text(quote.Short(c.Header))).WithCode("UNKNOWN_COLUMN").At("columns", i)
		case headers[HeaderKey(c.Header)]:
			return fault.Invalidf("%s is given twice, and a header is read as one column; leave one of the two out",
				quote.Text(quote.Short(c.Header))).WithCode(row.DuplicateColumn).At("columns", i)
		case c.Column != "" && !known:
			return fault.Invalidf("a list of %s has no column %s; write one of %s", format.Plural,
				quote.Text(quote.Short(c.Column)), strings.Join(format.choosable(), ", ")).
				WithCode("UNKNOWN_COLUMN").At("columns", i)
		case isPassword(c.Header) && c.Column != "" && column != field.ColPassword:
			return fault.Invalidf("%s holds passwords, and is read as nothing else", quote.Text(quote.Short(c.Header))).
				WithCode("PASSWORD_COLUMN").At("columns", i)
		}
		headers[HeaderKey(c.Header)] = true
		for _, name := range columnsOf(column) {
			if columns[name] {
				return fault.Invalidf("two headers are to be read as %s; choose one of them", name).
					WithCode(row.DuplicateColumn).At("columns", i)
			}
			columns[name] = true
		}
	}
	return nil
}

// columnsOf are the columns that a header has which is read as something; a whole name is
// two of them.
func columnsOf(column string) []string {
	switch column {
	case "":
		return nil
	case NameLastFirst, NameFirstLast:
		return []string{field.ColFirstName, field.ColLastName}
	}
	return []string{column}
}

// choosable are the columns as which a header can be read.
func (f *Format) choosable() (names []string) {
	for _, c := range f.Columns {
		if !c.Exported {
			names = append(names, c.Name)
		}
	}
	if f.hasBothNames() {
		names = append(names, NameLastFirst, NameFirstLast)
	}
	return names
}

// chosen finds a column by its name as a person writes it.
func (f *Format) chosen(name string) (string, bool) {
	for _, c := range f.choosable() {
		if HeaderKey(c) == HeaderKey(name) {
			return c, true
		}
	}
	return "", false
}

// choose reads headers as a person has said.
func (l *Layout) choose(headers []string, list []Choice, taken []bool) *row.Problem {
	for _, c := range list {
		at := -1
		for i, h := range headers {
			if h == c.Header || at < 0 && HeaderKey(h) == HeaderKey(c.Header) {
				at = i
			}
		}
		column, known := l.Format.chosen(c.Column)
		switch {
		case at < 0 || taken[at]:
			return &row.Problem{Code: row.MissingColumn,
				Message: fmt.Sprintf("You said how to read the column %s, but the file does not have it.",
					quote.Text(row.Shorten(c.Header, 100))),
				Hint: fmt.Sprintf("Leave it out, or write the header as the file has it: %s.",
					row.Shorten(strings.Join(headers, ", "), 300))}
		case c.Column == "" || !known:
			l.left = append(l.left, at)
		case column == NameLastFirst || column == NameFirstLast:
			l.splitAt(at, headers[at], column)
			l.split[field.ColFirstName].chosen, l.split[field.ColLastName].chosen = true, true
		default:
			l.Index[column], l.Header[column] = at, headers[at]
		}
		taken[at] = true
		l.chosen = append(l.chosen, at)
	}
	return nil
}

// PrintOf is a digest of the headers of a kind of file, by which the choices of a person are
// found again.
func PrintOf(kind bulkjob.Kind, headers []string) string {
	digest := sha256.New()
	digest.Write([]byte(kind))
	for _, h := range headers {
		digest.Write([]byte("\x00" + HeaderKey(h)))
	}
	return hex.EncodeToString(digest.Sum(nil))
}

// How says why a header is read as a column.
type How string

// The reasons. Meant is a header that says in other words what a column is called.
const (
	Named      How = "HEADER"
	Meant      How = "MEANING"
	Chosen     How = "CHOSEN"
	Remembered How = "REMEMBERED"
	NotRead    How = "NOT_READ"
)

// Reading is how one header of a file is read.
type Reading struct {
	Header string
	// Columns are those that the header is read as; two for a name that is divided.
	Columns []string
	How     How
	// Maybe is the column that a header which is not read may mean.
	Maybe string
}

// Readings says how each header of a file is read, and what those that are not read may mean.
// rows are some rows of the file, if they are known.
func (fs Formats) Readings(kind bulkjob.Kind, headers []string, c *Choices, rows [][]string) []Reading {
	var list []Choice
	chosen := Chosen
	if c != nil {
		list = c.List
		if c.From != 0 {
			chosen = Remembered
		}
	}
	l, _ := fs.ReadHeaderAs(kind, headers, list)
	all := make([]Reading, len(headers))
	for i, h := range headers {
		all[i] = Reading{Header: h, How: NotRead}
		for _, column := range l.Format.Columns {
			at, has := l.Index[column.Name]
			second, joined := l.joined[column.Name]
			if has && (at == i || joined && second == i) {
				all[i].Columns = append(all[i].Columns, column.Name)
				all[i].How = Meant
				if len(among([][]string{{HeaderKey(h)}, {plainKey(h)}}, column.Headers())) > 0 {
					all[i].How = Named
				}
			}
		}
		if slices.Contains(l.chosen, i) {
			all[i].How = chosen
		}
		for _, t := range l.tellers {
			if t.at == i && all[i].How == NotRead {
				all[i].How = Meant
			}
		}
	}
	l.guess(all, rows)
	return all
}
