package kind

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/job/absence"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
)

// Checker turns rows of one kind of file into plans.
type Checker interface {
	// CheckRows looks up what a batch of rows means, with a number of statements that
	// does not depend on the rows, and gives each a plan, nothing, or problems.
	CheckRows(ctx context.Context, rows []*sheet.Row) error
}

// Preparer is a checker that has work which does not depend on earlier rows. It does that
// work while those are checked. prepare returns the rest of checkRows.
type Preparer interface {
	Prepare(ctx context.Context, rows []*sheet.Row) (check func(ctx context.Context) error, err error)
}

// Concluder is a checker that may refuse the file as a whole after its last row: if every
// row is refused for one reason, which belongs to the file. rows is how many there were.
type Concluder interface {
	Conclude(rows int) *row.Problem
}

// Finder is a checker that can look up rows that are passed over because they say that
// somebody has left or that something has ended. It finds only what the school for which
// the file was uploaded may read.
type Finder interface {
	OnRecord(ctx context.Context, rows []*sheet.Row) (map[*sheet.Row]Found, error)
}

// Found describes what is still on record: a sentence about it, and what to do.
type Found struct{ Is, Hint string }

// Remover is a checker that can plan that students leave.
type Remover interface {
	// Last is the last key there is.
	Last(ctx context.Context) (int, error)
	// Missing returns the keys of those within reach who are on record, not in the file, and
	// may be removed: the first n behind a key, in their order.
	Missing(ctx context.Context, job *db.BulkJob, after, n int) (ids []int, err error)
	// Kept counts those who are not in the file and must stay.
	Kept(ctx context.Context, job *db.BulkJob) (int, error)
	// Remove plans what happens to those whom rows are about. A row of somebody who must
	// stay, or who would not change, gets no plan.
	Remove(ctx context.Context, rows []*sheet.Row, how absence.Removal) error
}
