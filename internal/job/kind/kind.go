// Package kind defines the interface between the engine of jobs and the kinds of rows.
package kind

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/hold"
	"github.com/openhomeroom/homeroom/internal/job/reach"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/quote"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Kind is one kind of row: what a row means, how it is written and how it is put
// back. It knows nothing of leases, states and files.
type Kind interface {
	About() *About
	// Checker returns what checks the rows of one job, or why none of them can be.
	Checker(ctx context.Context, c *reach.Check) (Checker, *row.Problem, error)
	// Apply writes a batch of rows in the transaction of ctx. What it refuses, what it
	// has created and what it has replaced is noted in the rows.
	Apply(ctx context.Context, client *db.Client, b *row.Batch) error
	// Undo puts a batch back. Rows that it keeps say why.
	Undo(ctx context.Context, client *db.Client, b *row.UndoBatch) error
}

// Versioned is a kind whose targets have versions, from which an undo knows whether
// somebody has changed them since.
type Versioned interface {
	// Versions returns the versions of targets, as this transaction sees them.
	Versions(ctx context.Context, client *db.Client, ids []int) (map[int]int, error)
}

// Named is a kind whose targets may have other names in other rows of the file than in
// their own row.
type Named interface {
	// Names returns what rows may call the target of a row that has been checked.
	Names(ctx context.Context, client *db.Client, r *sheet.Row) ([]string, error)
}

// About is what is known about a kind before any row is read.
type About struct {
	sheet.Format
	// Noun is what people call a job of the kind, such as "upload".
	Noun string
	// Selected is true if the rows are selected students, not rows of a file.
	Selected bool
	// OfDistrict is true if such a file can only be uploaded for a district; ByTeachers is
	// true if teachers may upload it too.
	OfDistrict, ByTeachers bool
	// OneByOne is true if several rows of a file may be about the same target, each about
	// a part of it. Such a file says nothing about what it does not name.
	OneByOne bool
	// OfStudents is true if the target of a row may be a student, and CreatesStudents if a
	// row may create one.
	OfStudents, CreatesStudents bool
	// TellsTaken is true if a check reveals whether IDs, usernames or addresses are taken
	// by somebody whom the submitter does not see.
	TellsTaken bool
	// Thing is what the rows are about, as holds count it.
	Thing hold.Thing
	// Deletes is true if a row deletes its target.
	Deletes bool
}

// FormatsOf are the formats of the kinds whose rows come from files.
func FormatsOf(kinds []Kind) (formats sheet.Formats) {
	for _, k := range kinds {
		if a := k.About(); !a.Selected {
			formats = append(formats, &a.Format)
		}
	}
	return formats
}

// Table holds the kinds of jobs by their names.
type Table map[bulkjob.Kind]Kind

// NewTable returns a table of kinds; no kind may occur twice.
func NewTable(kinds []Kind) Table {
	t := Table{}
	for _, k := range kinds {
		t[k.About().Kind] = k
	}
	return t
}

// About returns what is known about a kind; it is empty for a kind that is not in the
// table.
func (t Table) About(name bulkjob.Kind) *About {
	if k := t[name]; k != nil {
		return k.About()
	}
	return &About{Format: sheet.Format{Kind: name}, Noun: "upload"}
}

// BySelection reports whether the rows of a job are students of a selection and not lines
// of a file.
func (t Table) BySelection(name bulkjob.Kind) bool { return t.About(name).Selected }

// Selector returns the kind of a job whose rows were selected.
func (t Table) Selector(name bulkjob.Kind) Selector { return t[name].(Selector) }

// MaySubmit checks that a viewer may submit, or start, a job of a kind at an
// organization that the viewer sees. The policy of jobs says the same when one
// is created; here it is said in words.
func (t Table) MaySubmit(v *viewer.Viewer, o *db.Organization, name bulkjob.Kind) error {
	k := t.About(name)
	switch {
	case k.Plural == "":
		return fault.Invalidf("%s is not a kind of file that can be imported", quote.Text(name)).At("kind")
	case k.OfDistrict && o.ID != o.DistrictID:
		return fault.Forbiddenf("%s can be imported only into a district, by its "+
			"administrators", k.Plural).At("organizationId")
	case v.Administers(o.ID, o.DistrictID), v.Holds(viewer.RosterImport, o.ID, o.DistrictID):
		return nil
	case v.TeachesAt(o.ID) && k.ByTeachers:
		return nil
	case v.TeachesAt(o.ID):
		return fault.Forbiddenf("teachers can import students and groups; ask an administrator to import "+
			"%s", k.Plural).At("kind")
	default:
		return fault.Forbiddenf("you cannot import %s into %s", k.Plural, o.Name).At("organizationId")
	}
}

// MaySelect checks that a viewer may have selected students edited or deleted
// somewhere; each row says where.
func (t Table) MaySelect(v *viewer.Viewer, name bulkjob.Kind) error {
	switch {
	case t.About(name).Deletes && !v.IsAdmin():
		return fault.Forbiddenf("only administrators can delete students").At("selection")
	case !v.IsAdmin() && !v.IsTeacher():
		return fault.Forbiddenf("no role of yours lets you edit students").At("selection")
	default:
		return nil
	}
}

// Noun is what people call a job.
func (t Table) Noun(job *db.BulkJob) string { return t.About(job.Kind).Noun }
