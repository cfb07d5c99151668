package importer

import (
	"context"

	"homeroom/ent/db"
	"homeroom/ent/db/bulkjob"
	"homeroom/internal/audit"
)

// settle writes down what became of a batch: the states of its rows, without the
// passwords, the reasons of refusals, and the counts where they came out
// differently from what the preview said.
func (s writing) settle(ctx context.Context, client *db.Client, b *attempt) error {
	var t tally
	var written audit.Rows
	updates := make([]changed, len(b.rows))
	for i, r := range b.rows {
		updates[i] = changed{r.ID, map[string]any{"state": stateApplied}}
		if r.createdID != 0 {
			updates[i].set["target_id"] = fromKey(r.createdID - r.ID)
		}
		text := r.text
		if len(r.plan.Password) > 0 {
			r.plan.Password = nil
			var err error
			if text, err = r.plan.encode(); err != nil {
				return err
			}
			updates[i].set["plan"] = text
		}
		if r.refusal == nil {
			image, err := r.image()
			if err != nil {
				return err
			}
			updates[i].set["applied_version"] = r.version
			if image != nil {
				updates[i].set["before"] = image
			}
			written.Add(r.Row, r.TargetID+r.createdID, r.version, text, image)
		}
		t.added += len(r.joined) - r.plan.added()
		t.removed += len(r.left) - r.plan.removed()
		if r.refusal == nil && !r.already {
			continue
		}
		*t.of(r.plan)--
		if r.refusal != nil {
			updates[i].set["state"] = stateRefused
			t.errors++
		} else {
			t.unchanged++
		}
	}
	if err := updateRows(ctx, client, "bulk_job_rows", "", updates); err != nil {
		return err
	}
	if err := s.vault.writeProblems(ctx, client, b.job.ID, b.refusals()); err != nil {
		return err
	}
	if err := s.vault.refuseKept(ctx, client, b.job.ID, b.kept()); err != nil {
		return err
	}
	recordBatch(ctx, b, &written)
	_, err := client.ExecContext(ctx, "UPDATE bulk_jobs SET processed_rows = ?, created = created + ?, updated = updated + ?, deleted = deleted + ?, "+
		"unchanged = unchanged + ?, errors = errors + ?, hashed_passwords = hashed_passwords + ?, enrollments_added = enrollments_added + ?, enrollments_removed = enrollments_removed + ? WHERE id = ?",
		b.last().plan.N, t.created, t.updated, t.deleted, t.unchanged, t.errors, b.hashed(), t.added, t.removed, b.job.ID)
	return err
}

// hashed counts the passwords that were hashed for the batch. Where they were all
// hashed before the only transaction, they have been counted there.
func (b *attempt) hashed() (n int) {
	if b.job.CommitMode == bulkjob.CommitModeALL_OR_NOTHING {
		return 0
	}
	for _, r := range b.rows {
		if r.hash != "" {
			n++
		}
	}
	return n
}

// complete ends a job whose rows have all been dealt with.
func (s writing) complete(ctx context.Context, client *db.Client, jobID int) error {
	_, err := client.ExecContext(ctx, "UPDATE bulk_jobs SET status = CASE WHEN errors > 0 THEN ? ELSE ? END, "+
		"processed_rows = total_rows, finished_at = ?, lease_owner = '', lease_until = NULL WHERE id = ?",
		string(bulkjob.StatusCOMPLETED_WITH_ERRORS), string(bulkjob.StatusCOMPLETED), s.instant(), jobID)
	if err != nil {
		return err
	}
	if err := forgetFile(ctx, client, jobID); err != nil {
		return err
	}
	return s.recordEnd(ctx, client, jobID)
}
