package sheet

import (
	"maps"
	"slices"

	"github.com/openhomeroom/homeroom/internal/csvfile"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/field"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/quote"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// Marks are what a row says in its identifying columns, folded so far that two
// rows that mean the same never differ.
func (r *Row) Marks() []string {
	var marks []string
	for _, column := range r.Layout.Format.Identifying {
		if text := MarkOf(r.Text(column)); text != "" {
			marks = append(marks, text)
		}
	}
	return marks
}

// MarkOf folds a text so far that two that mean the same never differ.
func MarkOf(text string) string { return fold.Text(roster.Clean(text)) }

// Put writes a cell of a column that is read; a column that the file
// does not have is added to this row alone.
func (r *Row) Put(column, value string) {
	if !r.Layout.Has(column) || r.Layout.split[column] != nil {
		l := *r.Layout
		l.Index, l.Header, l.split = maps.Clone(l.Index), maps.Clone(l.Header), maps.Clone(l.split)
		delete(l.split, column)
		l.Index[column], l.Header[column] = len(r.Cells), column
		if l.Format.isSecret(column) {
			l.secret = append(slices.Clone(l.secret), len(r.Cells))
		}
		r.Layout = &l
		r.Cells = append(r.Cells, "")
	}
	r.Cells[r.Layout.Index[column]] = value
}

// Correct writes new values into a row.
func (r *Row) Correct(headers []string, values []Cell, limit int) error {
	r.Cells, r.Beyond, r.Flaws, r.Problems, r.Refused = slices.Clone(r.Cells), nil, nil, nil, false
	for i, v := range values {
		if len(v.Value) > limit {
			return fault.Invalidf("the value of %s is too long", quote.Text(row.Shorten(v.Column, 64))).
				WithCode(row.TooLong).At("values", i)
		}
		value := csvfile.Clean(v.Value)
		key := HeaderKey(v.Column)
		if at := slices.IndexFunc(headers, func(h string) bool { return key != "" && HeaderKey(h) == key }); at >= 0 &&
			!IsReason(headers[at]) {
			r.Cells[at] = value
			continue
		}
		at := slices.IndexFunc(r.Layout.Format.Columns, func(c field.Column) bool {
			return !c.Exported && len(Positions([]string{key}, c.Headers())) > 0
		})
		if at < 0 {
			return fault.Invalidf("the upload has no column %s", quote.Text(row.Shorten(v.Column, 64))).
				WithCode("UNKNOWN_COLUMN").At("values", i)
		}
		r.Put(r.Layout.Format.Columns[at].Name, value)
	}
	return nil
}

// Cell is one cell of a row: its column, by the header in the file or by the name in
// the manual, and its value.
type Cell struct{ Column, Value string }
