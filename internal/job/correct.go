package job

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/bulkjobproblem"
	"github.com/openhomeroom/homeroom/ent/db/bulkjobrefusedrow"
	"github.com/openhomeroom/homeroom/ent/db/bulkjobrow"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/csvfile"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/job/absence"
	"github.com/openhomeroom/homeroom/internal/job/actor"
	"github.com/openhomeroom/homeroom/internal/job/columns"
	"github.com/openhomeroom/homeroom/internal/job/newgroup"
	"github.com/openhomeroom/homeroom/internal/job/reader"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/scale"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/job/state"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Correction gives cells of one row of a job new values.
type Correction struct {
	JobID, Row int
	Values     []sheet.Cell
}

// Corrected is what a correction has led to.
type Corrected struct {
	// Job is the job with its new counts, or a new job of that one row.
	Job *db.BulkJob
	// Changes are what the row will change, Problems what is (still) wrong with it.
	// Of a new job both are empty; it is being checked.
	Changes  []reader.RowChange
	Problems []*db.BulkJobProblem
}

// maxCorrections is how often a correction is checked again because others were
// written meanwhile.
const maxCorrections = 10

// maxCorrectedCells is how many cells a correction names at most.
const maxCorrectedCells = 256

// Correct changes cells of a row and checks the row again, against the other rows: it
// cannot have what one of these claims. It is checked for everybody with a hand in the
// job, including the viewer: what one of them may not see does not exist for the row,
// and what one of them may not do is refused. In a READY job the row then joins the
// plan, or stays refused with other reasons, and the counts follow. A row that is
// already in the plan can be corrected in the same way. A shifted row is replaced as a
// whole: columns that are not given are blank.
//
// If the job was already written, a refused row becomes a new job of the viewer. A
// HELD job is corrected like a READY one, and stays on hold: an approval of the old
// preview does not count for the new one, and somebody who has corrected a row cannot
// approve the job.
//
// Correct returns fault.NotFound for a row that does not exist, fault.Invalid for an
// unknown column and for the students of a selection, and fault.Conflict for a job in
// any other state; the message says what to do instead.
func (s *Service) Correct(ctx context.Context, in Correction) (*Corrected, error) {
	if len(in.Values) > maxCorrectedCells {
		return nil, fault.Invalidf("give at most %d cells", maxCorrectedCells).WithCode(row.TooMany).At("values")
	}
	for try := 0; ; try++ {
		job, err := s.jobToChange(ctx, in.JobID)
		switch {
		case err != nil:
			return nil, err
		case s.kinds.BySelection(job.Kind):
			return nil, fault.Invalidf(
				"the rows of the %s are selected students, so there are no cells to correct; solve what is wrong with them, "+
					"and submit those students again", s.kinds.Noun(job)).WithCode("NOT_CORRECTABLE").At("jobId")
		case !s.vault.Opens(job):
			return nil, fault.Conflictf("the %s belongs to a server with another secret key", s.kinds.Noun(job)).
				WithCode("NOT_CORRECTABLE").At("jobId")
		case state.HoldsUndo(job):
			return nil, fault.Conflictf(
				"the undo of the %s waits for another administrator; correct the row after the decision", s.kinds.Noun(job)).
				WithCode("NOT_CORRECTABLE").At("jobId")
		}
		switch job.Status {
		case bulkjob.StatusREADY, bulkjob.StatusHELD:
			result, err := s.correction.correctPlanned(ctx, job, in)
			err = notTooLong(err)
			// Somebody has corrected another row meanwhile, started or approved the job, or
			// canceled it, and then its file is gone.
			switch {
			case !errors.Is(err, bulk.ErrLost) && !errors.Is(err, sql.ErrNoRows):
				return result, err
			case try == maxCorrections:
				return nil, fault.Conflictf("other rows of the upload are being corrected; try again in a moment").
					WithCode("NOT_CORRECTABLE").At("jobId")
			}
		case bulkjob.StatusCOMPLETED_WITH_ERRORS:
			return s.correction.resubmit(ctx, job, in)
		default:
			return nil, fault.Conflictf("the %s %s; %s", s.kinds.Noun(job), state.InWords[job.Status],
				insteadOfCorrecting[job.Status]).WithCode("NOT_CORRECTABLE").At("jobId")
		}
	}
}

// insteadOfCorrecting says what can be done about a row of a job that is in another
// state.
var insteadOfCorrecting = map[bulkjob.Status]string{
	bulkjob.StatusVERIFYING:  "correct the row after that",
	bulkjob.StatusPROCESSING: "rows that it refuses can be corrected after it ends",
	bulkjob.StatusCOMPLETED: "no row was refused; undo what it has written, " +
		"or change it with another upload",
	bulkjob.StatusFAILED:           "correct the file, and upload it again",
	bulkjob.StatusCANCELED:         "correct the row, and upload it again",
	bulkjob.StatusUNDOING:          "correct the row, and upload it again after that",
	bulkjob.StatusUNDONE:           "correct the row, and upload it again",
	bulkjob.StatusPARTIALLY_UNDONE: "correct the row, and upload it again",
}

func (s correction) correctPlanned(ctx context.Context, job *db.BulkJob, in Correction) (*Corrected, error) {
	l, refusal := s.formats.ReadHeaderAs(job.Kind, job.Headers, columns.List(job))
	if refusal != nil {
		return nil, fmt.Errorf("the header of job %d: %s", job.ID, refusal.Message)
	}
	r, err := s.rowToCorrect(ctx, job, l, in.Row)
	if err != nil {
		return nil, err
	}
	hands, err := s.actors.HandsOf(ctx, job, actor.HandOf(ctx, job))
	switch {
	case err != nil:
		return nil, err
	case hands.Viewer == nil:
		return nil, fault.Conflictf("%s", hands.Why.Message).WithCode(hands.Why.Code).At("jobId")
	}
	v := hands.Viewer
	if err := s.refuseHidden(ctx, job, r); err != nil {
		return nil, err
	}
	if err := s.refuseGone(viewer.NewContext(ctx, v), job, v, r); err != nil {
		return nil, err
	}
	if s.kinds.About(job.Kind).TellsTaken {
		if err := s.probes.Ask(ctx, job.DistrictID, viewer.FromContext(ctx).SubmitterID()); err != nil {
			return nil, err
		}
	}
	if id := viewer.FromContext(ctx).EducatorID; id != 0 && !slices.Contains(r.By, id) {
		r.By = append(slices.Clone(r.By), id)
	}
	if err := r.Correct(job.Headers, in.Values, s.limits.OrDefault().CellBytes); err != nil {
		return nil, err
	}
	if r, err = s.checkAlone(viewer.NewContext(ctx, v), job, v, l, r); err != nil {
		return nil, err
	}
	if slices.ContainsFunc(r.By, func(id int) bool { return slices.Contains(hands.Lost, id) }) {
		r.Fail("", actor.CorrectorLost())
	}
	if r.Refused && job.CommitMode == bulkjob.CommitModeALL_OR_NOTHING {
		i := slices.IndexFunc(r.Problems, func(p *row.Problem) bool { return !p.Warning })
		return nil, fault.Invalidf("%s", r.Problems[i].Message).WithCode(r.Problems[i].Code).At("values")
	}
	var held *scale.Excess
	if job.Status == bulkjob.StatusHELD {
		if held, err = s.scale.ExcessWith(ctx, job, r); err != nil {
			return nil, err
		}
	}
	if removes, err := absence.Removes(ctx, s.db.Client(ctx), job, r); err != nil || removes {
		if err == nil {
			err = fault.Conflictf("the upload removes this student, because no row of the file was about the student; cancel " +
				"it, correct the row in the file, and upload the whole file again").WithCode("NOT_CORRECTABLE").At("values")
		}
		return nil, err
	}
	err = s.db.InTx(ctx, func(ctx context.Context, client *db.Client) error {
		if err := s.noteCorrection(ctx, client, job); err != nil {
			return err
		}
		if err := s.noteUnseen(ctx, client, job.DistrictID, r); err != nil {
			return err
		}
		if err := absence.Mark(ctx, client, s.instant(), job, r.About); err != nil {
			return err
		}
		record(ctx, audit.JobRowCorrected, job,
			audit.Facts{"row": r.Number, "refused": r.Refused, "status": string(job.Status)})
		if err := s.replaceRow(ctx, client, job, r); err != nil || held == nil {
			return err
		}
		return s.holdAgain(ctx, client, job, held)
	})
	if err != nil {
		s.stopAnswers(ctx, job.DistrictID, err)
		return nil, err
	}
	return s.corrected(ctx, job.ID, r)
}

// replaceRow puts a row that has been checked again in the place of what was
// known of it.
func (s correction) replaceRow(ctx context.Context, client *db.Client, job *db.BulkJob, r *sheet.Row) error {
	system := viewer.AsSystem(ctx, "row of a job that the viewer corrects")
	var now, was row.Tally
	var replaced, planned *row.Plan
	r.CountIn(&now)
	old, err := client.BulkJobRow.Query().Where(bulkjobrow.JobID(job.ID), bulkjobrow.Row(r.Number)).Only(system)
	if err != nil && !db.IsNotFound(err) {
		return err
	}
	refused, err := client.BulkJobRefusedRow.Query().
		Where(bulkjobrefusedrow.JobID(job.ID), bulkjobrefusedrow.Row(r.Number), bulkjobrefusedrow.Refused(1)).Exist(system)
	if err != nil {
		return err
	}
	switch {
	case refused:
		was.Errors = 1
	case old == nil:
		was.Unchanged = 1
	default:
		if replaced, err = row.ReadPlan(old.Plan); err != nil {
			return err
		}
		was.Plan(replaced)
	}
	was.Warnings, err = client.BulkJobProblem.Query().
		Where(bulkjobproblem.JobID(job.ID), bulkjobproblem.Row(r.Number),
			bulkjobproblem.SeverityEQ(bulkjobproblem.SeverityWARNING)).Count(system)
	if err != nil {
		return err
	}
	for _, table := range []string{"bulk_job_rows", "bulk_job_problems", "bulk_job_refused_rows"} {
		if _, err := client.ExecContext(ctx, "DELETE FROM "+table+" WHERE job_id = ? AND `row` = ?", job.ID,
			r.Number); err != nil {
			return err
		}
	}
	if err := s.vault.KeepRows(ctx, client, job.ID, []*sheet.Kept{r.KeptAs(len(job.Headers))}); err != nil {
		return err
	}
	if err := s.vault.WriteProblems(ctx, client, job.ID, r.Reported()); err != nil {
		return err
	}
	if !r.Refused && r.Plan != nil {
		planned = r.Plan
		line, err := planLine(s.instant(), job.ID, r)
		if err != nil {
			return err
		}
		if err := bulk.Insert(ctx, client, "bulk_job_rows", planColumns, [][]any{line}); err != nil {
			return err
		}
	}
	if err := newgroup.Replace(ctx, client, job.ID, replaced, planned); err != nil {
		return err
	}
	_, err = client.ExecContext(ctx,
		"UPDATE bulk_jobs SET created = created + ?, updated = updated + ?, unchanged = unchanged + ?, errors = errors + ?, "+
			"deleted = deleted + ?, warnings = warnings + ?, passwords = passwords + ?, "+
			"enrollments_added = enrollments_added + ?, enrollments_removed = enrollments_removed + ? WHERE id = ?",
		now.Created-was.Created, now.Updated-was.Updated, now.Unchanged-was.Unchanged, now.Errors-was.Errors,
		now.Deleted-was.Deleted,
		now.Warnings-was.Warnings, now.Passwords-was.Passwords, now.Added-was.Added, now.Removed-was.Removed, job.ID)
	return err
}

// corrected reads what a correction has led to.
func (s correction) corrected(ctx context.Context, jobID int, r *sheet.Row) (*Corrected, error) {
	job, err := s.Job(ctx, jobID)
	if err != nil {
		return nil, err
	}
	c := &Corrected{Job: job}
	if !r.Refused && r.Plan != nil {
		for _, change := range r.Plan.Changes {
			of := reader.RowChange{Row: r.Number, Label: r.Label, Change: change}
			if r.Plan.AboutStudent() {
				of.StudentID = r.TargetID
			}
			c.Changes = append(c.Changes, of)
		}
	}
	c.Problems, err = s.vault.ReadProblems(ctx, jobID,
		s.db.Client(ctx).BulkJobProblem.Query().Where(bulkjobproblem.JobID(jobID), bulkjobproblem.Row(r.Number)).
			Order(db.Asc(bulkjobproblem.FieldID)))
	return c, err
}

// resubmit makes a job of one corrected row of a job that has been carried out.
func (s correction) resubmit(ctx context.Context, job *db.BulkJob, in Correction) (*Corrected, error) {
	l, refusal := s.formats.ReadHeaderAs(job.Kind, job.Headers, columns.List(job))
	if refusal != nil {
		return nil, fmt.Errorf("the header of job %d: %s", job.ID, refusal.Message)
	}
	kept, err := s.keptRow(ctx, job, in.Row)
	switch {
	case err != nil:
		return nil, err
	case kept == nil || kept.Refused == 0 || kept.Outside == 1 && !actor.SeesAll(ctx, job):
		return nil, errNoRow
	}
	r, err := s.rowOfKept(job.ID, l, kept)
	if err != nil {
		return nil, err
	}
	if err := r.Correct(job.Headers, in.Values, s.limits.OrDefault().CellBytes); err != nil {
		return nil, err
	}
	var header, cells []string
	for i, h := range job.Headers {
		if !sheet.IsReason(h) {
			header, cells = append(header, h), append(cells, r.Cells[i])
		}
	}
	for column, at := range r.Layout.Index {
		if at >= len(job.Headers) {
			header, cells = append(header, column), append(cells, r.Cells[at])
		}
	}
	var file bytes.Buffer
	w := csvfile.NewWriter(&file)
	for _, line := range [][]string{header, cells} {
		if err := w.Write(line); err != nil {
			return nil, err
		}
	}
	if err := w.Flush(); err != nil {
		return nil, err
	}
	by := append([]int{job.SubmittedBy}, job.CorrectedBy...)
	again, err := s.Submit(ctx,
		Submission{
			by:             by,
			OrganizationID: job.OrganizationID,
			Kind:           job.Kind,
			File:           &file,
			Size:           int64(file.Len()),
			GroupsMode:     job.GroupsMode,
			Columns:        columns.AsRead(job),
			again:          true,

			CreateMissingGroups: job.CreateMissingGroups,
			FileName:            row.Shorten(fmt.Sprintf("row %d of %s", in.Row, job.FileName), maxFileName),
		})
	return &Corrected{Job: again}, err
}
