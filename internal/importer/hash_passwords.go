package importer

import (
	"context"
	"runtime"
	"slices"
	"sync"

	"homeroom/ent/db"
)

// hashPasswords hashes the new passwords of rows on all cores. It takes so long
// on purpose that no transaction may be open meanwhile.
func (s writing) hashPasswords(ctx context.Context, job *db.BulkJob, rows []*plannedRow) error {
	sealed, err := s.vault.sealOf(job.ID, forPasswords)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(rows, func(r *plannedRow) bool { return len(r.plan.Password) > 0 }) {
		return nil
	}
	s.meter.noteLive(job.ID, func(l *live) { l.hashing, l.hashed = true, max(l.hashed, job.HashedPasswords) })
	defer s.meter.noteLive(job.ID, func(l *live) { l.hashing = false })
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	work := make(chan *plannedRow)
	var all sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for r := range work {
				password, err := sealed.open(r.Row, r.plan.Password)
				if err == nil {
					r.hash, err = s.hash(ctx, string(password))
				}
				if err != nil {
					cancel(err)
					continue
				}
				s.meter.noteLive(job.ID, func(l *live) { l.hashed++ })
			}
		})
	}
	for _, r := range rows {
		if len(r.plan.Password) > 0 && ctx.Err() == nil {
			work <- r
		}
	}
	close(work)
	all.Wait()
	return context.Cause(ctx)
}

// allHashes hashes the passwords of a whole job, by row.
func (s writing) allHashes(ctx context.Context, h *held) (map[int]string, error) {
	job := h.job
	hashes := map[int]string{}
	for behind := 0; ; {
		b, err := s.nextBatch(ctx, job, behind)
		if err != nil || len(b.rows) == 0 {
			return hashes, err
		}
		if err := s.hashPasswords(ctx, job, b.rows); err != nil {
			return nil, err
		}
		for _, r := range b.rows {
			if r.hash != "" {
				hashes[r.Row] = r.hash
			}
		}
		err = s.queue.inFence(ctx, h, func(ctx context.Context, client *db.Client) error {
			_, err := client.ExecContext(ctx, "UPDATE bulk_jobs SET hashed_passwords = ? WHERE id = ? AND hashed_passwords < ?", len(hashes), job.ID, len(hashes))
			return err
		})
		if err != nil {
			return nil, err
		}
		behind = b.last().Row
	}
}
