// Package catalog is the table of the kinds of jobs.
package catalog

import (
	"context"
	"slices"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/credential"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/field"
	"github.com/openhomeroom/homeroom/internal/job/educator"
	"github.com/openhomeroom/homeroom/internal/job/enrollment"
	"github.com/openhomeroom/homeroom/internal/job/group"
	"github.com/openhomeroom/homeroom/internal/job/kind"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/school"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/job/student"
	"github.com/openhomeroom/homeroom/internal/table"
)

// Needs are what the kinds need of the rest of the program.
type Needs struct {
	// Recount computes the usage sums of students whose school has changed,
	// inside the transaction of the change.
	Recount func(ctx context.Context, client *db.Client, studentIDs []int) error
	// Guard says whose credentials a file of educators may set.
	Guard credential.Guard
	Now   func() time.Time
}

// Kinds is the table of all kinds of jobs. A new kind is a folder and a line here.
func Kinds(d *database.DB, n Needs) []kind.Kind {
	e := row.Env{DB: d, Now: n.Now}
	return []kind.Kind{
		school.New(e),
		educator.New(e, n.Guard),
		group.New(e),
		student.NewImport(e, n.Recount),
		enrollment.New(e),
		student.NewEdit(e, n.Recount),
		student.NewDeletion(e, n.Recount),
	}
}

// Files are the formats of all kinds of files.
func Files() sheet.Formats { return kind.FormatsOf(Kinds(nil, Needs{})) }

// Columns returns the columns of a kind of file, in the order of the templates.
func Columns(name bulkjob.Kind) []field.Column { return Files().Columns(name) }

// NewTemplate is Formats.NewTemplate of all kinds of files.
func NewTemplate(name bulkjob.Kind, names []string) (*sheet.Template, error) {
	return Files().NewTemplate(name, names)
}

// DetectKind is Formats.DetectKind of all kinds of files, for a file of which only the headers
// are known.
func DetectKind(fileName string, headers []string) (name bulkjob.Kind, fits []bulkjob.Kind) {
	return Files().DetectKind(fileName, headers, nil)
}

// DetectKindOf is Formats.DetectKind for a file that has been inspected.
func DetectKindOf(fileName string, f *table.File) (name bulkjob.Kind, fits []bulkjob.Kind, err error) {
	return DetectKindAs(fileName, f, nil)
}

// DetectKindAs is DetectKindOf for a file about whose headers somebody has said something: they
// count as what they are read as.
func DetectKindAs(fileName string, f *table.File, choices []sheet.Choice) (name bulkjob.Kind,
	fits []bulkjob.Kind, err error) {
	rows, err := f.Rows()
	if err != nil {
		return "", nil, err
	}
	headers := slices.Clone(f.Format().Header)
	for i, h := range headers {
		for _, c := range choices {
			if sheet.HeaderKey(c.Header) == sheet.HeaderKey(h) && c.Column != "" {
				headers[i] = c.Column
			}
		}
	}
	roles := sheet.RolesOf(headers, func() ([]string, error) {
		rec, err := rows.Next()
		return rec.Cells, err
	})
	name, fits = Files().DetectKind(fileName, headers, roles)
	return name, fits, nil
}
