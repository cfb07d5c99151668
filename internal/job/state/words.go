package state

import (
	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
)

// InWords says what a job is doing, for people who asked it for something else.
var InWords = map[bulkjob.Status]string{
	bulkjob.StatusVERIFYING:             "is still being checked",
	bulkjob.StatusREADY:                 "is waiting to be started",
	bulkjob.StatusPROCESSING:            "has been started already",
	bulkjob.StatusCOMPLETED:             "has been completed already",
	bulkjob.StatusCOMPLETED_WITH_ERRORS: "has been completed already, with some rows refused",
	bulkjob.StatusFAILED:                "has failed, and nothing was written",
	bulkjob.StatusHELD:                  "waits for another administrator to approve it",
	bulkjob.StatusCANCELED:              "has been canceled",
	bulkjob.StatusUNDOING:               "is being undone",
	bulkjob.StatusUNDONE:                "has been undone",
	bulkjob.StatusPARTIALLY_UNDONE:      "has been undone as far as possible",
}

// HoldsUndo reports whether a job is on hold because of its undo. Everything that it has
// written is still there, as in the state to which it returns if nobody approves.
func HoldsUndo(job *db.BulkJob) bool {
	return job.Status == bulkjob.StatusHELD && job.HeldFor != nil && *job.HeldFor == bulkjob.HeldForUNDO
}

// What has been removed from a job.
const (
	ForgottenNothing int8 = iota
	// forgottenImages: what the rows replaced, old password hashes among it, and the
	// cells of refused rows.
	ForgottenImages
	// forgottenRows: rows and problems, too; the counts stay.
	ForgottenRows
)
