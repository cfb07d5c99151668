package job

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/job/queue"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/vault"
)

// hashAhead hashes the passwords of a job that has many, and then gives the job back.
// It writes nothing to the roster, so other jobs of the district can be written
// meanwhile. The encrypted hash replaces the password of a row, so nothing is hashed
// again if the server ends, and no password is stored longer than necessary.
func (s writing) hashAhead(ctx context.Context, h *queue.Lease) error {
	job := h.Job
	sealed, err := s.vault.SealOf(job.ID, vault.ForPasswords)
	if err != nil {
		return err
	}
	for behind := 0; ; {
		b, err := s.nextBatch(ctx, job, behind)
		if err != nil {
			return err
		}
		if len(b.Rows) == 0 {
			break
		}
		if err := s.hashPasswords(ctx, job, b.Rows); err != nil {
			return err
		}
		err = s.queue.InFence(ctx, h, func(ctx context.Context, client *db.Client) error {
			return keepHashes(ctx, client, job, sealed, b.Rows)
		})
		if err != nil {
			return err
		}
		behind = b.Last().Row
	}
	// Rows that were refused meanwhile have none.
	err = s.queue.InFence(ctx, h, func(ctx context.Context, client *db.Client) error {
		_, err := client.ExecContext(ctx,
			"UPDATE bulk_jobs SET hashed_passwords = passwords WHERE id = ? AND hashed_passwords < passwords", job.ID)
		return err
	})
	if err != nil {
		return err
	}
	s.queue.Release(ctx, h, 0)
	return nil
}

// keepHashes stores the hashes. A row that has changed meanwhile, because its student was
// erased, stays as it is.
func keepHashes(ctx context.Context, client *db.Client, job *db.BulkJob, sealed *row.Seal, rows []*row.Planned) error {
	n := 0
	for _, r := range rows {
		if r.Hash == "" || r.HashedAhead {
			continue
		}
		plan := *r.Plan
		plan.Password, plan.Hashed = sealed.Close(r.Row, []byte(r.Hash)), true
		text, err := plan.Encode()
		if err != nil {
			return err
		}
		_, err = client.ExecContext(ctx, "UPDATE bulk_job_rows SET plan = ? WHERE id = ? AND state = ? AND plan = ?", text,
			r.ID, row.StatePlanned, r.Text)
		if err != nil {
			return err
		}
		n++
	}
	_, err := client.ExecContext(ctx, "UPDATE bulk_jobs SET hashed_passwords = hashed_passwords + ? WHERE id = ?", n,
		job.ID)
	return err
}
