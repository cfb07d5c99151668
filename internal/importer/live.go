package importer

import (
	"context"

	"homeroom/ent/db"
	"homeroom/ent/db/bulkjob"
)

// live is how far a job is that this server works on, as far as the row of the job
// does not tell: what an open transaction has written nobody else sees, and
// passwords are hashed between two of them.
type live struct {
	hashing      bool
	hashed, rows int
}

// noteLive changes what is known of a job that this server works on. What is noted
// only grows, also where a transaction begins anew.
func (s *Service) noteLive(jobID int, change func(*live)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.lives[jobID]
	if l == nil {
		l = &live{}
		s.lives[jobID] = l
	}
	change(l)
}

func (s *Service) liveOf(jobID int) live {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l := s.lives[jobID]; l != nil {
		return *l
	}
	return live{}
}

// Progress is ProgressOf with what the row of the job does not tell. Of a job that
// is all or nothing other processes, and this one after a crash, read in its mark
// how far it was.
func (s *Service) Progress(ctx context.Context, job *db.BulkJob) (Progress, error) {
	now := *job
	l := s.liveOf(job.ID)
	if job.Status == bulkjob.StatusPROCESSING {
		now.ProcessedRows = max(now.ProcessedRows, l.rows)
		now.HashedPasswords = min(max(now.HashedPasswords, l.hashed), now.Passwords)
		if l == (live{}) && job.CommitMode == bulkjob.CommitModeALL_OR_NOTHING {
			marks, err := s.marks(ctx, job)
			if err != nil {
				return Progress{}, err
			}
			now.ProcessedRows = max(now.ProcessedRows, marks[job.ID])
		}
	}
	p := ProgressOf(&now)
	if job.Status == bulkjob.StatusPROCESSING && l.hashing {
		p.Phase = HashingPasswords
	}
	return p, nil
}
