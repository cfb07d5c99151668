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
	// Template is the name of an empty file. If the headers leave a doubt, the import
	// command recognizes the kind of a file by such a name.
	Template string
	// Columns are in the order of the templates.
	Columns []field.Column
	// Whose is a word for what the rows are. A header may begin with one that means the same,
	// as in Student First Name.
	Whose string
	// Identifying are the columns that say whom or what a row is about, or whose values
	// are unique. Rows that share no value in them cannot affect each other.
	Identifying []string

	// Own are headers that only files about such people have, and Foreign are headers that
	// no file of the kind has. A header that ends in * matches all headers with that
	// beginning.
	Own, Foreign []string
	// Roles are the roles of the people in the rows. Rows about people with other roles
	// are passed over.
	Roles []Role

	// Signs are headers by which a file of the kind is recognized.
	Signs []Sign
	// Words are words in a file name that show the kind if the headers leave a doubt.
	Words []Word
	// Twin is a kind whose files can have exactly the same columns. Such a file is taken
	// for the kind that its headers make more likely.
	Twin bulkjob.Kind
}

// Sign is something in the headers of a file that shows its kind.
type Sign struct {
	// Rank orders the signs of all kinds. The first one that a file shows decides.
	Rank int
	// Has are lists of headers; the file has one header of each list. A header that ends
	// in * matches all that begin with it.
	Has [][]string
	// Lacks are headers that the file must not have.
	Lacks []string
	// Sure is true if the file cannot be anything else.
	Sure bool
}

// Word is a part of a file's name that shows its kind. If a name has several of these
// words, the lowest rank counts: StudentEnrollment and TeacherRoster are enrollments.
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

// isSecret reports whether nobody may read the cells under a header: the secret columns of
// the format, and all columns whose header mentions passwords, even if they are ignored.
func (f *Format) isSecret(header string) bool {
	return isPassword(header) ||
		slices.ContainsFunc(f.Columns, func(c field.Column) bool { return c.Secret && goesBy(c, header) })
}

// Formats are the formats of all kinds of files that an installation knows.
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
