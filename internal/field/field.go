// Package field describes the fields of a student, a group, an educator or a school. Each
// kind has one table of fields. The code that reads, checks, writes, shows, stores,
// undoes, records or exports fields loops over that table, so no field in it can be
// forgotten anywhere.
package field

import (
	"slices"

	"github.com/openhomeroom/homeroom/internal/fault"
)

// Reading says how a cell becomes a value.
type Reading int

const (
	// Plain is a cell that is taken as it stands.
	Plain Reading = iota
	// Identifier is a cell that identifies somebody. A value that a spreadsheet program
	// has damaged is never written.
	Identifier
	// Words is a cell with a name or other words. A value that has lost letters, because
	// the file was saved in another encoding, is not written.
	Words
)

// Field is one field of a T: a column of files, a column of the database, or both.
//
// A field with Check or Parse is a value that people write as text; loops do all of the
// work. Other fields, such as the school or the password of a student, are in the table
// for what they have in common with these; their kind does the rest.
type Field[T any] struct {
	// File is the column of files. It has no name if files do not hold the field.
	File Column
	// API is the name in the API, in the audit trail and in records; DB is the column of
	// the database.
	API, DB string
	// Is is the name of the field within a sentence, such as "first name".
	Is string

	// At returns a pointer to the value if the value is a text that is never missing. All
	// other fields have Get and Put. Get returns the value as the database stores it and
	// as people read it; Put sets it from the text that the database stores.
	At  func(*T) *string
	Get func(*T) (value any, text string)
	Put func(t *T, text string) error

	// Reading says how a cell becomes a value.
	Reading Reading
	// Optional fields may be empty. [clear] empties them, unless Stays is set.
	Optional, Stays bool
	// Check says what is wrong with a text, after white space was removed. Parse is for
	// values that are not texts: it returns the value as the database stores it and as
	// people read it.
	Check func(text string) *fault.Error
	Parse func(text string) (value any, shown string, err *fault.Error)
	// Typed converts the value to the type that ent expects, if ent has its own type for
	// it.
	Typed func(value any) any
	// Hint says what to do about a refused value.
	Hint string

	// Taken is the code of the problem if somebody else has the value.
	Taken string
	// Searched says that a search finds the words of the text.
	Searched bool

	// Made returns the value of a column that is computed from the columns From, given a
	// function that returns their texts.
	Made func(text func(db string) string) string
	From []string
}

// IsValue reports whether people write the field as text.
func (f *Field[T]) IsValue() bool { return f.Check != nil || f.Parse != nil }

// Text returns the value of the field as people read it; it is empty if t is nil.
func (f *Field[T]) Text(t *T) string {
	switch {
	case t == nil:
		return ""
	case f.At != nil:
		return *f.At(t)
	default:
		_, text := f.Get(t)
		return text
	}
}

// Value returns the value of the field as the database stores it.
func (f *Field[T]) Value(t *T) any {
	if f.At != nil {
		return *f.At(t)
	}
	value, _ := f.Get(t)
	return value
}

// Read checks a text and returns the value as the database stores it and as people read
// it.
func (f *Field[T]) Read(text string) (value any, shown string, err *fault.Error) {
	switch {
	case text == "" && f.Optional:
		return f.Empty(), "", nil
	case f.Parse != nil:
		return f.Parse(text)
	default:
		return text, text, f.Check(text)
	}
}

// Empty returns the value of an empty field, as the database stores it.
func (f *Field[T]) Empty() any {
	if f.At != nil {
		return ""
	}
	return nil
}

// Clears reports whether [clear] empties the field.
func (f *Field[T]) Clears() bool { return f.Optional && !f.Stays }

// Load sets the value from the text that the database writes.
func (f *Field[T]) Load(t *T, text string) error {
	if f.At != nil {
		*f.At(t) = text
		return nil
	}
	return f.Put(t, text)
}

// Table holds the fields of one kind, in the order of its files.
type Table[T any] []*Field[T]

// Columns returns the columns of files.
func (fs Table[T]) Columns() (columns []Column) {
	for _, f := range fs {
		if f.File.Name != "" {
			columns = append(columns, f.File)
		}
	}
	return columns
}

// Values returns the fields that people write as text.
func (fs Table[T]) Values() Table[T] {
	return fs.Where((*Field[T]).IsValue)
}

// Stored returns the fields that the database stores.
func (fs Table[T]) Stored() Table[T] {
	return fs.Where(func(f *Field[T]) bool { return f.DB != "" })
}

// Where returns the fields that meet a condition.
func (fs Table[T]) Where(wanted func(*Field[T]) bool) (some Table[T]) {
	for _, f := range fs {
		if wanted(f) {
			some = append(some, f)
		}
	}
	return some
}

// DB returns the columns of the database.
func (fs Table[T]) DB() (columns []string) {
	for _, f := range fs {
		if f.DB != "" {
			columns = append(columns, f.DB)
		}
	}
	return columns
}

// By returns the field with a column of the database, or nil.
func (fs Table[T]) By(db string) *Field[T] {
	if i := slices.IndexFunc(fs, func(f *Field[T]) bool { return f.DB == db }); i >= 0 {
		return fs[i]
	}
	return nil
}

// Now returns the values that the database stores, by column.
func (fs Table[T]) Now(t *T) map[string]any {
	now := make(map[string]any, len(fs))
	for _, f := range fs {
		if f.DB != "" {
			now[f.DB] = f.Value(t)
		}
	}
	return now
}

// Texts returns the values as people read them, by column.
func (fs Table[T]) Texts(t *T) map[string]string {
	texts := make(map[string]string, len(fs))
	for _, f := range fs {
		if f.DB != "" {
			texts[f.DB] = f.Text(t)
		}
	}
	return texts
}

// Cells returns the cells of a row of a file about t: its values, and in the other columns
// the texts in others, by the names of the columns.
func (fs Table[T]) Cells(t *T, others map[string]string) (cells []string) {
	for _, f := range fs {
		switch {
		case f.File.Name == "":
		case f.IsValue():
			cells = append(cells, f.Text(t))
		default:
			cells = append(cells, others[f.File.Name])
		}
	}
	return cells
}

// Names returns the names of the columns of files.
func (fs Table[T]) Names() (names []string) {
	for _, c := range fs.Columns() {
		names = append(names, c.Name)
	}
	return names
}

// Compared returns the fields that show whether something has changed. Computed fields are
// among them: an undo puts back all of them, even if only one of their sources has been
// changed since.
func (fs Table[T]) Compared() Table[T] {
	return fs.Where(func(f *Field[T]) bool { return f.DB != "" && (f.Made != nil || len(f.From) == 0) && !f.File.Secret })
}

// Fixed returns the names of the columns whose value [clear] cannot empty.
func (fs Table[T]) Fixed() (names []string) {
	for _, f := range fs {
		if f.IsValue() && !f.Clears() {
			names = append(names, f.File.Name)
		}
	}
	return names
}

// Identifying returns the names of the columns that say whom or what a row is about.
func (fs Table[T]) Identifying() (names []string) {
	for _, f := range fs {
		if f.File.Identifies {
			names = append(names, f.File.Name)
		}
	}
	return names
}
