package importer

import (
	"context"
	"slices"

	"homeroom/ent/db"
)

// Waiting says which other job of its district a job waits for, because one at a
// time changes a district: the one at work, or else the first in order. It is 0
// where the job does not wait. The viewer need not see that job.
func (q *queue) Waiting(ctx context.Context, job *db.BulkJob) (forID int, err error) {
	before, err := q.WaitingFor(ctx, []*db.BulkJob{job})
	return before[job], err
}

// WaitingFor is Waiting of many jobs. It takes one statement, two where several people
// have submitted what waits, or none where no job can be waiting.
func (q *queue) WaitingFor(ctx context.Context, jobs []*db.BulkJob) (map[*db.BulkJob]int, error) {
	var asked []*db.BulkJob
	var districts []int
	for _, job := range jobs {
		if !slices.Contains(worked, job.Status) || job.LeaseOwner != "" {
			continue
		}
		asked = append(asked, job)
		if !slices.Contains(districts, job.DistrictID) {
			districts = append(districts, job.DistrictID)
		}
	}
	if len(asked) == 0 {
		return nil, nil
	}
	queue, err := q.runnable(ctx, districts...)
	if err != nil {
		return nil, err
	}
	before := make(map[*db.BulkJob]int, len(asked))
	for _, job := range asked {
		before[job] = q.before(job, queue)
	}
	return before, nil
}

// before returns which of the jobs in order comes before one, or 0.
func (q *queue) before(job *db.BulkJob, queue []*db.BulkJob) int {
	first, reached := 0, false
	for _, other := range queue {
		if other.ID == job.ID {
			reached = true
			continue
		}
		if other.DistrictID != job.DistrictID {
			continue
		}
		if q.busy([]*db.BulkJob{other}, job.DistrictID) {
			return other.ID
		}
		if first == 0 && !reached {
			first = other.ID
		}
	}
	return first
}
