package importer

import (
	"homeroom/internal/csvfile"
	"homeroom/internal/fault"
	"homeroom/internal/fold"
	"homeroom/internal/quote"
	"homeroom/internal/roster"
	"maps"
	"slices"
)

// marks are what a row says in its identifying columns, folded so far that two
// rows that mean the same never differ.
func (r *fileRow) marks() []string {
	var marks []string
	for _, column := range r.layout.format.Identifying {
		if text := markOf(r.text(column)); text != "" {
			marks = append(marks, text)
		}
	}
	return marks
}

func markOf(text string) string { return fold.Text(roster.Clean(text)) }

// put writes a cell of a column that the importer reads; a column that the file
// does not have is added to this row alone.
func (r *fileRow) put(column, value string) {
	if !r.layout.has(column) {
		l := *r.layout
		l.index, l.header = maps.Clone(l.index), maps.Clone(l.header)
		l.index[column], l.header[column] = len(r.cells), column
		if isSecret(column) {
			l.secret = append(slices.Clone(l.secret), len(r.cells))
		}
		r.layout = &l
		r.cells = append(r.cells, "")
	}
	r.cells[r.layout.index[column]] = value
}

// correct writes new values into a row.
func (r *fileRow) correct(headers []string, values []Cell, limit int) error {
	r.cells, r.beyond, r.flaws, r.problems, r.refused = slices.Clone(r.cells), nil, nil, nil, false
	for i, v := range values {
		if len(v.Value) > limit {
			return fault.Invalidf("the value of %s is too long", quote.Text(shorten(v.Column, 64))).WithCode(TooLong).At("values", i)
		}
		value := csvfile.Clean(v.Value)
		key := headerKey(v.Column)
		if at := slices.IndexFunc(headers, func(h string) bool { return key != "" && headerKey(h) == key }); at >= 0 && !isReason(headers[at]) {
			r.cells[at] = value
			continue
		}
		at := slices.IndexFunc(r.layout.format.Columns, func(c Column) bool { return !c.Exported && len(positions([]string{key}, c.Headers())) > 0 })
		if at < 0 {
			return fault.Invalidf("the upload has no column %s", quote.Text(shorten(v.Column, 64))).WithCode("UNKNOWN_COLUMN").At("values", i)
		}
		r.put(r.layout.format.Columns[at].Name, value)
	}
	return nil
}

// Cell is one cell of a row: a column, by its header in the file or by its name in
// the manual, and what stands in it.
type Cell struct{ Column, Value string }
