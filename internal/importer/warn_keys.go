package importer

import (
	"context"
	"homeroom/internal/viewer"
	"slices"
	"time"
)

// unclaimedFor is how long a job waits for a server with its key before the log
// says so.
const unclaimedFor = time.Hour

// warnOfOtherKeys tells the operator, once for each job, of jobs that wait for a
// server with another secret key. Only somebody who starts one can help them.
func (s sweeping) warnOfOtherKeys(ctx context.Context) error {
	jobs, err := s.queue.runnable(viewer.AsSystem(ctx, "look for jobs with another key"))
	if err != nil {
		return err
	}
	before := s.now().Add(-unclaimedFor)
	for _, job := range jobs {
		since := job.CreatedAt
		for _, at := range []*time.Time{job.StartedAt, job.LeaseUntil} {
			if at != nil && at.After(since) {
				since = *at
			}
		}
		if s.vault.opens(job) || since.After(before) || !s.firstWarning(job.ID) {
			continue
		}
		s.log.WarnContext(ctx, "a job waits for a server with another secret key; give this one the key that the file was uploaded with as an old key (--old-secret-keys), or cancel the job",
			"job", job.ID, "status", job.Status, "since", since, "key", job.KeyPrint, "own", s.vault.print)
	}
	return nil
}

func (s sweeping) firstWarning(jobID int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.Contains(s.warned, jobID) {
		return false
	}
	s.warned = append(s.warned, jobID)
	return true
}
