package importer

import "context"

// checker turns rows of one kind of file into plans.
type checker interface {
	// checkRows looks up what a batch of rows means, with a number of statements that
	// does not depend on the rows, and gives each a plan, nothing, or problems.
	checkRows(ctx context.Context, rows []*fileRow) error
}

// preparer is a checker of which a part does not depend on the rows before, and is
// done while those are checked: prepare returns the rest of checkRows.
type preparer interface {
	prepare(ctx context.Context, rows []*fileRow) (check func(ctx context.Context) error, err error)
}
