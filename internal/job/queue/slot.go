package queue

import (
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
)

// slot is what a job occupies in its district while a server works on it. A check only
// reads the roster, and its result is compared with the roster again before it is
// written. So checks run beside each other and beside a job that is being written.
type slot int

const (
	// writeSlot is that of a job that is written or undone. One job at a time keeps two
	// files from undoing each other half and half.
	writeSlot slot = iota
	// longSlot and shortSlot are for checks. Short checks have their own slots, so that
	// large files, however many, never make a small one wait.
	longSlot
	shortSlot
	// hashSlot is that of a job with many passwords that are hashed before it is written.
	hashSlot
	slotKinds
)

// slotsOf is how many slots of a kind a district has. A long check holds in memory
// what its file has spoken of, so that there are few of them.
var slotsOf = [slotKinds]int{writeSlot: 1, longSlot: 2, shortSlot: 4, hashSlot: 2}

const (
	// shortBytes, shortRows and shortPasswords are the most that a job may have to
	// count as a short one: a second or two on two cores.
	shortBytes     = 256 << 10
	shortRows      = 10_000
	shortPasswords = 100
	// ShortTime is the CPU time after which the check of a small file is ended, to be
	// done as that of a large one: a workbook unpacks to a multiple of its size.
	ShortTime = 5 * time.Second
)

// IsLong reports whether a job may take longer than others should wait for it.
func IsLong(job *db.BulkJob) bool {
	return job.Slow != 0 || job.FileBytes > shortBytes || job.TotalRows > shortRows ||
		job.Status == bulkjob.StatusPROCESSING && job.Passwords > shortPasswords
}

// HashesFirst reports whether a job that has been started has so many passwords to hash
// that others should not wait for it. It has written nothing, and gets its turn to write
// when all are hashed.
func HashesFirst(job *db.BulkJob) bool {
	return job.Status == bulkjob.StatusPROCESSING && job.ProcessedRows == 0 && job.Passwords > shortPasswords &&
		job.HashedPasswords < job.Passwords
}

// slotOf is the slot that a job takes.
func slotOf(job *db.BulkJob) slot {
	switch {
	case HashesFirst(job):
		return hashSlot
	case job.Status != bulkjob.StatusVERIFYING:
		return writeSlot
	case IsLong(job):
		return longSlot
	default:
		return shortSlot
	}
}

// isAtWork reports whether a server works on a job, or keeps others from it for a
// moment.
func (q *Queue) isAtWork(job *db.BulkJob) bool {
	return job.LeaseUntil != nil && job.LeaseUntil.After(q.Now())
}

// line returns, for each job in order, the other job of its district that it waits
// for, or 0 if it is running or may begin. The jobs of one person run one after the
// other, and each needs a slot. Jobs that this server cannot open keep nobody waiting.
func (q *Queue) line(jobs []*db.BulkJob) map[int]int {
	type district struct {
		taken  [slotKinds][]int
		people map[int]int
	}
	districts := map[int]*district{}
	of := func(job *db.BulkJob) *district {
		if districts[job.DistrictID] == nil {
			districts[job.DistrictID] = &district{people: map[int]int{}}
		}
		return districts[job.DistrictID]
	}
	take := func(job *db.BulkJob) {
		d, at := of(job), slotOf(job)
		d.taken[at], d.people[job.SubmittedBy] = append(d.taken[at], job.ID), job.ID
	}
	for _, job := range jobs {
		if q.isAtWork(job) {
			take(job)
		}
	}
	before := make(map[int]int, len(jobs))
	for _, job := range jobs {
		if q.isAtWork(job) || !q.vault.Opens(job) {
			continue
		}
		d, at := of(job), slotOf(job)
		switch own := d.people[job.SubmittedBy]; {
		case own != 0:
			before[job.ID] = own
		case len(d.taken[at]) >= slotsOf[at]:
			before[job.ID] = d.taken[at][0]
			d.people[job.SubmittedBy] = job.ID
		default:
			take(job)
		}
	}
	return before
}
