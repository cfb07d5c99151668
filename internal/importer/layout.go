package importer

import (
	"fmt"
	"slices"
	"strings"

	"homeroom/ent/db/bulkjob"
	"homeroom/internal/quote"
)

// layout says where the columns of a kind stand in one file.
type layout struct {
	// format is that of the kind of file; it has no columns where rows are selected.
	format *Format
	// index is the position of a column by its name.
	index map[string]int
	// header is the header of a column as it stands in the file.
	header map[string]string
	// ignored are the headers that nobody understands, as they stand in the file.
	ignored []string
	// secret are the positions of columns that hold passwords, as far as their
	// headers tell.
	secret []int
	// keys are the headers as they are compared.
	keys []string
	// words are the forms of all headers that mean something in such a file.
	words map[string]bool
}

// readHeader finds the columns of a kind, or says why the file cannot be one of
// that kind.
func (fs Formats) readHeader(kind bulkjob.Kind, headers []string) (*layout, *problem) {
	format := fs.of(kind)
	if format == nil {
		return &layout{format: &Format{Kind: kind}}, problemf(WrongKind, "Choose another kind of file.", "%s is not a kind of file that can be imported.", quote.Text(kind))
	}
	l := &layout{format: format, words: format.words(), index: map[string]int{}, header: map[string]string{}}
	keys := make([]string, len(headers))
	for i, h := range headers {
		keys[i] = headerKey(h)
	}
	l.keys = keys
	taken := make([]bool, len(headers))
	for _, c := range format.Columns {
		at := positions(keys, append([]string{c.Name}, c.Aliases...))
		if len(at) > 1 {
			return l, &problem{Code: DuplicateColumn,
				Message: fmt.Sprintf("The columns %s and %s both mean %s.", quote.Text(headers[at[0]]), quote.Text(headers[at[1]]), c.Name),
				Hint:    "Delete or rename one of the two columns."}
		}
		for _, alias := range c.Instead {
			if len(at) == 0 {
				at = positions(keys, []string{alias})
			}
		}
		if len(at) > 0 {
			l.index[c.Name], l.header[c.Name], taken[at[0]] = at[0], headers[at[0]], true
		}
	}
	for i, h := range headers {
		if isSecret(h) {
			l.secret = append(l.secret, i)
		}
		if !taken[i] && h != "" && !isReason(h) {
			l.ignored = append(l.ignored, h)
		}
	}
	return l, l.refuse(fs, headers)
}

// refuse says why a file with these headers is not one of the kind, or nil. A
// file of another kind is told by its other columns, even if it has the ones
// that are needed here: a list of teachers has everything of a list of students.
func (l *layout) refuse(fs Formats, headers []string) *problem {
	if other, sure := detect(headers); sure && other != l.format.Kind {
		return &problem{Code: WrongKind,
			Message: fmt.Sprintf("This looks like a list of %s, not of %s.", fs.plural(other), l.format.Plural),
			Hint:    fmt.Sprintf("Upload it as %s, or choose another file.", fs.plural(other))}
	}
	for _, c := range l.format.Columns {
		if !c.Required || l.has(c.Name) || c.Or != "" && l.has(c.Or) {
			continue
		}
		if !l.isHeader() {
			return &problem{Code: MissingColumn,
				Message: fmt.Sprintf("The first row does not hold the column names of a list of %s.", l.format.Plural),
				Hint:    "Put a row with the column names, such as " + c.Name + ", above the others."}
		}
		return &problem{Code: MissingColumn,
			Message: fmt.Sprintf("There is no column %s.", c.Name),
			Hint:    fmt.Sprintf("Add a column with the header %s. The file has: %s.", c.Name, shorten(strings.Join(headers, ", "), 300))}
	}
	return nil
}

// isHeader reports whether the first row is one of column names for certain.
// Otherwise the first row of a file that is refused may be one of data, with a
// password in it, and is neither shown nor stored.
func (l *layout) isHeader() bool { return len(l.index) >= 2 }

func (l *layout) has(column string) bool { _, ok := l.index[column]; return ok }

// positions returns where headers stand that mean one of the names.
func positions(keys, names []string) []int {
	wanted := make([]string, len(names))
	for i, n := range names {
		wanted[i] = headerKey(n)
	}
	var at []int
	for i, key := range keys {
		if key != "" && slices.Contains(wanted, key) {
			at = append(at, i)
		}
	}
	return at
}
