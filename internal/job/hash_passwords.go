package job

import (
	"context"
	"runtime"
	"sync"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/job/progress"
	"github.com/openhomeroom/homeroom/internal/job/queue"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/vault"
)

// hashPasswords hashes the new passwords of rows on all cores, except those that are
// already hashed. Hashing is slow on purpose, so no transaction may be open meanwhile.
func (s writing) hashPasswords(ctx context.Context, job *db.BulkJob, rows []*row.Planned) error {
	sealed, err := s.vault.SealOf(job.ID, vault.ForPasswords)
	if err != nil {
		return err
	}
	var plain []*row.Planned
	for _, r := range rows {
		switch {
		case len(r.Plan.Password) == 0:
		case r.Plan.Hashed:
			hash, err := sealed.Open(r.Row, r.Plan.Password)
			if err != nil {
				return err
			}
			r.Hash, r.HashedAhead = string(hash), true
		default:
			plain = append(plain, r)
		}
	}
	if len(plain) == 0 {
		return nil
	}
	s.meter.NoteLive(job.ID, func(l *progress.Live) { l.Hashing, l.Hashed = true, max(l.Hashed, job.HashedPasswords) })
	defer s.meter.NoteLive(job.ID, func(l *progress.Live) { l.Hashing = false })
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	work := make(chan *row.Planned)
	var all sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for r := range work {
				password, err := sealed.Open(r.Row, r.Plan.Password)
				if err == nil {
					r.Hash, err = s.hash(ctx, string(password))
				}
				if err != nil {
					cancel(err)
					continue
				}
				s.meter.NoteLive(job.ID, func(l *progress.Live) { l.Hashed++ })
			}
		})
	}
	for _, r := range plain {
		if ctx.Err() == nil {
			work <- r
		}
	}
	close(work)
	all.Wait()
	return context.Cause(ctx)
}

// allHashes hashes the passwords of a whole job, by row.
func (s writing) allHashes(ctx context.Context, h *queue.Lease) (map[int]string, error) {
	job := h.Job
	hashes := map[int]string{}
	for behind := 0; ; {
		b, err := s.nextBatch(ctx, job, behind)
		if err != nil || len(b.Rows) == 0 {
			return hashes, err
		}
		if err := s.hashPasswords(ctx, job, b.Rows); err != nil {
			return nil, err
		}
		for _, r := range b.Rows {
			if r.Hash != "" {
				hashes[r.Row] = r.Hash
			}
		}
		err = s.queue.InFence(ctx, h, func(ctx context.Context, client *db.Client) error {
			_, err := client.ExecContext(ctx, "UPDATE bulk_jobs SET hashed_passwords = ? WHERE id = ? AND hashed_passwords < ?",
				len(hashes), job.ID, len(hashes))
			return err
		})
		if err != nil {
			return nil, err
		}
		behind = b.Last().Row
	}
}
