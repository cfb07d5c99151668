package trace

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/predicate"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
	"github.com/openhomeroom/homeroom/internal/job/state"
	"github.com/openhomeroom/homeroom/internal/job/vault"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

const (
	// pageOfJobs and pageOfRows are how much an erasure reads at a time. Refused rows
	// are the longest of all.
	pageOfJobs = 50
	pageOfRows = 2 * bulk.StatementRows
)

// Place is how far a walk over the jobs of a district is: everything before it has
// been looked through.
type Place struct {
	// Job is the next job to look at, or the first existing one after it. Step and Row are
	// the place in it.
	Job, Step, Row int
	// Jobs is how many are done.
	Jobs int
	// Again are jobs that a server was working on meanwhile, and that may have written
	// something since.
	Again []int
}

// Walk says which jobs of a district an erasure looks through, in the order of their
// keys.
type Walk struct {
	From Place
	// Through is the last job, or 0 for all that there are.
	Through int
	// Only, if it is not nil, are the jobs up to Through that are searched; after Through
	// all jobs are.
	Only []int
	// At is called after each page with the progress of the walk, and ends the walk with
	// an error.
	At func(ctx context.Context, p Place) error
}

func (w Walk) jobs() predicate.BulkJob {
	switch {
	case w.Only != nil:
		return bulkjob.Or(bulkjob.IDGT(w.Through), bulkjob.IDIn(w.Only...))
	case w.Through > 0:
		return bulkjob.IDLTE(w.Through)
	default:
		return bulkjob.IDGT(0)
	}
}

// keepsRows are the jobs of a district that have more than their counts.
func keepsRows(districtID int) predicate.BulkJob {
	return bulkjob.And(bulkjob.DistrictID(districtID), bulkjob.ForgottenLT(state.ForgottenRows), vault.IsWhole())
}

// JobsToWalk returns how many jobs of a district EraseMentions looks through now, and
// the last of them.
func (t *Traces) JobsToWalk(ctx context.Context, districtID int) (n, last int, err error) {
	ids, err := t.env.DB.Client(ctx).BulkJob.Query().Where(keepsRows(districtID)).
		IDs(viewer.AsSystem(ctx, "jobs that an erasure looks through"))
	for _, id := range ids {
		last = max(last, id)
	}
	return len(ids), last, err
}
