package sheet

import (
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
)

// Format says what stands in the files of one kind.
type Format struct {
	Kind bulkjob.Kind
	// Plural names what the rows are, such as "students".
	Plural string
	// Template is the name of an empty file. The command that imports a file finds out
	// by such a name what a file holds where its headers leave a doubt.
	Template string
	// Columns are in the order of the templates.
	Columns []Column
	// Identifying are the columns that say whom or what a row is about, or what only
	// one may have. Rows that have nothing in common in them have nothing to do with
	// each other.
	Identifying []string
}

// Column returns a column by its name.
func (f *Format) Column(name string) (Column, bool) {
	for _, c := range f.Columns {
		if c.Name == name {
			return c, true
		}
	}
	return Column{}, false
}

// Formats are those of all kinds of files that an installation knows.
type Formats []*Format

// of returns the format of a kind, or nil.
func (fs Formats) of(kind bulkjob.Kind) *Format {
	for _, f := range fs {
		if f.Kind == kind {
			return f
		}
	}
	return nil
}

// Columns returns the columns of a kind of file, in the order of the templates.
func (fs Formats) Columns(kind bulkjob.Kind) []Column {
	if f := fs.of(kind); f != nil {
		return f.Columns
	}
	return nil
}

// plural names what the rows of a kind are.
func (fs Formats) plural(kind bulkjob.Kind) string {
	if f := fs.of(kind); f != nil {
		return f.Plural
	}
	return ""
}
