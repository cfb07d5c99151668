package importer

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"homeroom/ent/db"
	"homeroom/ent/db/bulkjob"
	"homeroom/internal/viewer"
)

// unclaimedFor is how long a job waits for a server with its key before the log
// says so.
const unclaimedFor = time.Hour

// keyPrint is a fingerprint of the secret key: enough to tell two keys apart, and
// nothing from which one could be found.
func keyPrint(key []byte) (string, error) {
	print, err := hkdf.Key(sha256.New, key, nil, "homeroom bulk job key print", 8)
	return hex.EncodeToString(print), err
}

// opens reports whether this server can work on a job: its file and passwords
// are encrypted with this server's key. An undo needs no key.
func (s *Service) opens(job *db.BulkJob) bool {
	return job.KeyPrint == s.print || job.KeyPrint == "" || job.Status == bulkjob.StatusUNDOING
}

// warnOfOtherKeys tells the operator, once for each job, of jobs that wait for a
// server with another secret key. Only somebody who starts one can help them.
func (s *Service) warnOfOtherKeys(ctx context.Context) error {
	jobs, err := s.runnable(viewer.AsSystem(ctx, "look for jobs with another key"))
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
		if s.opens(job) || since.After(before) || !s.firstWarning(job.ID) {
			continue
		}
		s.log.WarnContext(ctx, "a job waits for a server with another secret key; start one with the key that the file was uploaded with, or cancel the job",
			"job", job.ID, "status", job.Status, "since", since, "key", job.KeyPrint, "own", s.print)
	}
	return nil
}

func (s *Service) firstWarning(jobID int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.Contains(s.warned, jobID) {
		return false
	}
	s.warned = append(s.warned, jobID)
	return true
}
