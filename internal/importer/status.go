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

// Progress is how far a job is.
type Progress struct {
	ProcessedRows, TotalRows int
	Percent                  float64
}

// ProgressOf says how far a job is. The rows are those of what it is doing: that
// have been checked while it is verified, that have been dealt with while it is
// processed, that have been put back while it is undone.
//
// The percentage is that of its life and never goes back: checking takes it to
// 50, where it waits for a person, writing takes it on, and it is at 100 only
// when everything is done. A job that failed or was canceled stays where it was,
// below 100. An undo is a new beginning, from 0 to 100.
func ProgressOf(job *db.BulkJob) Progress {
	p := Progress{ProcessedRows: job.ProcessedRows, TotalRows: job.TotalRows}
	checked, written := part(job.VerifiedRows, job.TotalRows)/2, part(job.ProcessedRows, job.TotalRows)/2
	switch job.Status {
	case bulkjob.StatusVERIFYING:
		p.ProcessedRows = job.VerifiedRows
		p.Percent = min(checked, 49.9)
	case bulkjob.StatusREADY, bulkjob.StatusHELD:
		p.Percent = 50
	case bulkjob.StatusPROCESSING:
		p.Percent = min(50+written, 99.9)
	case bulkjob.StatusUNDOING:
		p.ProcessedRows, p.TotalRows = job.UndoneRows+job.KeptRows, writtenRows(job)
		p.Percent = min(part(p.ProcessedRows, p.TotalRows), 99.9)
	case bulkjob.StatusFAILED, bulkjob.StatusCANCELED:
		p.Percent = checked
		if job.StartedAt != nil {
			p.Percent = min(50+written, 99.9)
		}
	default:
		p.Percent = 100
	}
	return p
}

// part is n of all in percent.
func part(n, all int) float64 {
	if all <= 0 {
		return 0
	}
	return min(100, 100*float64(n)/float64(all))
}

// writtenRows are the rows of a job that have changed something, or will.
func writtenRows(job *db.BulkJob) int { return job.Created + job.Updated + job.Deleted }
