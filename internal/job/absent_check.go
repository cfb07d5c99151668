package job

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/job/absence"
	"github.com/openhomeroom/homeroom/internal/job/budget"
	"github.com/openhomeroom/homeroom/internal/job/kind"
	"github.com/openhomeroom/homeroom/internal/job/queue"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
)

// absentees plans what happens to those who have left and to those who are not in the file,
// after all rows of a file have been checked: a later row can be about them.
type absentees struct {
	checking
	held    *queue.Lease
	remover kind.Remover
	preview *preview
	budget  *budget.Budget
}

// checkAbsent writes down who is in the file, and plans what happens to the others.
func (s checking) checkAbsent(ctx context.Context, h *queue.Lease, c kind.Checker, p *preview, b *budget.Budget) error {
	remover, ok := c.(passing).Checker.(kind.Remover)
	if !ok {
		return nil
	}
	to, err := remover.Last(ctx)
	if err != nil {
		return err
	}
	err = s.queue.InFence(ctx, h, func(ctx context.Context, client *db.Client) error {
		return p.seen.Write(ctx, client, s.instant(), h.Job.ID, to)
	})
	if err != nil {
		return err
	}
	if absence.OfLeavers(h.Job) == absence.Ignore && absence.OfMissing(h.Job) == absence.Ignore {
		return nil
	}
	// A row that was refused may be the one that counts for somebody who has left.
	if why := p.seen.Unclear(); why != nil {
		return p.note(ctx, why)
	}
	a := absentees{s, h, remover, p, b}
	if how := absence.OfLeavers(h.Job); how != absence.Ignore {
		if err := a.leavers(ctx, how); err != nil {
			return err
		}
	}
	how := absence.OfMissing(h.Job)
	if how == absence.Ignore {
		return nil
	}
	job := *h.Job
	job.SeenTo = to
	if n, err := remover.Kept(ctx, &job); err != nil || n > 0 {
		if err == nil {
			err = p.note(ctx, absence.Kept(n))
		}
		if err != nil {
			return err
		}
	}
	return a.missing(ctx, &job, how)
}

// plan plans what happens to those whom rows are about, and returns the rows that change
// something.
func (a absentees) plan(ctx context.Context, rows []*sheet.Row, how absence.Removal) (planned []*sheet.Row, err error) {
	err = a.inBudget(ctx, a.budget, func() error { return a.remover.Remove(ctx, rows, how) })
	for _, r := range rows {
		if r.Plan != nil {
			planned = append(planned, r)
		}
	}
	return planned, err
}

// leavers plans for the rows of those who have left, which have been counted as unchanged.
func (a absentees) leavers(ctx context.Context, how absence.Removal) error {
	left := a.preview.seen.Leavers()
	for len(left) > 0 {
		n := min(len(left), sheet.BatchRows)
		planned, err := a.plan(ctx, left[:n], how)
		left = left[n:]
		if err != nil {
			return err
		}
		a.preview.tally.Unchanged -= len(planned)
		if err := a.preview.append(ctx, planned); err != nil {
			return err
		}
	}
	return nil
}

// missing plans for those who are not in the file. Their rows stand behind those of the
// file.
func (a absentees) missing(ctx context.Context, job *db.BulkJob, how absence.Removal) error {
	rows, last := 0, a.preview.last
	for after := 0; ; {
		ids, err := a.remover.Missing(ctx, job, after, sheet.BatchRows)
		if err != nil || len(ids) == 0 {
			if err == nil {
				err = a.preview.flush(ctx)
			}
			if err != nil {
				return err
			}
			return a.queue.InFence(ctx, a.held, func(ctx context.Context, client *db.Client) error {
				_, err := client.ExecContext(ctx, "UPDATE bulk_jobs SET verified_rows = total_rows + ?, "+
					"total_rows = total_rows + ?, missing_rows = ? WHERE id = ?", rows, rows, rows, job.ID)
				return err
			})
		}
		after = ids[len(ids)-1]
		list := make([]*sheet.Row, len(ids))
		for i, id := range ids {
			list[i] = &sheet.Row{Layout: last.Layout, About: id}
		}
		planned, err := a.plan(ctx, list, how)
		if err != nil {
			return err
		}
		for _, r := range planned {
			rows++
			r.Number, r.N = last.Number+rows, last.N+rows
		}
		if err := a.preview.append(ctx, planned); err != nil {
			return err
		}
	}
}

// append takes planned rows in that are not rows of the file, or that have been counted.
func (p *preview) append(ctx context.Context, rows []*sheet.Row) error {
	if len(rows) == 0 {
		return nil
	}
	verified := p.verified
	defer func() { p.verified = verified }()
	return p.take(ctx, rows, verified)
}

// note adds a problem of the file as a whole.
func (p *preview) note(ctx context.Context, why *row.Problem) error {
	p.problems = append(p.problems, why)
	p.tally.Warnings++
	p.total.Warnings++
	p.recorded++
	p.batches++
	return p.flush(ctx)
}
