package sheet

import (
	"slices"
	"strings"

	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/field"
	"github.com/openhomeroom/homeroom/internal/job/row"
)

// New is the new value of a field: as the database keeps it, and the texts before and
// after as people read them.
type New struct {
	Value         any
	Before, After string
}

// Value reads what a row says about a field. on is the present object, nil for a new
// one, and thing what people call it. The second result is false if the field stays as
// it is, or if the row is refused because of it.
func Value[T any](r *Row, f *field.Field[T], on *T, thing string) (New, bool) {
	column, current := f.File.Name, f.Text(on)
	if f.Clears() && r.Clears(column) {
		return New{f.Empty(), current, ""}, current != ""
	}
	if (f.Optional && f.Reading != field.Words || column == field.ColUsername || f.Parse != nil) &&
		r.Text(column) != current && meansNothing(CleanID(r.Text(column))) {
		return New{}, r.lacks(column, current, f.Optional, thing)
	}
	text := r.reading(f.Reading, column, current)
	switch {
	case text == "" && on == nil && f.File.Person && r.hasAnotherName(column):
		return New{}, false
	case text == "" && on == nil && !f.Optional && !r.RefusedAt(column):
		r.Needs(column, "A new "+thing+" needs one.")
		return New{}, false
	case text == "" || text == current:
		return New{}, false
	}
	value, shown, err := f.Read(text)
	if err != nil {
		r.Fail(column, refusal(err, f.Hint))
		return New{}, false
	}
	return New{value, current, shown}, shown != current
}

// hasAnotherName reports whether a blank cell of a name belongs to somebody with a single
// name: the file has a column for both, and the other one is filled in. A file without the
// column says nothing about it.
func (r *Row) hasAnotherName(column string) bool {
	if !r.Layout.Has(column) {
		return false
	}
	for _, c := range r.Layout.Format.Columns {
		if c.Person && c.Name != column && r.Text(c.Name) != "" {
			return true
		}
	}
	return false
}

// lacks takes a word for nothing as a blank cell. It always returns false.
func (r *Row) lacks(column, current string, optional bool, thing string) bool {
	if current == "" && !optional && !r.RefusedAt(column) {
		r.Needs(column, "A new "+thing+" needs one.")
	}
	return false
}

// reading reads a cell in one of the ways of field.Reading.
func (r *Row) reading(how field.Reading, column, current string) string {
	switch how {
	case field.Identifier:
		return r.Undamaged(column, current)
	case field.Words:
		return r.Legible(column, current)
	default:
		return r.Text(column)
	}
}

// refusal makes a problem from an error about a value. The advice is in the hint, not in
// the message.
func refusal(err *fault.Error, hint string) *row.Problem {
	p := row.FromFault(err, hint)
	if message, _, advises := strings.Cut(err.Message, "; write "); advises {
		p.Message = row.Sentence(message)
	}
	return p
}

// SetMade adds the computed columns that change with the columns that a plan sets; on is
// the stored row, or nil.
func SetMade[T any](p *row.Plan, fields field.Table[T], on *T) {
	if len(p.Set) == 0 {
		return // As in nearly every row of a file that comes again.
	}
	before := func(db string) string { return fields.By(db).Text(on) }
	after := func(db string) string {
		if value, sets := p.Set[db]; sets {
			text, _ := value.(string)
			return text
		}
		return before(db)
	}
	for _, f := range fields {
		if f.Made == nil || !slices.ContainsFunc(f.From, func(db string) bool { _, sets := p.Set[db]; return sets }) {
			continue
		}
		if made := f.Made(after); on == nil || made != f.Made(before) {
			p.SetColumn(f.DB, made)
		}
	}
}
