package progress

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjobmark"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
	"github.com/openhomeroom/homeroom/internal/job/queue"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// PlaceMark makes room for the mark of a job before its one transaction begins, and
// finds out how far somebody has been with it who was stopped.
func (t *Meter) PlaceMark(ctx context.Context, h *queue.Lease) error {
	err := t.queue.InFence(ctx, h, func(ctx context.Context, client *db.Client) error {
		if t.DB.Kind() != database.SQLite {
			// In the transaction a new row would wait for the lock on the job.
			return t.keepMark(ctx, client, h.Job.ID, 0)
		}
		// The file holds one mark. The mark of a job that will continue later is kept.
		m := t.markInFile()
		if m == nil || m.jobID == h.Job.ID {
			return nil
		}
		job, err := client.BulkJob.Get(viewer.AsSystem(ctx, "mark of a job"), m.jobID)
		if db.IsNotFound(err) || err == nil && !m.isOf(job) {
			return nil
		}
		if err != nil {
			return err
		}
		return t.keepMark(ctx, client, job.ID, m.rows)
	})
	if err != nil {
		return err
	}
	reached, err := t.Reached(ctx, h.Job)
	t.NoteLive(h.Job.ID, func(l *Live) { l.rows = max(l.rows, reached) })
	return err
}

// keepMark writes a mark into the database.
func (t *Meter) keepMark(ctx context.Context, client *db.Client, jobID, rows int) error {
	there, err := client.BulkJobMark.Query().Where(bulkjobmark.JobID(jobID)).Exist(viewer.AsSystem(ctx, "mark of a job"))
	switch {
	case err != nil:
		return err
	case !there:
		return bulk.Insert(ctx, client, "bulk_job_marks", "created_at, job_id, `rows`", [][]any{{t.Instant(), jobID, rows}})
	}
	_, err = client.ExecContext(ctx, "UPDATE bulk_job_marks SET `rows` = ? WHERE job_id = ? AND `rows` < ?",
		rows, jobID, rows)
	return err
}

// Mark shows everybody how far the open transaction of a job has come. It first stores
// that where it outlives this process, so that nobody sees progress that could be
// lost. outside is a context without that transaction. A failure is not worth an
// error: the next mark says more.
func (t *Meter) Mark(outside context.Context, h *queue.Lease, rows int) {
	rows = max(rows, t.liveOf(h.Job.ID).rows)
	var err error
	if t.DB.Kind() == database.SQLite {
		err = t.writeMarkFile(h.Job, rows)
	} else {
		err = t.DB.InTx(outside, func(ctx context.Context, client *db.Client) error {
			_, err := client.ExecContext(ctx, "UPDATE bulk_job_marks SET `rows` = ? WHERE job_id = ? AND `rows` < ?",
				rows, h.Job.ID, rows)
			return err
		})
	}
	switch {
	case err == nil:
		t.NoteLive(h.Job.ID, func(l *Live) { l.rows = rows })
	case outside.Err() == nil:
		t.log.WarnContext(outside, "the progress of a job could not be told", "job", h.Job.ID, "error", err)
	}
}

// Reached is how many rows of a job anybody has been shown as dealt with, though
// the transaction that dealt with them may have been given up.
func (t *Meter) Reached(ctx context.Context, job *db.BulkJob) (int, error) {
	marks, err := t.marks(ctx, job)
	return max(job.ProcessedRows, marks[job.ID], t.liveOf(job.ID).rows), err
}

// marks returns the marks of jobs that have one.
func (t *Meter) marks(ctx context.Context, jobs ...*db.BulkJob) (map[int]int, error) {
	ids := make([]int, len(jobs))
	for i, j := range jobs {
		ids[i] = j.ID
	}
	list, err := t.DB.Client(ctx).BulkJobMark.Query().Where(bulkjobmark.JobIDIn(ids...)).
		All(viewer.AsSystem(ctx, "how far jobs are that the viewer sees"))
	if err != nil {
		return nil, err
	}
	rows := map[int]int{}
	for _, m := range list {
		rows[m.JobID] = m.Rows
	}
	if m := t.markInFile(); m != nil {
		for _, j := range jobs {
			if m.isOf(j) {
				rows[j.ID] = max(rows[j.ID], m.rows)
			}
		}
	}
	return rows, nil
}

// fileMark is the mark of the one job whose transaction is open in an SQLite file,
// during which nothing else can be written there. It is a small file beside the
// database that is replaced as a whole, so a killed process leaves either the old one
// or the new one.
type fileMark struct {
	jobID   int
	created int64 // In microseconds, because a database can be replaced by one that counts its jobs anew.
	rows    int
}

const fileMarkFormat = "job %d of %d: %d rows\n"

func (m *fileMark) isOf(job *db.BulkJob) bool {
	return m.jobID == job.ID && m.created == job.CreatedAt.UnixMicro()
}

// markFile is empty if the database is not a file.
func (t *Meter) markFile() string {
	if f := t.DB.File(); f != "" {
		return f + "-progress"
	}
	return ""
}

func (t *Meter) writeMarkFile(job *db.BulkJob, rows int) error {
	name := t.markFile()
	text := fmt.Sprintf(fileMarkFormat, job.ID, job.CreatedAt.UnixMicro(), rows)
	// One that a process has left which was killed may be older, and open to others.
	if err := os.Remove(name + ".new"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.WriteFile(name+".new", []byte(text), 0o600); err != nil {
		return err
	}
	return os.Rename(name+".new", name)
}

// markInFile returns nil if there is none.
func (t *Meter) markInFile() *fileMark {
	name := t.markFile()
	if name == "" {
		return nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil
	}
	m := &fileMark{}
	if _, err := fmt.Sscanf(string(text), fileMarkFormat, &m.jobID, &m.created, &m.rows); err != nil {
		return nil
	}
	return m
}
