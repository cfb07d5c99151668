package job_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/job/progress"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// TestAnUndoIsHeld has one person hide most of a school by undoing what brought it.
func TestAnUndoIsHeld(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		b.holds()
		now := &clock{now: fixture.Today}
		b.Service = benchOn(t, b.World, func(o *jobs.Options) { o.Now = now.Now }).Service
		for i := range 61 {
			b.Student(t, b.North, "St", fmt.Sprintf("%03d", i), 0)
		}
		second := b.Educator(t, b.Alpha, "Nils Northerner", viewer.SchoolAdmin, b.North)
		var file strings.Builder
		file.WriteString(header)
		for i := range 90 {
			fmt.Fprintf(&file, ",new%d,New,One,newone%d,,7,,Algebra\n", i, i)
		}
		job := b.imported(b.NorthAdmin, b.North, students, file.String())
		b.want(job, completed, 90, 0, 0, 0)
		there := func() int { return b.number("SELECT COUNT(*) FROM students WHERE deleted_at IS NULL") }

		got, err := b.Undo(b.As(t, b.NorthAdmin), job.ID)
		if err != nil || got.Status != held || got.HeldFor == nil || *got.HeldFor != bulkjob.HeldForUNDO ||
			got.HeldByRule != 59 || progress.ProgressOf(got).Percent != 100 {
			t.Fatalf("%+v, %v", got, err)
		}
		b.wantProblems(got, `row 0 warning  HELD ""`)
		if text := b.hint(got, "HELD"); !strings.Contains(text,
			"Undoing this would delete 90 of 151 students. A change of more than 10 %") {
			t.Error(text)
		}
		if b.drained(job.ID); there() != 151 {
			t.Fatalf("%d students are there", there())
		}
		t.Run("it waits, and is nothing that can be started, undone or corrected", func(t *testing.T) {
			b := b.on(t)
			_, err := b.Start(b.As(t, b.NorthAdmin), job.ID)
			b.refused(err, fault.Conflict, "NOT_READY", "waits for another administrator")
			_, err = b.Undo(b.As(t, second), job.ID)
			b.refused(err, fault.Conflict, "NOT_UNDOABLE", "waits for another administrator")
			_, err = b.correct(b.NorthAdmin, got, 1, "Grade", "8")
			b.refused(err, fault.Conflict, "NOT_CORRECTABLE", "waits for another administrator")
		})
		t.Run("whoever has asked for it does not approve it", func(t *testing.T) {
			b := b.on(t)
			_, err := b.Approve(b.As(t, b.NorthAdmin), job.ID, nil)
			b.refused(err, fault.Forbidden, "FORBIDDEN", "another administrator has to approve")
			_, err = b.Approve(b.As(t, b.SouthAdmin), job.ID, nil)
			b.refused(err, fault.NotFound, "NOT_FOUND", "no such upload")
		})
		t.Run("canceled, it leaves the job as it was", func(t *testing.T) {
			b := b.on(t)
			got, err := b.Cancel(b.As(t, b.NorthAdmin), job.ID)
			if err != nil || got.Status != completed || got.HeldFor != nil || got.UndoneBy != nil || got.Created != 90 ||
				got.Warnings != 0 || got.FinishedAt == nil {
				t.Fatalf("%+v, %v", got, err)
			}
			b.wantProblems(got)
		})
		t.Run("nobody's approval is an end as well", func(t *testing.T) {
			b := b.on(t)
			if got, err := b.Undo(b.As(t, b.NorthAdmin), job.ID); err != nil || got.Status != held {
				t.Fatalf("%+v, %v", got, err)
			}
			now.Add(13 * 24 * time.Hour)
			if err := b.Sweep(t.Context()); err != nil || b.job(job.ID).Status != held {
				t.Fatalf("%s, %v", b.job(job.ID).Status, err)
			}
			now.Add(48 * time.Hour)
			if err := b.Sweep(t.Context()); err != nil || b.job(job.ID).Status != completed {
				t.Fatalf("%s, %v", b.job(job.ID).Status, err)
			}
		})
		t.Run("a second administrator lets it go on, who has looked at this preview", func(t *testing.T) {
			b := b.on(t)
			got, err := b.Undo(b.As(t, b.NorthAdmin), job.ID)
			if err != nil {
				t.Fatal(err)
			}
			other := jobs.PreviewVersion(got) + 1
			_, err = b.Approve(b.As(t, second), job.ID, &other)
			b.refused(err, fault.Conflict, "PREVIEW_CHANGED", "look again")
			if got, err = b.Approve(b.As(t, second), job.ID, nil); err != nil || got.Status != undoing ||
				*got.UndoApprovedBy != second.ID || *got.UndoneBy != b.NorthAdmin.ID || got.ApprovedBy != nil {
				t.Fatalf("%+v, %v", got, err)
			}
			if got = b.drained(job.ID); got.Status != undone || got.UndoneRows != 90 || there() != 61 {
				t.Errorf("%s, %d undone, %d there", got.Status, got.UndoneRows, there())
			}
			b.consistent()
		})
		t.Run("the operator's waits for nobody", func(t *testing.T) {
			b := b.on(t)
			job := b.imported(b.NorthAdmin, b.North, students, strings.ReplaceAll(file.String(), "new", "newer"))
			got, err := b.UndoAnyway(b.As(t, b.DistrictAdmin), job.ID)
			if err != nil || got.Status != undoing {
				t.Errorf("%+v, %v", got, err)
			}
		})
	})
}
