// Package progress reports how far jobs have come.
package progress

import (
	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/job/state"
)

// Progress is how far a job is.
type Progress struct {
	ProcessedRows, TotalRows int
	Percent                  float64
	// Phase is what the job is doing at this moment; it is empty while the job waits for a
	// person, and after it has ended.
	Phase Phase
	// HashedPasswords is how many of TotalPasswords, the passwords that the job sets, have
	// been hashed. That takes by far the longest.
	HashedPasswords, TotalPasswords int
}

// Phase is a part of the work on a job.
type Phase string

// The phases, by the names that the API uses.
const (
	Verifying        Phase = "VERIFYING"
	HashingPasswords Phase = "HASHING_PASSWORDS"
	Writing          Phase = "WRITING"
	UndoingRows      Phase = "UNDOING"
)

// ProgressOf returns the progress of a job. The rows are those of its present phase:
// checked, written, or put back.
//
// The percentage covers the whole job and never goes back. Checking takes it to 50, where
// it waits for a person. Writing continues from there, and it reaches 100 only when
// everything is done. A job that failed or was canceled stays where it was, below 100. An
// undo goes from 0 to 100 again.
func ProgressOf(job *db.BulkJob) Progress {
	p := Progress{
		ProcessedRows:   job.ProcessedRows,
		TotalRows:       job.TotalRows,
		HashedPasswords: job.HashedPasswords,
		TotalPasswords:  job.Passwords,
	}
	checked, written := part(job.VerifiedRows, job.TotalRows)/2, part(job.ProcessedRows, job.TotalRows)/2
	if state.HoldsUndo(job) {
		p.Percent = 100
		return p
	}
	switch job.Status {
	case bulkjob.StatusVERIFYING:
		p.Phase = Verifying
		p.ProcessedRows = job.VerifiedRows
		p.Percent = min(checked, 49.9)
	case bulkjob.StatusREADY, bulkjob.StatusHELD:
		p.Percent = 50
	case bulkjob.StatusPROCESSING:
		p.Phase = Writing
		if job.HashedPasswords < job.Passwords && (job.CommitMode == bulkjob.CommitModeALL_OR_NOTHING ||
			job.ProcessedRows == 0 && job.HashedPasswords > 0) {
			p.Phase = HashingPasswords
		}
		p.Percent = min(50+written, 99.9)
	case bulkjob.StatusUNDOING:
		p.Phase = UndoingRows
		p.ProcessedRows, p.TotalRows = job.UndoneRows+job.KeptRows, state.WrittenRows(job)
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
