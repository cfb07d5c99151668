package importer

import (
	"context"
	"encoding/json"

	"homeroom/ent/db"
	"homeroom/internal/hold"
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
