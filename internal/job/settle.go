package job

import (
	"context"
	"fmt"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
	"github.com/openhomeroom/homeroom/internal/job/kind"
	"github.com/openhomeroom/homeroom/internal/job/row"
)

// noteVersions reads the versions of the targets of a batch after all of it was
// written. If a kind has no versions, or versions that grow with every member, an undo
// compares the values instead.
func (s writing) noteVersions(ctx context.Context, client *db.Client, b *attempt) error {
	k, ok := s.kinds[b.Job.Kind].(kind.Versioned)
	if !ok {
		return nil
	}
	versions, err := k.Versions(ctx, client, row.IDs(b.Open(), func(r *row.Planned) []int { return []int{r.TargetID} }))
	if err != nil {
		return err
	}
	for _, r := range b.Open() {
		if r.CreatedID != 0 {
			continue // Nobody else can have changed what this transaction has created.
		}
		if r.Version = versions[r.TargetID]; r.Version == 0 {
			return fmt.Errorf("the target of row %d was not found again", r.Row)
		}
	}
	return nil
}

// settle records the result of a batch: the states of its rows, without the passwords;
// the reasons of refusals; and the counts, if they differ from the preview.
func (s writing) settle(ctx context.Context, client *db.Client, b *attempt) error {
	var t row.Tally
	var written audit.Rows
	updates := make([]bulk.Change, len(b.Rows))
	for i, r := range b.Rows {
		updates[i] = bulk.Change{ID: r.ID, Set: map[string]any{"state": row.StateApplied}}
		if r.CreatedID != 0 {
			updates[i].Set["target_id"] = bulk.FromKey(r.CreatedID - r.ID)
		}
		text := r.Text
		if len(r.Plan.Password) > 0 {
			r.Plan.Password, r.Plan.Hashed = nil, false
			var err error
			if text, err = r.Plan.Encode(); err != nil {
				return err
			}
			updates[i].Set["plan"] = text
		}
		if r.Refusal == nil {
			image, err := r.Image()
			if err != nil {
				return err
			}
			updates[i].Set["applied_version"] = r.Version
			if image != nil {
				updates[i].Set["before"] = image
			}
			written.Add(r.Row, r.TargetID+r.CreatedID, r.Version, text, image)
		}
		t.Added += len(r.Joined) - r.Plan.Added()
		t.Removed += len(r.Left) - r.Plan.Removed()
		if r.Refusal == nil && !r.Already {
			continue
		}
		*t.Of(r.Plan)--
		if r.Refusal != nil {
			updates[i].Set["state"] = row.StateRefused
			t.Errors++
		} else {
			t.Unchanged++
		}
	}
	if err := bulk.Update(ctx, client, "bulk_job_rows", "", updates); err != nil {
		return err
	}
	if err := s.vault.WriteProblems(ctx, client, b.Job.ID, b.Refusals()); err != nil {
		return err
	}
	if err := s.vault.RefuseKept(ctx, client, b.Job.ID, b.kept()); err != nil {
		return err
	}
	recordBatch(ctx, b, &written)
	_, err := client.ExecContext(ctx,
		"UPDATE bulk_jobs SET processed_rows = ?, created = created + ?, updated = updated + ?, deleted = deleted + ?, "+
			"unchanged = unchanged + ?, errors = errors + ?, hashed_passwords = hashed_passwords + ?, "+
			"enrollments_added = enrollments_added + ?, enrollments_removed = enrollments_removed + ? WHERE id = ?",
		b.Last().Plan.N, t.Created, t.Updated, t.Deleted, t.Unchanged, t.Errors, b.hashed(), t.Added, t.Removed, b.Job.ID)
	return err
}

// hashed counts the passwords that were hashed for the batch. Those that were hashed
// before the only transaction, or before the job was written, have been counted there.
func (b *attempt) hashed() (n int) {
	if b.Job.CommitMode == bulkjob.CommitModeALL_OR_NOTHING {
		return 0
	}
	for _, r := range b.Rows {
		if r.Hash != "" && !r.HashedAhead {
			n++
		}
	}
	return n
}

// complete ends a job after all of its rows. What is left of a large file is removed after
// the transaction; see vault.ForgetFile.
func (s writing) complete(ctx context.Context, client *db.Client, jobID int) error {
	_, err := client.ExecContext(ctx, "UPDATE bulk_jobs SET status = CASE WHEN errors > 0 THEN ? ELSE ? END, "+
		"processed_rows = total_rows, finished_at = ?, lease_owner = '', lease_until = NULL WHERE id = ?",
		string(bulkjob.StatusCOMPLETED_WITH_ERRORS), string(bulkjob.StatusCOMPLETED), s.instant(), jobID)
	if err != nil {
		return err
	}
	if err := s.vault.ForgetSome(ctx, client, jobID); err != nil {
		return err
	}
	return s.recordEnd(ctx, client, jobID)
}
