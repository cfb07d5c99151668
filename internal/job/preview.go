package job

import (
	"cmp"
	"context"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
	"github.com/openhomeroom/homeroom/internal/job/absence"
	"github.com/openhomeroom/homeroom/internal/job/newgroup"
	"github.com/openhomeroom/homeroom/internal/job/queue"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
)

// previewBatches is how many checked batches with nothing to write down but their
// number are counted together.
const previewBatches = 8

// preview stores the result of the check: plans, problems and counts.
type preview struct {
	service *Service
	held    *queue.Lease
	// seen are those whom the rows are about, and last is the last row of the file.
	seen *absence.Seen
	last *sheet.Row
	// total counts all rows, and recorded their problems. looked is how many there were when
	// the quotas were looked at.
	total            row.Tally
	news             newgroup.List // Groups that the plans create.
	recorded, looked int

	// These have not been stored yet.
	newer    bool
	batches  int
	plans    [][]any
	problems []*row.Problem
	refused  []*sheet.Kept
	tally    row.Tally
	verified int
}

// add takes a batch of checked rows in, and writes when there is enough to write.
func (p *preview) add(ctx context.Context, rows []*sheet.Row) error {
	p.seen.Add(rows)
	p.last = rows[len(rows)-1]
	return p.take(ctx, rows, p.last.N)
}

// take is add; verified is how many rows of the file have been checked afterwards.
func (p *preview) take(ctx context.Context, rows []*sheet.Row, verified int) error {
	now, before := p.service.instant(), len(p.problems)
	var t row.Tally
	for _, r := range rows {
		p.problems = append(p.problems, r.Reported()...)
		r.CountIn(&t)
		if r.Refused {
			p.refused = append(p.refused, r.Keep())
		}
		if r.Refused || r.Plan == nil {
			continue
		}
		line, err := planLine(now, p.held.Job.ID, r)
		if err != nil {
			return err
		}
		p.plans = append(p.plans, line)
		p.newer = p.news.Count(r.Plan, 1) || p.newer
	}
	p.tally.Add(t)
	p.total.Add(t)
	p.recorded += len(p.problems) - before
	p.verified = verified
	p.batches++
	if why := p.service.tooMany(p.held.Job, p.total.Errors, p.recorded); why != nil {
		return cmp.Or(p.flush(ctx), error(&tooManyProblems{why}))
	}
	if why, err := p.overQuota(ctx); err != nil || why != nil {
		return cmp.Or(err, p.flush(ctx), error(&tooManyProblems{why}))
	}
	if len(p.plans)+len(p.problems) < p.service.rowsAtOnce(sheet.BatchRows) && p.batches < previewBatches {
		return nil
	}
	return p.flush(ctx)
}

// looksEvery is after how many problems the quotas are looked at again.
const looksEvery = 5000

// overQuota says why what has been written down is too much for the submitter or the
// district, or returns nil.
func (p *preview) overQuota(ctx context.Context) (*row.Problem, error) {
	if p.recorded-p.looked < looksEvery {
		return nil, nil
	}
	p.looked = p.recorded
	over, err := p.service.limiter.RecordedTooMuch(ctx, p.held.Job, p.total.Errors+p.total.Warnings)
	if err != nil || !over {
		return nil, err
	}
	return row.Problemf(row.TooManyProblems,
		"Start or cancel jobs that wait, then correct the cause that the first problems name and upload the file again.",
		"What is kept of waiting jobs takes as much as the submitter or the district may have, so the check was stopped. "+
			"Only the first problems are shown. Nothing was written."), nil
}

// flush stores what has been collected.
func (p *preview) flush(ctx context.Context) error {
	if p.batches == 0 {
		return nil
	}
	s, jobID, t := p.service, p.held.Job.ID, p.tally
	// A long check is not done to its end for somebody who may not have it done any more.
	_, why, err := s.actors.Submitter(ctx, p.held.Job)
	if err != nil {
		return err
	}
	if why != nil {
		return &lostSubmitter{why}
	}
	write := func(ctx context.Context, client *db.Client) error {
		err := bulk.Insert(ctx, client, "bulk_job_rows", planColumns, p.plans)
		if err != nil {
			return err
		}
		if err := s.probes.Note(ctx, client, p.held.Job.DistrictID, p.held.Job.SubmittedBy,
			unseenIn(p.problems)); err != nil {
			return err
		}
		if err := s.vault.WriteProblems(ctx, client, jobID, p.problems); err != nil {
			return err
		}
		if err := s.vault.KeepRows(ctx, client, jobID, p.refused); err != nil {
			return err
		}
		if p.newer {
			if err := p.news.Write(ctx, client, jobID); err != nil {
				return err
			}
		}
		_, err = client.ExecContext(ctx,
			"UPDATE bulk_jobs SET verified_rows = CASE WHEN verified_rows < ? THEN ? ELSE verified_rows END, "+
				"created = created + ?, updated = updated + ?, unchanged = unchanged + ?, deleted = deleted + ?, errors = errors "+
				"+ ?, warnings = warnings + ?, passwords = passwords + ?, enrollments_added = enrollments_added + ?, "+
				"enrollments_removed = enrollments_removed + ? WHERE id = ?",
			p.verified, p.verified, t.Created, t.Updated, t.Unchanged, t.Deleted, t.Errors, t.Warnings, t.Passwords, t.Added,
			t.Removed, jobID)
		return err
	}
	err = s.inTurn(ctx, func() error { return s.queue.InFence(ctx, p.held, write) })
	p.newer = false
	p.batches, p.plans, p.problems, p.refused, p.tally = 0, p.plans[:0], p.problems[:0], p.refused[:0], row.Tally{}
	return err
}

const planColumns = "created_at, job_id, `row`, target_id, target_version, label, plan, change_count, outside, " +
	"state, loses, undo_loses"

// lostSubmitter is returned if a job can no longer act for its submitter.
type lostSubmitter struct{ why *row.Problem }

// Error implements error.
func (e *lostSubmitter) Error() string { return "job: " + e.why.Message }

// planLine is the plan of a row as the values of planColumns.
func planLine(now time.Time, jobID int, r *sheet.Row) ([]any, error) {
	r.Plan.N, r.Plan.By = r.N, r.By
	text, err := r.Plan.Encode()
	return []any{now, jobID, r.Number, r.TargetID, r.Version, row.Shorten(r.Label, row.MaxLabel), text,
		len(r.Plan.Changes), bulk.Flag(r.Outside), row.StatePlanned, r.Plan.Loses(), r.Plan.UndoLoses()}, err
}
