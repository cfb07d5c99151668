package importer

import (
	"context"
	"maps"
	"time"

	"homeroom/ent/db"
	"homeroom/ent/db/bulkjob"
)

// live is how far a job is that this server works on, as far as the row of the job
// does not tell: what an open transaction has written nobody else sees, and
// passwords are hashed between two of them.
type live struct {
	hashing      bool
	hashed, rows int
	// left is when this server has left the job. Who has read the row of the job
	// before that asks a moment later, and must not be told less than before.
	left time.Time
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
	l.left = time.Time{}
	change(l)
}

// leave notes that this server is no longer at work on a job.
func (s *Service) leave(jobID int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l := s.lives[jobID]; l != nil {
		l.hashing, l.left = false, s.now()
	}
}

// forgetLives forgets jobs that were left some time ago.
func (s *Service) forgetLives() {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.lives, func(_ int, l *live) bool { return !l.left.IsZero() && s.now().Sub(l.left) > sweepEvery/2 })
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
	progresses, err := s.Progresses(ctx, []*db.BulkJob{job})
	return progresses[job], err
}

// Progresses is Progress of many jobs. It takes one statement, or none where the
// rows and this server tell everything.
func (s *Service) Progresses(ctx context.Context, jobs []*db.BulkJob) (map[*db.BulkJob]Progress, error) {
	lives := make(map[*db.BulkJob]live, len(jobs))
	var elsewhere []*db.BulkJob
	for _, job := range jobs {
		if job.Status != bulkjob.StatusPROCESSING {
			continue
		}
		lives[job] = s.liveOf(job.ID)
		here := lives[job] != live{} && lives[job].left.IsZero()
		if !here && job.CommitMode == bulkjob.CommitModeALL_OR_NOTHING {
			elsewhere = append(elsewhere, job)
		}
	}
	var marks map[int]int
	if len(elsewhere) > 0 {
		var err error
		if marks, err = s.marks(ctx, elsewhere...); err != nil {
			return nil, err
		}
	}
	progresses := make(map[*db.BulkJob]Progress, len(jobs))
	for _, job := range jobs {
		progresses[job] = progressWith(job, lives[job], marks[job.ID])
	}
	return progresses, nil
}

// progressWith is ProgressOf with what this server knows, and how many rows the
// mark tells of.
func progressWith(job *db.BulkJob, l live, marked int) Progress {
	if job.Status != bulkjob.StatusPROCESSING {
		return ProgressOf(job)
	}
	now := *job
	now.ProcessedRows = max(now.ProcessedRows, l.rows, marked)
	now.HashedPasswords = min(max(now.HashedPasswords, l.hashed), now.Passwords)
	p := ProgressOf(&now)
	if l.hashing {
		p.Phase = HashingPasswords
	}
	return p
}
