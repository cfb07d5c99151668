package sheet

import (
	"slices"
	"strings"

	"github.com/openhomeroom/homeroom/internal/field"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/quote"
)

// The columns as which a person can have a whole name read.
const (
	NameLastFirst = "Name (Last, First)"
	NameFirstLast = "Name (First Last)"
)

// part is the first or the last name in a cell with both.
type part struct {
	how    string // NameLastFirst or NameFirstLast.
	chosen bool
}

// wholeNames are headers of columns with whole names, without a word for whose they are.
var wholeNames = []string{"name", "fullname", "lastfirst", "lastnamefirstname", "namelastfirst", "completename",
	"displayname", "lastfirstmi", "lastfirstmiddle", "legalname", "nombrecompleto", "apellidosynombre", "nomcomplet",
	"nometprenom"}

// hasBothNames reports whether files of the kind have a first and a last name.
func (f *Format) hasBothNames() bool {
	_, first := f.Column(field.ColFirstName)
	_, last := f.Column(field.ColLastName)
	return first && last
}

// splitNames reads a column of whole names, where the file has no other. What is before the
// comma is the last name; a name without a comma is not read, because nobody can see where
// the last name of Ana Maria de la Cruz begins.
func (l *Layout) splitNames(all []headerForms, taken []bool, headers []string) {
	if !l.Format.hasBothNames() || l.Has(field.ColFirstName) || l.Has(field.ColLastName) {
		return
	}
	var at []int
	for i, m := range all {
		keys := []string{m.said, m.plain, m.parted, m.own[l.Format.Whose]}
		if !taken[i] && slices.ContainsFunc(keys, func(key string) bool { return slices.Contains(wholeNames, key) }) {
			at = append(at, i)
		}
	}
	if len(at) == 1 {
		l.splitAt(at[0], headers[at[0]], NameLastFirst)
		taken[at[0]] = true
	}
}

func (l *Layout) splitAt(at int, header, how string) {
	l.split = map[string]*part{field.ColFirstName: {how: how}, field.ColLastName: {how: how}}
	for column := range l.split {
		l.Index[column], l.Header[column] = at, header
	}
}

// of returns the first or the last name in a cell; nothing if the cell does not show it.
func (p *part) of(cell, column string) string {
	last, first, divided := strings.Cut(cell, ",")
	if p.how == NameFirstLast {
		first, last, divided = strings.Cut(strings.Join(strings.Fields(cell), " "), " ")
		divided = divided && !strings.ContainsAny(last, " ,")
	}
	first, last = strings.TrimSpace(first), strings.TrimSpace(last)
	switch {
	case !divided || first == "" || last == "" || strings.Contains(first, ",") || isSuffix(first):
		return ""
	case column == field.ColFirstName:
		return first
	default:
		return last
	}
}

// unclearName refuses a row whose name cannot be divided, where it is needed or somebody has
// said how to divide it.
func (r *Row) unclearName(column string) bool {
	p := r.Layout.split[column]
	if p == nil || r.Cells[r.Layout.Index[column]] == "" || r.RefusedAt(column) {
		return false
	}
	cell := r.Cells[r.Layout.Index[column]]
	hint := "Write the last name, a comma and the first name, or divide the column into First Name and Last Name."
	if p.how == NameFirstLast {
		hint = "Divide the column into First Name and Last Name. Only names of two words can be divided."
	}
	r.Fail(column, row.Problemf(row.UnclearName, hint, "%s does not show which part of the name is the last name.",
		quote.Text(row.Shorten(cell, 64))))
	r.Problems[len(r.Problems)-1].Value = row.Shorten(cell, 255)
	return true
}

// refuseUnclearName refuses a row whose name cannot be divided as somebody has said.
func (r *Row) refuseUnclearName() {
	p := r.Layout.split[field.ColLastName]
	if p != nil && p.chosen && r.Cell(field.ColLastName) == "" {
		r.unclearName(field.ColLastName)
	}
}
