package sheet

import (
	"slices"
	"strings"

	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/csvfile"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/field"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/quote"
)

// Template is an empty file to fill in: a row of column names, and under it
// nothing that somebody would have to delete.
type Template struct {
	Kind     bulkjob.Kind
	FileName string
	// Columns are all that a file of the kind can have, in the order of an export.
	Columns []TemplateColumn
}

// TemplateColumn is a column that a file can have.
type TemplateColumn struct {
	field.Column
	// Included is true if the template has the column.
	Included bool
}

// NewTemplate returns the template of a kind of file with the requested columns, by
// their names or aliases, and with those that every file needs. If names is nil, it
// has all columns. An unknown name is refused with UNKNOWN_COLUMN.
func (fs Formats) NewTemplate(kind bulkjob.Kind, names []string) (*Template, error) {
	format := fs.of(kind)
	if format == nil {
		return nil, fault.Invalidf("%s is not a kind of file that can be imported", quote.Text(kind)).At("kind")
	}
	t := &Template{Kind: kind, FileName: format.Template}
	for _, c := range format.Columns {
		if !c.Exported {
			t.Columns = append(t.Columns, TemplateColumn{c, names == nil || c.Required})
		}
	}
	for i, name := range names {
		at := slices.IndexFunc(t.Columns, func(c TemplateColumn) bool { return goesBy(c.Column, name) })
		if at < 0 {
			return nil, fault.Invalidf("a list of %s has no column %s; it has: %s", format.Plural,
				quote.Text(row.Shorten(name, 40)), t.columnNames()).
				WithCode("UNKNOWN_COLUMN").At("columns", i)
		}
		t.Columns[at].Included = true
	}
	return t, nil
}

// goesBy reports whether a header means the column.
func goesBy(c field.Column, header string) bool {
	return len(Positions([]string{HeaderKey(header)}, c.Headers())) > 0
}

// Header is the row of column names.
func (t *Template) Header() []string {
	var names []string
	for _, c := range t.Columns {
		if c.Included {
			names = append(names, c.Name)
		}
	}
	return names
}

func (t *Template) columnNames() string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	return strings.Join(names, ", ")
}

// CSV is the file, in the form in which exports are written.
func (t *Template) CSV() string {
	var b strings.Builder
	w := csvfile.NewWriter(&b)
	// Nothing can go wrong in memory.
	_ = w.Write(t.Header())
	_ = w.Flush()
	return b.String()
}
