package importer

import (
	"context"
	"encoding/json"

	"homeroom/ent/db"
	"homeroom/ent/db/bulkjob"
	"homeroom/internal/fault"
	"homeroom/internal/hold"
	"homeroom/internal/quote"
	"homeroom/internal/viewer"
)

// kind is one kind of row: what a row means, how it is written and how it is put
// back. It knows nothing of leases, states and files.
type kind interface {
	about() *about
	// checker returns what checks the rows of one job, or why none of them can be.
	checker(ctx context.Context, c *check) (checker, *problem, error)
	// apply writes a batch of rows in the transaction of ctx. What it refuses, what it
	// has created and what it has replaced is noted in the rows.
	apply(ctx context.Context, client *db.Client, b *batch) error
	// undo puts a batch back. Rows that it keeps say why.
	undo(ctx context.Context, client *db.Client, b *undoBatch) error
}

// versioned is a kind whose targets have versions, which tell an undo whether
// somebody has changed them since.
type versioned interface {
	// versions returns the versions of targets, as this transaction sees them.
	versions(ctx context.Context, client *db.Client, ids []int) (map[int]int, error)
}

// named is a kind whose targets other rows of the file may call by other names than
// the row itself does.
type named interface {
	// names returns what rows may call the target of a row that has been checked.
	names(ctx context.Context, client *db.Client, r *fileRow) ([]string, error)
}

// Edit is what happens to the students of a selection. A part that is empty
// leaves them as they are.
type Edit struct {
	AddTo, RemoveFrom []int
	Grade             string
}

// editor is a kind that changes what was selected as somebody says.
type editor interface {
	// storeEdit checks an edit for the viewer, and returns it as the job holds it.
	storeEdit(ctx context.Context, in Edit) (json.RawMessage, error)
}

// about is what is said of a kind before any row is read.
type about struct {
	Format
	// Noun is what people call a job of the kind, such as "upload".
	Noun string
	// Selected is set where the rows are students who were selected, and not those of a
	// file.
	Selected bool
	// OfDistrict is set where such a file is uploaded for a district alone, ByTeachers
	// where teachers upload it, too.
	OfDistrict, ByTeachers bool
	// OneByOne is set where several rows of a file may be about the same target, each
	// with one part of it. Such a file says nothing of what it does not name.
	OneByOne bool
	// OfStudents is set where a row may have a student as its target, and
	// CreatesStudents where it may create one.
	OfStudents, CreatesStudents bool
	// Thing is what the rows are about, as holds count it.
	Thing hold.Thing
	// Deletes is set where a row deletes its target.
	Deletes bool
}

// formatsOf are the formats of those kinds whose rows come from files.
func formatsOf(kinds []kind) (formats Formats) {
	for _, k := range kinds {
		if a := k.about(); !a.Selected {
			formats = append(formats, &a.Format)
		}
	}
	return formats
}

// kindTable holds the kinds of jobs by their names.
type kindTable map[bulkjob.Kind]kind

func newTable(kinds []kind) kindTable {
	t := kindTable{}
	for _, k := range kinds {
		t[k.about().Kind] = k
	}
	return t
}

// about returns what is said of a kind; nothing is of one that is not in the table.
func (t kindTable) about(name bulkjob.Kind) *about {
	if k := t[name]; k != nil {
		return k.about()
	}
	return &about{Format: Format{Kind: name}, Noun: "upload"}
}

// bySelection reports whether the rows of a job are students of a selection and
// not those of a file.
func (t kindTable) bySelection(name bulkjob.Kind) bool { return t.about(name).Selected }

// maySubmit checks that a viewer may submit, or start, a job of a kind at an
// organization that the viewer sees. The policy of jobs says the same when one
// is created; here it is said in words.
func (t kindTable) maySubmit(v *viewer.Viewer, o *db.Organization, name bulkjob.Kind) error {
	k := t.about(name)
	switch {
	case k.Plural == "":
		return fault.Invalidf("%s is not a kind of file that can be imported", quote.Text(name)).At("kind")
	case k.OfDistrict && o.ID != o.DistrictID:
		return fault.Forbiddenf("%s are imported into a district, by its administrators", k.Plural).At("organizationId")
	case v.Administers(o.ID, o.DistrictID), v.Holds(viewer.RosterImport, o.ID, o.DistrictID):
		return nil
	case v.TeachesAt(o.ID) && k.ByTeachers:
		return nil
	case v.TeachesAt(o.ID):
		return fault.Forbiddenf("teachers import students and groups; ask an administrator to import %s", k.Plural).At("kind")
	default:
		return fault.Forbiddenf("you cannot import %s into %s", k.Plural, o.Name).At("organizationId")
	}
}

// maySelect checks that a viewer may have students of a selection edited or
// deleted somewhere; where exactly, each row says.
func (t kindTable) maySelect(v *viewer.Viewer, name bulkjob.Kind) error {
	switch {
	case t.about(name).Deletes && !v.IsAdmin():
		return fault.Forbiddenf("only administrators delete students").At("selection")
	case !v.IsAdmin() && !v.IsTeacher():
		return fault.Forbiddenf("you have no role with which students are edited").At("selection")
	default:
		return nil
	}
}

// noun is what people call a job.
func (t kindTable) noun(job *db.BulkJob) string { return t.about(job.Kind).Noun }
