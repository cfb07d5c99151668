package importer

import (
	"context"
	"slices"

	"homeroom/ent/db"
)

// Waiting says whether a job waits for another one of its district, because one at
// a time changes a district, and for which one: the one at work, or else the first
// in order. The viewer need not see that job.
func (s *Service) Waiting(ctx context.Context, job *db.BulkJob) (waits bool, forID int, err error) {
	if !slices.Contains(worked, job.Status) || job.LeaseOwner != "" {
		return false, 0, nil
	}
	jobs, err := s.runnable(ctx, job.DistrictID)
	if err != nil {
		return false, 0, err
	}
	for _, other := range jobs {
		if other.ID != job.ID && s.busy([]*db.BulkJob{other}, job.DistrictID) {
			return true, other.ID, nil
		}
	}
	if len(jobs) > 0 && jobs[0].ID < job.ID {
		return true, jobs[0].ID, nil
	}
	return false, 0, nil
}
