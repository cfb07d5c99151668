package job

import (
	"context"
	"errors"
	"io"
	"slices"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjobrefusedrow"
	"github.com/openhomeroom/homeroom/ent/db/bulkjobrow"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/job/actor"
	"github.com/openhomeroom/homeroom/internal/job/kind"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// checkAlone checks a row of a file again, together with the other rows that may concern
// it. It first checks the row alone, to find out whom it means. If other rows are about
// the same person, it then checks it after those, so that they keep what they claim.
// Refused rows claim nothing.
func (s correction) checkAlone(ctx context.Context, job *db.BulkJob, v *viewer.Viewer, l *sheet.Layout,
	r *sheet.Row) (*sheet.Row, error) {
	again := func() *sheet.Row {
		return &sheet.Row{Number: r.Number, N: r.N, Layout: r.Layout, Cells: slices.Clone(r.Cells), By: r.By}
	}
	alone := again()
	c, err := s.fileChecker(ctx, job, v)
	if err != nil {
		return nil, err
	}
	if err := c.CheckRows(ctx, []*sheet.Row{alone}); err != nil || alone.Refused {
		return alone, err
	}
	marks, err := s.targetMarks(ctx, job, alone)
	if err != nil {
		return nil, err
	}
	others, err := s.rowsWith(ctx, job, l, r.Number, append(marks, alone.Marks()...))
	if err != nil || len(others) == 0 {
		return alone, err
	}
	if c, err = s.fileChecker(ctx, job, v); err != nil {
		return nil, err
	}
	for batch := range slices.Chunk(others, sheet.BatchRows) {
		if err := c.CheckRows(ctx, batch); err != nil {
			return nil, err
		}
	}
	last := again()
	return last, c.CheckRows(ctx, []*sheet.Row{last})
}

// refuseHidden refuses to correct a row that the viewer may not see, because it names
// something outside the school of the job; the answer is the same as for a row that
// does not exist. A row that was to change nothing is not stored anywhere, so it is
// checked again for the submitter to find out. Later corrections of the row are left
// out of that, because they would reveal whether somebody elsewhere exists.
func (s correction) refuseHidden(ctx context.Context, job *db.BulkJob, r *sheet.Row) error {
	if actor.SeesAll(ctx, job) {
		return nil
	}
	system := viewer.AsSystem(ctx, "whether a row of a job is one that the viewer is shown")
	client := s.db.Client(ctx)
	planned, err := client.BulkJobRow.Query().Where(bulkjobrow.JobID(job.ID), bulkjobrow.Row(r.Number)).
		Select(bulkjobrow.FieldOutside).Ints(system)
	if err != nil {
		return err
	}
	kept, err := client.BulkJobRefusedRow.Query().Where(bulkjobrefusedrow.JobID(job.ID), bulkjobrefusedrow.Row(r.Number)).
		Select(bulkjobrefusedrow.FieldOutside).Ints(system)
	switch written := slices.Concat(planned, kept); {
	case err != nil:
		return err
	case slices.Contains(written, 1):
		return errNoRow
	case len(written) > 0:
		return nil
	}
	v, why, err := s.actors.Submitter(ctx, job)
	if err != nil || why != nil {
		return err
	}
	as := &sheet.Row{
		Number: r.Number,
		N:      r.N,
		Layout: r.Layout,
		Cells:  slices.Clone(r.Cells),
		Beyond: r.Beyond,
		Flaws:  r.Flaws,
	}
	ctx = viewer.NewContext(ctx, v)
	c, err := s.fileChecker(ctx, job, v)
	if err != nil {
		return err
	}
	if err := c.CheckRows(ctx, []*sheet.Row{as}); err != nil {
		return err
	}
	if as.Outside {
		return errNoRow
	}
	return nil
}

// refuseGone refuses to correct a row that was to change nothing, if the personal data of
// the person it is about was erased in the meantime. The preview holds nothing of such a
// row, so nobody may see it, or create it again, from the file.
func (s correction) refuseGone(ctx context.Context, job *db.BulkJob, v *viewer.Viewer, r *sheet.Row) error {
	if !s.kinds.About(job.Kind).OfStudents {
		return nil
	}
	system := viewer.AsSystem(ctx, "whether a row of a job that the viewer corrects was to change nothing")
	planned, err := s.db.Client(ctx).BulkJobRow.Query().
		Where(bulkjobrow.JobID(job.ID), bulkjobrow.Row(r.Number)).Exist(system)
	if err != nil || planned {
		return err
	}
	refused, err := s.refusedAmong(ctx, job.ID, []int{r.Number})
	if err != nil || refused[r.Number] {
		return err
	}
	c, err := s.fileChecker(ctx, job, v)
	if err != nil {
		return err
	}
	as := &sheet.Row{
		Number: r.Number,
		N:      r.N,
		Layout: r.Layout,
		Cells:  slices.Clone(r.Cells),
		Beyond: r.Beyond,
		Flaws:  r.Flaws,
	}
	if err := c.CheckRows(ctx, []*sheet.Row{as}); err != nil {
		return err
	}
	if as.Refused || s.kinds.About(job.Kind).CreatesStudents && as.Plan != nil && as.Plan.CreatesStudent() {
		return fault.Conflictf(
			"the record that the row changes was itself changed or erased after the file was checked; upload the row again").
			WithCode("NOT_CORRECTABLE").At("row")
	}
	return nil
}

// targetMarks returns what other rows may call the person whom a row means.
func (s correction) targetMarks(ctx context.Context, job *db.BulkJob, r *sheet.Row) (marks []string, err error) {
	k, ok := s.kinds[job.Kind].(kind.Named)
	if !ok || r.TargetID == 0 && !s.kinds.About(job.Kind).OneByOne {
		return nil, nil
	}
	names, err := k.Names(viewer.AsSystem(ctx, "what other rows call the target of a row; nobody is shown it"),
		s.db.Client(ctx), r)
	for _, name := range names {
		if m := sheet.MarkOf(name); m != "" {
			marks = append(marks, m)
		}
	}
	return marks, err
}

// rowsWith returns the rows of a job, with their corrections, that have one of the
// marks, except one row and the refused ones.
func (s correction) rowsWith(ctx context.Context, job *db.BulkJob, l *sheet.Layout, but int,
	marks []string) ([]*sheet.Row, error) {
	list, err := s.db.Client(ctx).BulkJobRefusedRow.Query().
		Where(bulkjobrefusedrow.JobID(job.ID), bulkjobrefusedrow.Refused(0)).
		All(viewer.AsSystem(ctx, "rows of a job that the viewer corrects"))
	if err != nil {
		return nil, err
	}
	corrected := map[int]*db.BulkJobRefusedRow{}
	for _, r := range list {
		corrected[r.Row] = r
	}
	var rows []*sheet.Row
	file, done, err := s.readToCorrect(ctx, job)
	if err != nil {
		return nil, err
	}
	defer done()
	for {
		r, err := file.Read(ctx)
		if isEnd(err) {
			break
		}
		if err != nil {
			return nil, err
		}
		if k := corrected[r.Number]; k != nil {
			if r, err = s.rowOfKept(job.ID, l, k); err != nil {
				return nil, err
			}
		}
		if r.Number != but && slices.ContainsFunc(r.Marks(), func(m string) bool { return slices.Contains(marks, m) }) {
			if rows = append(rows, r); len(rows) > maxCommon {
				return nil, errTooLongToCorrect
			}
		}
	}
	numbers := make([]int, len(rows))
	for i, r := range rows {
		numbers[i] = r.Number
	}
	refused, err := s.refusedAmong(ctx, job.ID, numbers)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(rows, func(r *sheet.Row) bool { return refused[r.Number] }), nil
}

func isEnd(err error) bool { return errors.Is(err, io.EOF) }
