package sheet

import (
	"fmt"
	"slices"
	"strings"

	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/quote"
)

// Layout holds the positions of the columns of a kind in one file.
type Layout struct {
	// Format is the format of the kind; it has no columns if the rows were selected.
	Format *Format
	// Index is the position of a column by its name.
	Index map[string]int
	// Header is the header of a column as the file has it.
	Header map[string]string
	// Ignored are the unknown headers, as the file has them.
	Ignored []string
	// secret are the positions of columns with passwords, judged by their headers.
	secret []int
	// keys are the headers as they are compared.
	keys []string
	// tellers are the columns that say which rows count.
	tellers []teller
	// words are the forms of all headers that mean something in such a file.
	words map[string]bool
}

// ReadHeader finds the columns of a kind, or says why the file cannot be one of
// that kind.
func (fs Formats) ReadHeader(kind bulkjob.Kind, headers []string) (*Layout, *row.Problem) {
	format := fs.of(kind)
	if format == nil {
		return &Layout{Format: &Format{Kind: kind}},
			row.Problemf(row.WrongKind, "Choose another kind of file.", "%s is not a kind of file that can be imported.",
				quote.Text(kind))
	}
	l := &Layout{Format: format, words: format.words(), Index: map[string]int{}, Header: map[string]string{}}
	keys := make([]string, len(headers))
	for i, h := range headers {
		keys[i] = HeaderKey(h)
	}
	l.keys = keys
	taken := make([]bool, len(headers))
	for _, c := range format.Columns {
		at := Positions(keys, append([]string{c.Name}, c.Aliases...))
		if len(at) > 1 {
			return l, &row.Problem{Code: row.DuplicateColumn,
				Message: fmt.Sprintf("The columns %s and %s both mean %s.", quote.Text(headers[at[0]]),
					quote.Text(headers[at[1]]), c.Name),
				Hint: "Delete or rename one of the two columns."}
		}
		for _, alias := range c.Instead {
			if len(at) == 0 {
				at = Positions(keys, []string{alias})
			}
		}
		if len(at) > 0 {
			l.Index[c.Name], l.Header[c.Name], taken[at[0]] = at[0], headers[at[0]], true
		}
	}
	l.readTellers(headers, taken)
	for i, h := range headers {
		if format.isSecret(h) {
			l.secret = append(l.secret, i)
		}
		if !taken[i] && h != "" && !IsReason(h) {
			l.Ignored = append(l.Ignored, h)
		}
	}
	return l, l.refuse(fs, headers)
}

// refuse says why a file with these headers is not of the kind, or returns nil. A file
// of another kind is recognized by its other columns, even if it has the ones that are
// needed here: a list of teachers has everything that a list of students needs.
func (l *Layout) refuse(fs Formats, headers []string) *row.Problem {
	if other, sure := fs.detect(headers); sure && other != l.Format.Kind {
		return &row.Problem{Code: row.WrongKind,
			Message: fmt.Sprintf("This looks like a list of %s, not of %s.", fs.plural(other), l.Format.Plural),
			Hint:    fmt.Sprintf("Upload it as %s, or choose another file.", fs.plural(other))}
	}
	for _, h := range headers {
		if hasOne([]string{HeaderKey(h)}, l.Format.Foreign) {
			return &row.Problem{Code: row.WrongKind,
				Message: fmt.Sprintf("The file has a column %s, so it is not a list of %s.", quote.Text(h), l.Format.Plural),
				Hint:    "Choose another kind of file: one with students, or one with a class and a student in each row."}
		}
	}
	for _, c := range l.Format.Columns {
		if !c.Required || l.has(c.Name) || c.Or != "" && l.has(c.Or) {
			continue
		}
		if !l.IsHeader() {
			return &row.Problem{Code: row.MissingColumn,
				Message: fmt.Sprintf("The first row does not hold the column names of a list of %s.", l.Format.Plural),
				Hint:    "Put a row with the column names, such as " + c.Name + ", above the others."}
		}
		return &row.Problem{Code: row.MissingColumn,
			Message: fmt.Sprintf("There is no column %s.", c.Name),
			Hint: fmt.Sprintf("Add a column with the header %s. The file has: %s.", c.Name,
				row.Shorten(strings.Join(headers, ", "), 300))}
	}
	return nil
}

// IsHeader reports whether the first row is one of column names for certain.
// Otherwise the first row of a file that is refused may be one of data, with a
// password in it, and is neither shown nor stored.
func (l *Layout) IsHeader() bool { return len(l.Index) >= 2 }

// isSecret reports whether nobody may read the cells of a column.
func (l *Layout) isSecret(column string) bool {
	c, _ := l.Format.Column(column)
	return c.Secret
}

// isPerson reports whether a column holds the first or last name of somebody.
func (l *Layout) isPerson(column string) bool {
	c, _ := l.Format.Column(column)
	return c.Person
}

func (l *Layout) has(column string) bool { _, ok := l.Index[column]; return ok }

// Positions returns the positions of the headers that mean one of the names.
func Positions(keys, names []string) []int {
	wanted := make([]string, len(names))
	for i, n := range names {
		wanted[i] = HeaderKey(n)
	}
	var at []int
	for i, key := range keys {
		if key != "" && slices.Contains(wanted, key) {
			at = append(at, i)
		}
	}
	return at
}
