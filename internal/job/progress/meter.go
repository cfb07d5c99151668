package progress

import (
	"context"
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/job/queue"
	"github.com/openhomeroom/homeroom/internal/job/row"
)

// Live is the progress of a job that this server works on, as far as the row of the job
// does not show it: no other process sees what an open transaction has written, and
// passwords are hashed between two transactions.
type Live struct {
	Hashing      bool
	Hashed, rows int
	// left is when this server left the job. Somebody who read the row of the job before
	// that, and asks a moment later, must not see less progress than before.
	left time.Time
}

// Meter knows how far jobs are.
type Meter struct {
	row.Env
	queue *queue.Queue
	log   *slog.Logger

	mu sync.Mutex
	// lives holds, for each job that this server works on, how far it is.
	lives map[int]*Live
}

// NewMeter returns the meter of a server.
func NewMeter(e row.Env, q *queue.Queue, log *slog.Logger) *Meter {
	return &Meter{Env: e, queue: q, log: log, lives: map[int]*Live{}}
}

// NoteLive changes what is known of a job that this server works on. The values only
// grow, even if a transaction starts again.
func (t *Meter) NoteLive(jobID int, change func(*Live)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := t.lives[jobID]
	if l == nil {
		l = &Live{}
		t.lives[jobID] = l
	}
	l.left = time.Time{}
	change(l)
}

// Leave notes that this server is no longer at work on a job.
func (t *Meter) Leave(jobID int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if l := t.lives[jobID]; l != nil {
		l.Hashing, l.left = false, t.Now()
	}
}

// ForgetLives forgets jobs that were left longer ago than that.
func (t *Meter) ForgetLives(after time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	maps.DeleteFunc(t.lives, func(_ int, l *Live) bool { return !l.left.IsZero() && t.Now().Sub(l.left) > after })
}

func (t *Meter) liveOf(jobID int) Live {
	t.mu.Lock()
	defer t.mu.Unlock()
	if l := t.lives[jobID]; l != nil {
		return *l
	}
	return Live{}
}

// Progress is ProgressOf together with what the row of the job does not show. For a job
// that is all or nothing, other processes, and this one after a crash, read the progress
// from its mark.
func (t *Meter) Progress(ctx context.Context, job *db.BulkJob) (Progress, error) {
	progresses, err := t.Progresses(ctx, []*db.BulkJob{job})
	return progresses[job], err
}

// Progresses is Progress of many jobs. It takes one statement, or none if the rows and
// this server know everything.
func (t *Meter) Progresses(ctx context.Context, jobs []*db.BulkJob) (map[*db.BulkJob]Progress, error) {
	lives := make(map[*db.BulkJob]Live, len(jobs))
	var elsewhere []*db.BulkJob
	for _, job := range jobs {
		if job.Status != bulkjob.StatusPROCESSING {
			continue
		}
		lives[job] = t.liveOf(job.ID)
		here := lives[job] != Live{} && lives[job].left.IsZero()
		if !here && job.CommitMode == bulkjob.CommitModeALL_OR_NOTHING {
			elsewhere = append(elsewhere, job)
		}
	}
	var marks map[int]int
	if len(elsewhere) > 0 {
		var err error
		if marks, err = t.marks(ctx, elsewhere...); err != nil {
			return nil, err
		}
	}
	progresses := make(map[*db.BulkJob]Progress, len(jobs))
	for _, job := range jobs {
		progresses[job] = progressWith(job, lives[job], marks[job.ID])
	}
	return progresses, nil
}

// progressWith is ProgressOf together with what this server knows, and the number of rows
// in the mark.
func progressWith(job *db.BulkJob, l Live, marked int) Progress {
	if job.Status != bulkjob.StatusPROCESSING {
		return ProgressOf(job)
	}
	now := *job
	now.ProcessedRows = max(now.ProcessedRows, l.rows, marked)
	now.HashedPasswords = min(max(now.HashedPasswords, l.Hashed), now.Passwords)
	p := ProgressOf(&now)
	if l.Hashing {
		p.Phase = HashingPasswords
	}
	return p
}
