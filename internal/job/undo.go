package job

import (
	"context"
	"fmt"
	"slices"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/bulkjobrow"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/job/queue"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/job/state"
	"github.com/openhomeroom/homeroom/internal/quote"
	"github.com/openhomeroom/homeroom/internal/setting"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Undo puts back what a job has changed, row by row: previous values, including
// passwords, and groups joined and left. Deleted students come back, and created ones
// are hidden. New groups, accounts and schools are removed if nobody has used them. A
// row that somebody has changed or used since stays as it is and is named as a
// problem.
//
// Everybody who may start the job may undo it, and the undo acts for that person. But
// only administrators undo a job that has created something, because only they may
// delete. Undo returns fault.Conflict for a job that is not finished, has changed
// nothing, or ended too long ago.
//
// An undo that would delete or change too much is put on hold, as at the start.
func (s *Service) Undo(ctx context.Context, jobID int) (*db.BulkJob, error) {
	return s.starting.askToUndo(ctx, jobID, func(ctx context.Context, job *db.BulkJob) (reservation, error) {
		return s.holding.reservation(ctx, job, true)
	})
}

// UndoAnyway is Undo for the operator: however much it changes, it waits for nobody.
func (s *Service) UndoAnyway(ctx context.Context, jobID int) (*db.BulkJob, error) {
	return s.starting.askToUndo(ctx, jobID, func(context.Context, *db.BulkJob) (reservation, error) {
		return unmeasured, nil
	})
}

func (s starting) askToUndo(ctx context.Context, jobID int,
	reserve func(context.Context, *db.BulkJob) (reservation, error)) (*db.BulkJob, error) {
	job, err := s.jobToChange(ctx, jobID)
	if err != nil {
		return nil, err
	}
	v := viewer.FromContext(ctx)
	switch {
	case v.EducatorID == 0:
		return nil, fault.Forbiddenf("a program cannot undo the %s; a person has to do it", s.kinds.Noun(job)).At("id")
	case !slices.Contains(state.Undoable, job.Status):
		return nil, s.notNow(job, "NOT_UNDOABLE")
	}
	if job.Status == bulkjob.StatusCANCELED {
		// The counts are true when all that was not carried out is gone.
		if err := s.canceling.withdraw(ctx, job, withdrawTime); err != nil {
			return nil, err
		}
		if job, err = s.Job(ctx, jobID); err != nil {
			return nil, err
		}
		if job.Status != bulkjob.StatusCANCELED { // Somebody else undoes it by now.
			return nil, s.notNow(job, "NOT_UNDOABLE")
		}
	}
	settings, err := setting.ByID(ctx, s.db.Client(ctx), s.now(), job.OrganizationID)
	if err != nil {
		return nil, err
	}
	// As long as deleted students can come back.
	retention := settings[job.OrganizationID]
	switch {
	case state.WrittenRows(job) == 0:
		return nil, fault.Conflictf("the %s has changed nothing, so there is nothing to undo", s.kinds.Noun(job)).
			WithCode("NOT_UNDOABLE").At("id")
	case job.Forgotten > 0 || job.FinishedAt == nil || s.now().Sub(*job.FinishedAt) > retention.Retention():
		return nil, fault.Conflictf("the %s ended more than %s ago", s.kinds.Noun(job),
			quote.Count(retention.RetentionDays, "day")).WithCode("NOT_UNDOABLE").At("id")
	case job.Created > 0 && !v.Administers(job.OrganizationID, job.DistrictID):
		return nil, fault.Forbiddenf("the %s has created %s, and only administrators can delete them; ask one to undo it",
			s.kinds.Noun(job), s.kinds.About(job.Kind).Plural).At("id")
	}
	counted, err := reserve(ctx, job)
	if err != nil {
		return nil, err
	}
	return s.change(ctx, job, "NOT_UNDOABLE", func(ctx context.Context, client *db.Client) error {
		if tooMuch, err := counted(ctx, client); err != nil {
			return err
		} else if tooMuch != nil {
			return s.holding.holdUndo(ctx, client, job, tooMuch)
		}
		record(ctx, audit.JobUndoRequested, job, nil)
		return bulk.MustHitOne(client.ExecContext(ctx,
			"UPDATE bulk_jobs SET status = ?, undone_by = ?, finished_at = NULL, lease_owner = '', lease_until = NULL "+
				"WHERE id = ? AND status = ?",
			string(bulkjob.StatusUNDOING), v.EducatorID, jobID, string(job.Status)))
	})
}

// undoAttempt is a batch on its way back.
type undoAttempt struct {
	row.UndoBatch
	// alone finds the row that cannot be put back, whatever the reason, and leaves it as
	// it is: see attempt.
	alone bool
}

// undo puts the rows of a job back, the last one first. After a crash, the states of
// the rows show where to continue.
func (s undoing) undo(ctx context.Context, h *queue.Lease) error {
	for {
		b, err := s.nextUndo(ctx, h.Job)
		if err != nil {
			return err
		}
		if len(b.Rows) == 0 {
			break
		}
		if err := s.putBack(ctx, h, b); err != nil {
			return fmt.Errorf("undo the rows from %d back: %w", b.Rows[0].Row, err)
		}
	}
	return s.queue.InFence(ctx, h, func(ctx context.Context, client *db.Client) error {
		_, err := client.ExecContext(ctx,
			"UPDATE bulk_jobs SET status = CASE WHEN kept_rows > 0 THEN ? ELSE ? END, finished_at = ?, lease_owner = '', "+
				"lease_until = NULL WHERE id = ?", string(bulkjob.StatusPARTIALLY_UNDONE), string(bulkjob.StatusUNDONE),
			s.instant(), h.Job.ID)
		if err != nil {
			return err
		}
		if err := s.scale.ForgetUndone(ctx, client, h.Job.ID); err != nil {
			return err
		}
		return s.recordEnd(ctx, client, h.Job.ID)
	})
}

func (s undoing) nextUndo(ctx context.Context, job *db.BulkJob) (*undoAttempt, error) {
	query := s.db.Client(ctx).BulkJobRow.Query().Where(bulkjobrow.JobID(job.ID), bulkjobrow.State(row.StateApplied)).
		Order(db.Desc(bulkjobrow.FieldRow))
	system := viewer.AsSystem(ctx, "rows of a job that is undone")
	rows, err := query.Clone().Limit(s.rowsAtOnce(sheet.BatchRows)).All(system)
	b := &undoAttempt{UndoBatch: row.UndoBatch{Job: job}, alone: s.isLastTry(job.ID)}
	for i := 0; i < len(rows); i++ {
		stored := rows[i]
		r := &row.Applied{
			ID:             stored.ID,
			Row:            stored.Row,
			TargetID:       stored.TargetID,
			AppliedVersion: stored.AppliedVersion,
			Label:          stored.Label,
			Outside:        stored.Outside == 1,
		}
		b.Rows = append(b.Rows, r)
		if r.Plan, err = row.ReadPlan(stored.Plan); err != nil {
			return nil, fmt.Errorf("plan of row %d: %w", stored.Row, err)
		}
		if last := rows[len(rows)-1].Row; r.Plan.Since != 0 && r.Plan.Since < last {
			// What was written at once goes back at once.
			more, err := query.Clone().Where(bulkjobrow.RowLT(last), bulkjobrow.RowGTE(r.Plan.Since)).All(system)
			if err != nil {
				return nil, err
			}
			rows = append(rows, more...)
		}
		if stored.TargetID == 0 {
			continue // The data of the row have been erased, and with them what it replaced.
		}
		if r.Before, err = row.ReadBefore(stored.Before, r.Plan); err != nil {
			return nil, fmt.Errorf("before-image of row %d: %w", stored.Row, err)
		}
	}
	// Without an account there are no roles, and every stored says so.
	b.Viewer = &viewer.Viewer{}
	if err != nil || len(rows) == 0 || job.UndoneBy == nil {
		return b, err
	}
	v, err := s.actors.Viewer(ctx, *job.UndoneBy)
	if err == nil && job.UndoApprovedBy != nil && *job.UndoApprovedBy != 0 {
		// The person who approves an undo may see fewer of its rows, and approves only
		// those.
		var approver *viewer.Viewer
		if approver, err = s.actors.Viewer(ctx, *job.UndoApprovedBy); err == nil {
			v = viewer.Jointly(v, approver)
		}
	}
	switch {
	case err == nil:
		b.Viewer = v
	case fault.KindOf(err) == fault.Unauthenticated:
		err = nil
	}
	return b, err
}

// putBack writes a batch. If somebody has taken an id that a row would put back, and
// the lookup did not find that, the unique index does. Smaller batches then find the
// row, and a row that is left alone stays, for the reason that the index gives.
func (s undoing) putBack(ctx context.Context, h *queue.Lease, b *undoAttempt) error {
	var refused *row.Problem
	try := func() error {
		return s.queue.InFence(ctx, h, func(ctx context.Context, client *db.Client) error {
			for _, r := range b.Rows {
				r.Kept, r.Partly = nil, nil
				switch {
				case r.Before == nil:
					r.Keep(row.CannotUndo, row.HintChanged, "It is no longer on record what this row replaced.")
				case refused != nil && refused.Code == row.Internal:
					r.Keep(row.Internal, row.HintChanged, "%s", refused.Message)
				case refused != nil:
					r.Keep(refused.Code, row.HintChanged, "Somebody else now has what the row had before; it stays as it is.")
				}
			}
			if err := s.kinds[b.Job.Kind].Undo(ctx, client, &b.UndoBatch); err != nil {
				return err
			}
			return s.settleUndo(ctx, client, b)
		})
	}
	err := try()
	if isDuplicate(err) {
		err = try()
	}
	return inHalves(ctx, err, b.alone, b.Rows, func(rows []*row.Applied) error {
		part := *b
		part.Rows = rows
		return s.putBack(ctx, h, &part)
	}, func() error {
		refused = s.whyAlone(ctx, b.Job, b.Rows[0].Row, err)
		return try()
	})
}

// settleUndo stores the results of a batch, and removes what is no longer needed.
func (s undoing) settleUndo(ctx context.Context, client *db.Client, b *undoAttempt) error {
	undone, kept := 0, 0
	var problems []*row.Problem
	updates := make([]bulk.Change, len(b.Rows))
	for i, r := range b.Rows {
		updates[i] = bulk.Change{ID: r.ID, Set: map[string]any{"state": row.StateUndone, "before": nil}}
		switch {
		case r.Kept != nil:
			updates[i].Set["state"] = row.StateKept
			problems = append(problems, r.Kept)
			kept++
		case r.Partly != nil:
			problems = append(problems, r.Partly)
			kept++
		case !r.Before.Already:
			undone++
		}
	}
	if err := bulk.Update(ctx, client, "bulk_job_rows", "", updates); err != nil {
		return err
	}
	slices.Reverse(problems)
	if err := s.vault.WriteProblems(ctx, client, b.Job.ID, problems); err != nil {
		return err
	}
	// The rows come from the last to the first.
	record(viewer.NewContext(ctx, b.Viewer), audit.JobRowsUndone, b.Job,
		audit.Facts{"from": b.Rows[len(b.Rows)-1].Row, "to": b.Rows[0].Row, "undone": undone, "kept": kept})
	_, err := client.ExecContext(ctx,
		"UPDATE bulk_jobs SET undone_rows = undone_rows + ?, kept_rows = kept_rows + ?, warnings = warnings + ? WHERE id = ?",
		undone, kept, len(problems), b.Job.ID)
	return err
}
