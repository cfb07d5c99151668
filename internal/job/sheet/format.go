package sheet

import (
	"slices"

	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/field"
)

// Format describes the files of one kind, and how such a file is recognized.
type Format struct {
	Kind bulkjob.Kind
	// Plural names what the rows are, such as "students".
	Plural string
	// Template is the name of an empty file. If the headers of a file leave a doubt, the
	// import command recognizes what it holds by such a name.
	Template string
	// Columns are in the order of the templates.
	Columns []field.Column
	// Identifying are the columns that say whom or what a row is about, or what only
	// one may have. Rows that have nothing in common in them have nothing to do with
	// each other.
	Identifying []string

	// Roles are those of the people whom the rows are about. Rows of others are passed over.
	Roles []Role

	// Signs are what tells a file of the kind by its headers.
	Signs []Sign
	// Words are words in a file name that show the kind if the headers leave a doubt.
	Words []Word
	// Twin is a kind whose files can have exactly the same columns. Such a file is taken
	// for the kind that its headers make more likely.
	Twin bulkjob.Kind
}

// Sign is something in the headers of a file that tells its kind.
type Sign struct {
	// Rank orders the signs of all kinds. The first one that a file shows decides.
	Rank int
	// Has are lists of headers; the file has one header of each list. A header that ends
	// in * matches all that begin with it.
	Has [][]string
	// Lacks are headers of which the file has none.
	Lacks []string
	// Sure is true if the file cannot be anything else.
	Sure bool
}

// Word is a part of the name of a file that tells its kind. Of several words in one
// name that of the lowest rank counts: StudentEnrollment and TeacherRoster are enrollments.
type Word struct {
	Rank int
	Text string
}

// Column returns a column by its name.
func (f *Format) Column(name string) (field.Column, bool) {
	if i := slices.IndexFunc(f.Columns, func(c field.Column) bool { return c.Name == name }); i >= 0 {
		return f.Columns[i], true
	}
	return field.Column{}, false
}

// isSecret reports whether nobody may read the cells under a header: those that the
// format calls secret, and all whose header mentions passwords, even if they are not
// read.
func (f *Format) isSecret(header string) bool {
	return isPassword(header) ||
		slices.ContainsFunc(f.Columns, func(c field.Column) bool { return c.Secret && goesBy(c, header) })
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
func (fs Formats) Columns(kind bulkjob.Kind) []field.Column {
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
