package importer

import (
	"context"

	"homeroom/ent/db"
	"homeroom/ent/db/bulkjob"
	"homeroom/ent/db/bulkjobmark"
	"homeroom/internal/database"
	"homeroom/internal/viewer"
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

// Progress is ProgressOf with what only the server at work knows. Other servers on
// MySQL read it in the job's mark. On SQLite, which has one writer, another process
// sees a job that is all or nothing stand still until it is done.
func (s *Service) Progress(ctx context.Context, job *db.BulkJob) (Progress, error) {
	now := *job
	l := s.liveOf(job.ID)
	if job.Status == bulkjob.StatusPROCESSING {
		now.ProcessedRows = max(now.ProcessedRows, l.rows)
		now.HashedPasswords = min(max(now.HashedPasswords, l.hashed), now.Passwords)
		if l == (live{}) && job.CommitMode == bulkjob.CommitModeALL_OR_NOTHING && s.db.Kind() == database.MySQL {
			rows, err := s.db.Client(ctx).BulkJobMark.Query().Where(bulkjobmark.JobID(job.ID)).Select(bulkjobmark.FieldRows).
				Ints(viewer.AsSystem(ctx, "how far a job is that the viewer sees"))
			if err != nil {
				return Progress{}, err
			}
			if len(rows) > 0 {
				now.ProcessedRows = max(now.ProcessedRows, rows[0])
			}
		}
	}
	p := ProgressOf(&now)
	if job.Status == bulkjob.StatusPROCESSING && l.hashing {
		p.Phase = HashingPasswords
	}
	return p, nil
}

// placeMark makes room for the mark of a job before its one transaction begins:
// later a new row would wait for the lock on the job.
func (s *Service) placeMark(ctx context.Context, h *held) error {
	if s.db.Kind() != database.MySQL {
		return nil
	}
	return s.inFence(ctx, h, func(ctx context.Context, client *db.Client) error {
		there, err := client.BulkJobMark.Query().Where(bulkjobmark.JobID(h.job.ID)).Exist(viewer.AsSystem(ctx, "mark of a job"))
		if err != nil || there {
			return err
		}
		return insertRows(ctx, client, "bulk_job_marks", "created_at, job_id, `rows`", [][]any{{s.instant(), h.job.ID, 0}})
	})
}

// mark tells everybody how far the open transaction of a job is. outside is a
// context without that transaction. It is worth no error: the next mark tells more.
func (s *Service) mark(outside context.Context, h *held, rows int) {
	s.noteLive(h.job.ID, func(l *live) { l.rows = max(l.rows, rows) })
	if s.db.Kind() != database.MySQL {
		return
	}
	err := s.db.InTx(outside, func(ctx context.Context, client *db.Client) error {
		_, err := client.ExecContext(ctx, "UPDATE bulk_job_marks SET `rows` = ? WHERE job_id = ? AND `rows` < ?", rows, h.job.ID, rows)
		return err
	})
	if err != nil && outside.Err() == nil {
		s.log.WarnContext(outside, "the progress of a job could not be told", "job", h.job.ID, "error", err)
	}
}
