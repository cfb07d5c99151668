package job_test

import (
	"context"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/job/kind"
	"github.com/openhomeroom/homeroom/internal/job/progress"
	"github.com/openhomeroom/homeroom/internal/job/state"
)

func TestWhatCancelingAndUndoingLeaveForLater(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		b.Student(t, b.North, "Ada", "Lovelace", 0, b.Algebra)
		t.Run("plans that a server could not withdraw any more are withdrawn later", func(t *testing.T) {
			b := b.on(t)
			job := b.verified(b.NorthAdmin, b.North, students, header+",00001,,,,,8,,Biology\n,n1,New,One,newone,secret1,7,,\n")
			b.exec("UPDATE bulk_jobs SET status = 'CANCELED', started_at = ?, finished_at = ? WHERE id = ?", fixture.Today,
				fixture.Today, job.ID)
			if err := b.Sweep(context.Background()); err != nil {
				t.Fatal(err)
			}
			b.want(b.job(job.ID), canceled, 0, 0, 2, 0)
			if got := b.job(job.ID); got.EnrollmentsAdded != 0 || b.secrets() != 0 {
				t.Errorf("%+v; %d secrets", got, b.secrets())
			}
		})
		t.Run("after 90 days nothing is undone, and what was replaced is forgotten", func(t *testing.T) {
			b := b.on(t)
			job := b.imported(b.NorthAdmin, b.North, students, header+",00001,,,,,8,,\n")
			late := &clock{now: fixture.Today.Add(89 * 24 * time.Hour)}
			later := benchOn(t, b.World, func(o *jobs.Options) { o.Now = late.Now })
			images := "SELECT COUNT(*) FROM bulk_job_rows WHERE `before` IS NOT NULL"
			if err := later.Sweep(context.Background()); err != nil || b.number(images) != 1 {
				t.Errorf("%d images, %v", b.number(images), err)
			}
			late.Add(2 * 24 * time.Hour)
			_, err := later.Undo(b.As(t, b.NorthAdmin), job.ID)
			b.refused(err, fault.Conflict, "NOT_UNDOABLE", "more than 90 days ago")
			if err := later.Sweep(context.Background()); err != nil || b.number(images) != 0 {
				t.Errorf("%d images, %v", b.number(images), err)
			}
		})
		t.Run("a teacher undoes an own edit", func(t *testing.T) {
			b := b.on(t)
			before := b.world()
			job := b.applied(b.NorthTeacher, b.edited(b.NorthTeacher, these(b.student("00001")), kind.Edit{Grade: "3"}))
			b.want(job, completed, 0, 1, 0, 0)
			b.undone(b.NorthTeacher, job, undone, 1, 0)
			if after := b.world(); after != before {
				t.Error(diff(before, after))
			}
		})
		t.Run("who has lost the role in between puts nothing back", func(t *testing.T) {
			b := b.on(t)
			job := b.applied(b.NorthAdmin, b.edited(b.NorthAdmin, these(b.student("00001")), kind.Edit{Grade: "4"}))
			if _, err := b.Undo(b.As(t, b.NorthAdmin), job.ID); err != nil {
				t.Fatal(err)
			}
			b.exec("DELETE FROM role_assignments WHERE educator_id = ?", b.NorthAdmin.ID)
			got := b.drained(job.ID)
			if got.Status != partly || got.KeptRows != 1 || b.student("00001").Grade != 4 {
				t.Errorf("%+v", got)
			}
			b.wantProblems(got, `row 1 warning  CHANGED_SINCE "Ada Lovelace (00001)"`)
		})
	})
}

// TestProgressOnlyGoesUp follows a job through its life.
func TestProgressOnlyGoesUp(t *testing.T) {
	t.Parallel()
	job := db.BulkJob{TotalRows: 1000}
	seen := -1.0
	for _, step := range []struct {
		status              bulkjob.Status
		verified, processed int
		started             bool
	}{
		{verifying, 0, 0, false}, {verifying, 500, 0, false}, {verifying, 1000, 0, false}, {ready, 1000, 0, false}, {held, 1000, 0, false},
		{processing, 1000, 0, true}, {processing, 1000, 500, true}, {processing, 1000, 1000, true}, {canceled, 1000, 1000, true}, {completed, 1000, 1000, true},
	} {
		job.Status, job.VerifiedRows, job.ProcessedRows, job.StartedAt = step.status, step.verified, step.processed, nil
		if step.started {
			job.StartedAt = &fixture.Today
		}
		p := progress.ProgressOf(&job).Percent
		if p < seen || (p == 100) != (step.status == completed) {
			t.Errorf("%s %d %d: %v after %v", step.status, step.verified, step.processed, p, seen)
		}
		seen = p
	}
	for status, want := range map[bulkjob.Status]bool{
		verifying:  false,
		ready:      false,
		held:       false,
		processing: false,
		undoing:    false,
		completed:  true,
		withErrors: true,
		failed:     true,
		canceled:   true,
		undone:     true,
		partly:     true,
	} {
		if state.Finished(status) != want {
			t.Errorf("%s: finished is %v", status, !want)
		}
	}
}
