package sheet

import (
	"fmt"
	"slices"
	"strings"

	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/field"
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
	// joined are the positions of a second column, such as that of the last name of somebody,
	// whose value is written behind that of the first.
	joined map[string]int
	// split are the columns whose values are a part of a cell.
	split map[string]*part
	// chosen are the positions of headers about which a person has said how to read them, and
	// left are those of them that are not read.
	chosen, left []int
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
	return fs.read(kind, headers, nil)
}

// ReadHeaderAs is ReadHeader for a file whose kind is known, and about whose headers a person
// may have said something. A column of whole names is read, which shows nothing of the kind:
// classes have names as well.
func (fs Formats) ReadHeaderAs(kind bulkjob.Kind, headers []string, choices []Choice) (*Layout, *row.Problem) {
	return fs.read(kind, headers, choices, (*Layout).splitNames)
}

// read is ReadHeader and ReadHeaderAs; last reads what is left in the end.
func (fs Formats) read(kind bulkjob.Kind, headers []string, choices []Choice,
	last ...func(l *Layout, all []headerForms, taken []bool, headers []string)) (*Layout, *row.Problem) {
	format := fs.of(kind)
	if format == nil {
		return &Layout{Format: &Format{Kind: kind}},
			row.Problemf(row.WrongKind, "Choose another kind of file.", "%s is not a kind of file that can be imported.",
				quote.Text(kind))
	}
	l := &Layout{Format: format, words: format.words(), Index: map[string]int{}, Header: map[string]string{}}
	all := make([]headerForms, len(headers))
	for i, h := range headers {
		all[i] = formsOf(h)
		l.keys = append(l.keys, all[i].said)
	}
	taken := make([]bool, len(headers))
	if p := l.choose(headers, choices, taken); p != nil {
		return l, p
	}
	for level := range levels {
		for _, c := range format.Columns {
			if l.Has(c.Name) {
				continue
			}
			at := format.find(all, taken, c, level)
			if len(at) > 1 && level >= guessed && !c.Required {
				continue // Nobody knows which one; both are shown as not read.
			}
			if len(at) > 1 {
				return l, &row.Problem{Code: row.DuplicateColumn,
					Message: fmt.Sprintf("The columns %s and %s both mean %s.", quote.Text(headers[at[0]]),
						quote.Text(headers[at[1]]), c.Name),
					Hint: "Delete or rename one of the two columns."}
			}
			if len(at) == 1 {
				l.Index[c.Name], l.Header[c.Name], taken[at[0]] = at[0], headers[at[0]], true
			}
		}
	}
	l.join(all, taken, headers)
	l.weak(all, taken, headers)
	for _, rest := range last {
		rest(l, all, taken, headers)
	}
	l.readTellers(headers, taken)
	password, hasPassword := l.Index[field.ColPassword]
	for i, h := range headers {
		if format.isSecret(h) || hasPassword && i == password {
			l.secret = append(l.secret, i)
		}
		if (!taken[i] || slices.Contains(l.left, i)) && h != "" && !IsReason(h) {
			l.Ignored = append(l.Ignored, h)
		}
	}
	return l, l.refuse(fs, headers)
}

// join reads names of people that stand in two columns, where a column holds people.
func (l *Layout) join(all []headerForms, taken []bool, headers []string) {
	if _, is := l.Format.Column(field.ColEducators); !is || l.Has(field.ColEducators) {
		return
	}
	as := &Format{Whose: OwnEducator}
	first := as.find(all, taken, field.Column{Name: field.ColFirstName}, levels-1)
	last := as.find(all, taken, field.Column{Name: field.ColLastName}, levels-1)
	if len(first) == 1 && len(last) == 1 {
		l.Index[field.ColEducators], l.Header[field.ColEducators] = first[0], headers[first[0]]
		l.joined = map[string]int{field.ColEducators: last[0]}
		taken[first[0]], taken[last[0]] = true, true
	}
}

// Names reports whether the header of a column says that it holds names, and not IDs.
func (l *Layout) Names(column string) bool {
	_, joined := l.joined[column]
	return joined || strings.Contains(HeaderKey(l.Header[column]), "name")
}

// weak uses headers that say little, where the file would be refused otherwise.
func (l *Layout) weak(all []headerForms, taken []bool, headers []string) {
	for _, c := range l.Format.Columns {
		wanted := !l.changes()
		if c.Required {
			wanted = len(c.Or) == 0 || !l.Has(c.Or[0]) // A username is second best.
		}
		if l.Has(c.Name) || !wanted {
			continue
		}
		for level := 0; level < levels && !l.Has(c.Name); level++ {
			for _, name := range c.Weak {
				if at := l.Format.find(all, taken, field.Column{Name: name}, level); len(at) == 1 {
					l.Index[c.Name], l.Header[c.Name], taken[at[0]] = at[0], headers[at[0]], true
					break
				}
			}
		}
	}
}

// changes reports whether something that is read could change anything: a column that
// does not only say whom or what a row is about.
func (l *Layout) changes() bool {
	keys := []string{field.ColDatabaseID, field.ColType}
	switch {
	case l.Has(field.ColDatabaseID):
	case l.Has(field.ColStudentID), l.Has(field.ColExternalID):
		keys = append(keys, field.ColStudentID, field.ColExternalID)
	default:
		keys = append(keys, field.ColUsername)
	}
	if _, fixed := l.Format.Column(field.ColEducators); fixed {
		keys = append(keys, field.ColSchool) // A class stays at its school.
	}
	for column := range l.Index {
		c, _ := l.Format.Column(column)
		if !c.Exported && !slices.Contains(keys, column) {
			return true
		}
	}
	return false
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
		if !c.Required || l.Has(c.Name) || slices.ContainsFunc(c.Or, l.Has) {
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

// Idle says that nothing that is read could change anything, or returns nil.
func (l *Layout) Idle(headers []string) *row.Problem {
	if l.changes() {
		return nil
	}
	hint := fmt.Sprintf("Add a column with what is to change, such as %s, or correct its header.", l.likely())
	if l.IsHeader() || l.said(headers) {
		hint += fmt.Sprintf(" The file has: %s.", row.Shorten(strings.Join(headers, ", "), 300))
	}
	return &row.Problem{Code: row.MissingColumn, Hint: hint,
		Message: fmt.Sprintf("Nothing in this file could change anything. What is read of it only says which %s the rows "+
			"are about.", l.Format.Plural)}
}

// said reports whether a header is the very name of a column.
func (l *Layout) said(headers []string) bool {
	return slices.ContainsFunc(headers, func(h string) bool { _, is := l.Format.Column(h); return is })
}

// likely is a column with which something could change.
func (l *Layout) likely() string {
	for _, name := range []string{field.ColGroups, field.ColName} {
		if _, is := l.Format.Column(name); is {
			return name
		}
	}
	return field.ColLastName
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

// Has reports whether the file has a column.
func (l *Layout) Has(column string) bool { _, ok := l.Index[column]; return ok }

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
