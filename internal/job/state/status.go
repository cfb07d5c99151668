// Package state lists the states of a job and describes them in words.
package state

import (
	"slices"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/predicate"
)

// The statuses by what they ask for.
var (
	// AtWork are the states in which a job waits for a server.
	AtWork = []bulkjob.Status{bulkjob.StatusVERIFYING, bulkjob.StatusPROCESSING, bulkjob.StatusUNDOING}
	// Cancelable are the states in which a person may end a job.
	Cancelable = []bulkjob.Status{bulkjob.StatusVERIFYING, bulkjob.StatusREADY, bulkjob.StatusHELD,
		bulkjob.StatusPROCESSING}
	// Undoable are the states in which a job may have written something.
	Undoable = []bulkjob.Status{bulkjob.StatusCOMPLETED, bulkjob.StatusCOMPLETED_WITH_ERRORS, bulkjob.StatusCANCELED}
	Ended    = []bulkjob.Status{bulkjob.StatusCOMPLETED, bulkjob.StatusCOMPLETED_WITH_ERRORS, bulkjob.StatusFAILED,
		bulkjob.StatusCANCELED, bulkjob.StatusUNDONE, bulkjob.StatusPARTIALLY_UNDONE}
)

// Finished reports whether a job stays as it is unless a person acts.
func Finished(status bulkjob.Status) bool { return slices.Contains(Ended, status) }

// WrittenRows are the rows of a job that have changed something, or will.
func WrittenRows(job *db.BulkJob) int { return job.Created + job.Updated + job.Deleted }

// NeverStarted matches jobs that were canceled before somebody started them. Nothing of
// their refused rows is shown, also as long as these are being removed.
func NeverStarted() predicate.BulkJob {
	return bulkjob.And(bulkjob.StatusEQ(bulkjob.StatusCANCELED), bulkjob.StartedAtIsNil())
}
