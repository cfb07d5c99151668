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
func keyPrint(key []byte) string {
	print, err := hkdf.Key(sha256.New, key, nil, "homeroom bulk job key print", printLength/2)
	if err != nil {
		panic(err) // Only a length beyond what the hash gives is an error.
	}
	return hex.EncodeToString(print)
}

// printLength is the length of a print in hexadecimal.
const printLength = 16

// The print of a job is that of the key with which its file, rows and passwords are
// encrypted. Where a server with a newer key has written to the job, the print of that
// key stands in front of the other one, until Reseal has encrypted everything with it:
// a server that has only one of the keys leaves the job alone.

// split returns the print of the key that a job is written with, and that of the key
// which is still needed to read it, or nothing.
func split(print string) (written, needed string) {
	if len(print) <= printLength {
		return print, ""
	}
	return print[:printLength], print[printLength:]
}

// reads reports whether this server has every key of a job.
func (s *Service) reads(job *db.BulkJob) bool {
	written, needed := split(job.KeyPrint)
	return (written == "" || s.keys[written] != nil) && (needed == "" || s.keys[needed] != nil)
}

// readable are the prints of jobs that this server reads.
func (s *Service) readable() []string {
	prints := []string{""}
	for a := range s.keys {
		prints = append(prints, a)
		for b := range s.keys {
			if a != b {
				prints = append(prints, a+b)
			}
		}
	}
	return prints
}

// opens reports whether this server can work on a job: it has the keys, and what it
// writes, with its own key, can be told in the print of the job. An undo needs no key.
func (s *Service) opens(job *db.BulkJob) bool {
	written, needed := split(job.KeyPrint)
	return job.Status == bulkjob.StatusUNDOING || s.reads(job) && (needed == "" || written == s.print)
}

// adopted is the print of a job that this server writes to.
func (s *Service) adopted(print string) string {
	written, needed := split(print)
	if written == "" || written == s.print || needed != "" || s.keys[written] == nil {
		return print
	}
	return s.print + written
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
		s.log.WarnContext(ctx, "a job waits for a server with another secret key; give this one the key that the file was uploaded with as an old key (--old-secret-keys), or cancel the job",
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
