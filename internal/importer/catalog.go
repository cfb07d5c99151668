package importer

import (
	"context"
	"homeroom/ent/db"
	"homeroom/ent/db/bulkjob"
	"homeroom/internal/database"
	"homeroom/internal/identity"
	"time"
)

// Needs are what the kinds need of the rest of the program.
type Needs struct {
	// Recount computes the usage sums of students whose school has changed,
	// inside the transaction of the change.
	Recount func(ctx context.Context, client *db.Client, studentIDs []int) error
	// Guard says whose credentials a file of educators may set.
	Guard identity.Guard
	Now   func() time.Time
}

// Kinds is the table of all kinds of jobs. A new kind is a folder and a line here.
func Kinds(d *database.DB, n Needs) []kind {
	e := env{d, n.Now}
	return []kind{
		newSchoolKind(e),
		newEducatorKind(e, n.Guard),
		newGroupKind(e),
		newStudentImport(e, n.Recount),
		newEnrollmentKind(e),
		newStudentEdit(e, n.Recount),
		newStudentDeletion(e, n.Recount),
	}
}

// Files are the formats of all kinds of files.
func Files() Formats { return formatsOf(Kinds(nil, Needs{})) }

// Columns returns the columns of a kind of file, in the order of the templates.
func Columns(kind bulkjob.Kind) []Column { return Files().Columns(kind) }

// NewTemplate is Formats.NewTemplate of all kinds of files.
func NewTemplate(kind bulkjob.Kind, names []string) (*Template, error) {
	return Files().NewTemplate(kind, names)
}

// DetectKind is Formats.DetectKind of all kinds of files.
func DetectKind(fileName string, headers []string) (kind bulkjob.Kind, fits []bulkjob.Kind) {
	return Files().DetectKind(fileName, headers)
}
