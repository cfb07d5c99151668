package importer

import (
	"context"
	"time"

	"homeroom/ent/db"
)

// previewBatches is how many checked batches with nothing to write down but their
// number are counted together.
const previewBatches = 8

// preview writes down what has been checked: plans, problems and counts.
type preview struct {
	service *Service
	held    *held
	// total counts all rows.
	total tally

	// What has not been written yet.
	batches  int
	plans    [][]any
	problems []*problem
	refused  []*refusedRow
	tally    tally
	verified int
}

// add takes a batch of checked rows in, and writes when there is enough to write.
func (p *preview) add(ctx context.Context, rows []*fileRow) error {
	now := p.service.instant()
	var t tally
	for _, r := range rows {
		p.problems = append(p.problems, r.reported()...)
		r.countIn(&t)
		if r.refused {
			p.refused = append(p.refused, r.keep())
		}
		if r.refused || r.plan == nil {
			continue
		}
		line, err := planLine(now, p.held.job.ID, r)
		if err != nil {
			return err
		}
		p.plans = append(p.plans, line)
	}
	p.tally.add(t)
	p.total.add(t)
	p.verified = rows[len(rows)-1].N
	p.batches++
	if len(p.plans)+len(p.problems) < p.service.rowsAtOnce(batchRows) && p.batches < previewBatches {
		return nil
	}
	return p.flush(ctx)
}

// flush writes what has been taken in.
func (p *preview) flush(ctx context.Context) error {
	if p.batches == 0 {
		return nil
	}
	s, jobID, t := p.service, p.held.job.ID, p.tally
	// A long check is not done to its end for somebody who may not have it done any more.
	_, why, err := s.actors.submitter(ctx, p.held.job)
	if err != nil {
		return err
	}
	if why != nil {
		return &lostSubmitter{why}
	}
	write := func(ctx context.Context, client *db.Client) error {
		err := insertRows(ctx, client, "bulk_job_rows", planColumns, p.plans)
		if err != nil {
			return err
		}
		if err := s.probes.Note(ctx, client, p.held.job.SubmittedBy, unseenIn(p.problems)); err != nil {
			return err
		}
		if err := s.vault.writeProblems(ctx, client, jobID, p.problems); err != nil {
			return err
		}
		if err := s.vault.keepRows(ctx, client, jobID, p.refused); err != nil {
			return err
		}
		_, err = client.ExecContext(ctx, "UPDATE bulk_jobs SET verified_rows = CASE WHEN verified_rows < ? THEN ? ELSE verified_rows END, "+
			"created = created + ?, updated = updated + ?, unchanged = unchanged + ?, deleted = deleted + ?, errors = errors + ?, warnings = warnings + ?, passwords = passwords + ?, "+
			"enrollments_added = enrollments_added + ?, enrollments_removed = enrollments_removed + ? WHERE id = ?",
			p.verified, p.verified, t.created, t.updated, t.unchanged, t.deleted, t.errors, t.warnings, t.passwords, t.added, t.removed, jobID)
		return err
	}
	err = s.inTurn(ctx, func() error { return s.queue.inFence(ctx, p.held, write) })
	p.batches, p.plans, p.problems, p.refused, p.tally = 0, p.plans[:0], p.problems[:0], p.refused[:0], tally{}
	return err
}

const planColumns = "created_at, job_id, `row`, target_id, target_version, label, plan, change_count, outside, state, loses, undo_loses"

// lostSubmitter is returned where a job cannot act for its submitter any more.
type lostSubmitter struct{ why *problem }

func (e *lostSubmitter) Error() string { return "importer: " + e.why.Message }

// planLine is the plan of a row as the values of planColumns.
func planLine(now time.Time, jobID int, r *fileRow) ([]any, error) {
	r.plan.N, r.plan.By = r.N, r.by
	text, err := r.plan.encode()
	return []any{now, jobID, r.Row, r.targetID, r.version, shorten(r.label, maxLabel), text, len(r.plan.Changes), flag(r.outside),
		statePlanned, r.plan.loses(), r.plan.undoLoses()}, err
}
