package queue

import (
	"context"
	"slices"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/job/state"
)

// Waiting returns the other job of its district that a job waits for: one of the same
// person, or one in the slot that it needs; see line. It is 0 if the job does not
// wait. The viewer need not see that other job.
func (q *Queue) Waiting(ctx context.Context, job *db.BulkJob) (forID int, err error) {
	before, err := q.WaitingFor(ctx, []*db.BulkJob{job})
	return before[job], err
}

// WaitingFor is Waiting of many jobs. It takes one statement; two if several people
// have submitted waiting jobs; none if no job can be waiting.
func (q *Queue) WaitingFor(ctx context.Context, jobs []*db.BulkJob) (map[*db.BulkJob]int, error) {
	var asked []*db.BulkJob
	var districts []int
	for _, job := range jobs {
		if !slices.Contains(state.AtWork, job.Status) || job.LeaseOwner != "" {
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
	queue, err := q.Runnable(ctx, districts...)
	if err != nil {
		return nil, err
	}
	line := q.line(queue)
	before := make(map[*db.BulkJob]int, len(asked))
	for _, job := range asked {
		before[job] = line[job.ID]
	}
	return before, nil
}
