package job

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/bulkjobproblem"
	"github.com/openhomeroom/homeroom/internal/ahead"
	"github.com/openhomeroom/homeroom/internal/csvfile"
	"github.com/openhomeroom/homeroom/internal/job/absence"
	"github.com/openhomeroom/homeroom/internal/job/budget"
	"github.com/openhomeroom/homeroom/internal/job/columns"
	"github.com/openhomeroom/homeroom/internal/job/kind"
	"github.com/openhomeroom/homeroom/internal/job/queue"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/table"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// prepared is a batch that waits for its check.
type prepared struct {
	rows  []*sheet.Row
	check func(ctx context.Context) error
}

func prepare(ctx context.Context, c kind.Checker, rows []*sheet.Row) (prepared, error) {
	if p, ok := c.(kind.Preparer); ok {
		check, err := p.Prepare(ctx, rows)
		return prepared{rows, check}, err
	}
	return prepared{rows, func(ctx context.Context) error { return c.CheckRows(ctx, rows) }}, nil
}

// verify reads the file of a job twice, first to find out what it is, then row by
// row, and writes down what it would change. After a crash it starts again from
// the first row: what a row means can depend on the rows before it.
//
// A small file that turns out to take long is given back, to be checked among the long
// ones from the first row on.
func (s checking) verify(ctx context.Context, h *queue.Lease) error {
	err := s.verifyFrom(ctx, h)
	var lost *lostSubmitter
	if errors.As(err, &lost) {
		return s.fail(ctx, h, lost.why)
	}
	if !errors.Is(err, budget.ErrLong) {
		return err
	}
	err = s.queue.InFence(ctx, h, func(ctx context.Context, client *db.Client) error {
		_, err := client.ExecContext(ctx,
			"UPDATE bulk_jobs SET slow = 1, lease_owner = '', lease_until = NULL WHERE id = ?", h.Job.ID)
		return err
	})
	s.wakeUp()
	return err
}

func (s checking) verifyFrom(ctx context.Context, h *queue.Lease) error {
	if err := s.clearPreview(ctx, h, -1); err != nil {
		return err
	}
	v, refusal, err := s.actors.Submitter(ctx, h.Job)
	if err != nil {
		return err
	}
	if refusal != nil {
		return s.fail(ctx, h, refusal)
	}
	if s.kinds.BySelection(h.Job.Kind) {
		return s.verifySelection(viewer.NewContext(ctx, v), h, v)
	}
	short := queue.ShortTime
	if queue.IsLong(h.Job) {
		short = 0
	}
	b := budget.New(s.cpu, s.checkTime, short)
	var file *table.File
	err = b.WhileReading(func() error {
		file, err = table.Inspect(func() (io.Reader, error) { return s.vault.File(ctx, h.Job.ID) }, b.Limits(ctx, s.limits))
		return err
	})
	if refusal := ofFile(err); refusal != nil {
		return s.fail(ctx, h, refusal)
	}
	if err != nil {
		return err
	}
	format := file.Format()
	b.SetRows(format.Rows)
	choices, err := columns.Of(h.Job)
	if err == nil && choices == nil {
		choices, err = columns.Recall(ctx, s.db.Client(ctx), h.Job, format.Header)
	}
	if err != nil {
		return err
	}
	if h.Job.Choices, err = columns.Encode(choices); err != nil {
		return err
	}
	l, refusal := s.formats.ReadHeaderAs(h.Job.Kind, format.Header, columns.List(h.Job))
	if refusal == nil {
		refusal = s.formats.RefuseByName(h.Job.Kind, h.Job.FileName, format.Header)
	}
	if refusal == nil {
		refusal = l.Idle(format.Header)
	}
	if refusal == nil && format.Rows == 0 {
		refusal = row.Problemf(row.NoRows,
			"Check that you chose the right file, and that it was saved before you uploaded it.",
			"The file has no rows under the column names.")
	}
	if err := s.writeFormat(ctx, h, format, l, refusal == nil || l.IsHeader()); err != nil {
		return err
	}
	if refusal != nil {
		return s.fail(ctx, h, refusal)
	}
	if s.kinds.About(h.Job.Kind).TellsTaken {
		if err := s.probes.Ask(ctx, h.Job.DistrictID, h.Job.SubmittedBy); err != nil {
			return s.failProbe(ctx, h, err)
		}
	}
	return s.verifyRows(viewer.NewContext(ctx, v), h, v, b, file, l)
}

// ofFile makes a problem of an error about the file as a whole, or nil.
func ofFile(err error) *row.Problem {
	var e *csvfile.Error
	if !errors.As(err, &e) {
		return nil
	}
	return &row.Problem{Code: string(e.Code), Message: e.Message, Hint: e.Hint}
}

func (s checking) verifyRows(ctx context.Context, h *queue.Lease, v *viewer.Viewer, b *budget.Budget, file *table.File,
	l *sheet.Layout) error {
	format := file.Format()
	rows, err := file.Rows()
	if err != nil {
		return s.failFile(ctx, h, err)
	}
	reader := &sheet.BatchReader{Rows: rows, Most: s.rowsAtOnce(sheet.BatchRows), Format: format, Layout: l}
	c, err := s.fileChecker(ctx, h.Job, v)
	if err != nil {
		return err
	}
	// Four batches are under way at a time: one is read, one looked up, one checked
	// and one written. The checks themselves go from row to row.
	read := ahead.Run(ctx, func(ctx context.Context, put func([]*sheet.Row) bool) error {
		for {
			var rows []*sheet.Row
			err := s.inTurn(ctx, func() error {
				return b.WhileReading(func() (err error) {
					rows, err = reader.Next()
					return err
				})
			})
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil || !put(rows) {
				return err
			}
		}
	})
	ready := ahead.Run(ctx, func(ctx context.Context, put func(prepared) bool) error {
		for rows, err := range read {
			if err != nil {
				return err
			}
			var p prepared
			err := s.inBudget(ctx, b, func() (err error) {
				p, err = prepare(ctx, c, rows)
				return err
			})
			if err != nil || !put(p) {
				return err
			}
		}
		return nil
	})
	checked := ahead.Run(ctx, func(ctx context.Context, put func([]*sheet.Row) bool) error {
		for p, err := range ready {
			if err != nil {
				return err
			}
			if err := s.inBudget(ctx, b, func() error { return p.check(ctx) }); err != nil {
				return fmt.Errorf("check the rows from %d on: %w", p.rows[0].Number, err)
			}
			if !put(p.rows) {
				return nil
			}
		}
		return nil
	})
	p := &preview{service: s.Service, held: h, seen: absence.NewSeen()}
	for rows, err := range checked {
		if err != nil {
			return s.failFile(ctx, h, err)
		}
		if err := p.add(ctx, rows); err != nil {
			return s.failPreview(ctx, h, err)
		}
	}
	if whole, is := c.(kind.Concluder); is {
		if refusal := whole.Conclude(p.total.Rows); refusal != nil {
			return s.fail(ctx, h, refusal)
		}
	}
	if err := s.checkAbsent(ctx, h, c, p, b); err != nil {
		return s.failPreview(ctx, h, err)
	}
	if err := p.flush(ctx); err != nil {
		return s.failPreview(ctx, h, err)
	}
	return s.finishVerifying(ctx, h, p.total)
}

// failFile ends the job if err is about the file, and returns err otherwise.
func (s checking) failFile(ctx context.Context, h *queue.Lease, err error) error {
	if refusal := ofFile(err); refusal != nil {
		return s.fail(ctx, h, refusal)
	}
	return err
}

// clearPreview removes what an attempt before this one has written, except the problems of
// the rows up to one of them, which is -1 to keep nothing. verified_rows stays, so that
// nobody sees the progress go back.
func (s checking) clearPreview(ctx context.Context, h *queue.Lease, keep int) error {
	fenced := func(ctx context.Context, fn func(ctx context.Context, client *db.Client) error) error {
		return s.queue.InFence(ctx, h, fn)
	}
	if err := s.removeRows(ctx, h.Job.ID, fenced); err != nil {
		return err
	}
	if err := s.vault.Remove(ctx, h.Job.ID, "bulk_job_refused_rows", -1, fenced); err != nil {
		return err
	}
	if err := s.vault.Remove(ctx, h.Job.ID, "bulk_job_problems", keep, fenced); err != nil {
		return err
	}
	return fenced(ctx, func(ctx context.Context, client *db.Client) error {
		if err := absence.Clear(ctx, client, h.Job.ID); err != nil {
			return err
		}
		_, err := client.ExecContext(ctx,
			"UPDATE bulk_jobs SET created = 0, updated = 0, unchanged = 0, deleted = 0, errors = 0, passwords = 0, "+
				"hashed_passwords = 0, new_groups = NULL, enrollments_added = 0, enrollments_removed = 0, warnings = "+
				"(SELECT COUNT(*) FROM bulk_job_problems WHERE job_id = ? AND severity = ?) WHERE id = ?",
			h.Job.ID, string(bulkjobproblem.SeverityWARNING), h.Job.ID)
		return err
	})
}

// writeFormat stores what was found out about the file. Headers are left out if the first
// row may not be a header.
func (s checking) writeFormat(ctx context.Context, h *queue.Lease, f csvfile.Format, l *sheet.Layout,
	hasHeader bool) error {
	return s.queue.InFence(ctx, h, func(ctx context.Context, client *db.Client) error {
		update := client.BulkJob.UpdateOneID(h.Job.ID).
			SetEncoding(string(f.Encoding)).SetDelimiter(string(f.Delimiter)).SetLineEnding(string(f.LineEnding)).
			SetTotalRows(int(f.Rows))
		if hasHeader {
			update.SetHeaders(f.Header).SetIgnoredHeaders(l.Ignored).SetHeaderPrint(sheet.PrintOf(h.Job.Kind, f.Header))
		}
		if h.Job.Choices != nil {
			update.SetChoices(h.Job.Choices)
		}
		return update.Exec(viewer.AsSystem(ctx, "what was found out about a file"))
	})
}

// finishVerifying makes the job READY, or ends a job that is all or nothing if some
// rows were refused. The file stays until the job ends, because rows that are refused
// during writing are returned as the file has them.
func (s checking) finishVerifying(ctx context.Context, h *queue.Lease, total row.Tally) error {
	if h.Job.CommitMode == bulkjob.CommitModeALL_OR_NOTHING && total.Errors > 0 {
		return s.failRows(ctx, h, nil)
	}
	return s.queue.InFence(ctx, h, func(ctx context.Context, client *db.Client) error {
		_, err := client.ExecContext(ctx,
			"UPDATE bulk_jobs SET status = ?, abandoned = 0, lease_owner = '', lease_until = NULL WHERE id = ?",
			string(bulkjob.StatusREADY), h.Job.ID)
		return err
	})
}
