package importer

import (
	"slices"

	"homeroom/ent/db"
	"homeroom/ent/db/bulkjob"
)

// The statuses by what they ask for.
var (
	// worked are those that wait for a server.
	worked = []bulkjob.Status{bulkjob.StatusVERIFYING, bulkjob.StatusPROCESSING, bulkjob.StatusUNDOING}
	// cancelable are those that a person may end.
	cancelable = []bulkjob.Status{bulkjob.StatusVERIFYING, bulkjob.StatusREADY, bulkjob.StatusHELD, bulkjob.StatusPROCESSING}
	// undoable are those of which something may have been written.
	undoable = []bulkjob.Status{bulkjob.StatusCOMPLETED, bulkjob.StatusCOMPLETED_WITH_ERRORS, bulkjob.StatusCANCELED}
	finished = []bulkjob.Status{bulkjob.StatusCOMPLETED, bulkjob.StatusCOMPLETED_WITH_ERRORS, bulkjob.StatusFAILED,
		bulkjob.StatusCANCELED, bulkjob.StatusUNDONE, bulkjob.StatusPARTIALLY_UNDONE}
)

// Finished reports whether a job moves no more unless a person wants it to.
func Finished(status bulkjob.Status) bool { return slices.Contains(finished, status) }

// writtenRows are the rows of a job that have changed something, or will.
func writtenRows(job *db.BulkJob) int { return job.Created + job.Updated + job.Deleted }
