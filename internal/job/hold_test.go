package job_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/hold"
	"github.com/openhomeroom/homeroom/internal/job/kind"
	"github.com/openhomeroom/homeroom/internal/job/progress"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

func TestHold(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		b.holds()
		var all []*db.Student
		for i := range 60 {
			all = append(all, b.Student(t, b.North, "St", fmt.Sprintf("%03d", i), 0))
		}
		second := b.Educator(t, b.Alpha, "Nils Northerner", viewer.SchoolAdmin, b.North)
		start := func(b *bench, job *db.BulkJob) *db.BulkJob {
			t.Helper()
			got, err := b.Start(b.As(b.t, b.NorthAdmin), job.ID)
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		t.Run("a second administrator lets it go on", func(t *testing.T) {
			b := b.on(t)
			job := start(b, b.deleting(b.NorthAdmin, these(all[:21]...)))
			if job.Status != held || job.HeldByRule != 35 || job.StartedAt != nil || progress.ProgressOf(job).Percent != 50 {
				t.Fatalf("%+v", job)
			}
			b.wantProblems(job, `row 0 warning  HELD ""`)
			if got := b.drained(job.ID); got.Status != held ||
				b.number("SELECT COUNT(*) FROM students WHERE deleted_at IS NOT NULL") != 0 {
				t.Errorf("it went on: %s", got.Status)
			}
			_, err := b.Start(b.As(t, b.NorthAdmin), job.ID)
			b.refused(err, fault.Conflict, "NOT_READY", "waits for another administrator")
			_, err = b.Approve(b.As(t, b.NorthAdmin), job.ID, nil)
			b.refused(err, fault.Forbidden, "FORBIDDEN", "another administrator has to approve the deletion")
			_, err = b.Approve(b.As(t, b.SouthAdmin), job.ID, nil)
			b.refused(err, fault.NotFound, "NOT_FOUND", "no such upload")
			got, err := b.Approve(b.As(t, second), job.ID, nil)
			if err != nil || *got.ApprovedBy != second.ID {
				t.Fatalf("%+v, %v", got, err)
			}
			got = b.drained(job.ID)
			if got.Status != completed || got.Deleted != 21 || got.Warnings != 1 {
				t.Errorf("%+v", got)
			}
			_, err = b.Approve(b.As(t, second), job.ID, nil)
			b.refused(err, fault.Conflict, "NOT_HELD", "completed already")
			b.undone(second, got, undone, 21, 0)
		})
		t.Run("whoever starts what somebody else has only submitted does not approve it, "+
			"nor does an account of the own making", func(t *testing.T) {
			b := b.on(t)
			puppet := b.Educator(t, b.Alpha, "Paula Puppet", viewer.SchoolAdmin, b.North)
			if err := hold.Note(fixture.System(), b.Client(), fixture.Today, []int{second.ID}, puppet.ID); err != nil {
				t.Fatal(err)
			}
			job := b.deleting(b.NorthAdmin, these(all[:21]...))
			if got, err := b.Start(b.As(t, second), job.ID); err != nil || got.Status != held {
				t.Fatalf("%+v, %v", got, err)
			}
			_, err := b.Approve(b.As(t, second), job.ID, nil)
			b.refused(err, fault.Forbidden, "FORBIDDEN", "because you have started it")
			_, err = b.Approve(b.As(t, puppet), job.ID, nil)
			b.refused(err, fault.Forbidden, "FORBIDDEN", "one of you made")
			_, err = b.Approve(b.As(t, b.NorthAdmin), job.ID, nil)
			b.refused(err, fault.Forbidden, "FORBIDDEN", "because it is your own")
			if _, err := b.Approve(b.As(t, b.DistrictAdmin), job.ID, nil); err != nil {
				t.Error(err)
			}
			if _, err := b.Cancel(b.As(t, second), job.ID); err != nil {
				t.Error(err)
			}
		})
		t.Run("whoever has made the key of a program is no second administrator of its upload", func(t *testing.T) {
			b := b.on(t)
			agent := b.Educator(t, b.Alpha, "Program Program", viewer.SchoolAdmin, b.North)
			b.Client().ServiceKey.Create().SetDistrictID(b.Alpha.ID).SetOrganizationID(b.North.ID).SetAgentID(agent.ID).
				SetName("Program").
				SetScopes([]string{string(viewer.RosterImport)}).SetKeyHash("x").SetBeginning("hrk_x").
				SetCreatedBy(b.NorthAdmin.ID).
				SetExpiresAt(fixture.Today.AddDate(1, 0, 0)).SaveX(fixture.System())
			// Somebody else starts it, who then may not approve it either.
			job, err := b.Start(b.As(t, second), b.deleting(agent, these(all[:21]...)).ID)
			if err != nil || job.Status != held {
				t.Fatalf("%+v, %v", job, err)
			}
			_, err = b.Approve(b.As(t, b.NorthAdmin), job.ID, nil)
			b.refused(err, fault.Forbidden, "FORBIDDEN",
				"another administrator has to approve the deletion, because it is your own")
			if _, err := b.Approve(b.As(t, b.DistrictAdmin), job.ID, nil); err != nil {
				t.Error(err)
			}
			if _, err := b.Cancel(b.As(t, second), job.ID); err != nil {
				t.Error(err)
			}
		})
		t.Run("a held job can be canceled", func(t *testing.T) {
			b := b.on(t)
			job := start(b, b.deleting(b.NorthAdmin, these(all...)))
			got, err := b.Cancel(b.As(t, b.NorthAdmin), job.ID)
			if err != nil || got.Status != canceled || got.Deleted != 0 || got.Unchanged != 60 {
				t.Errorf("%+v, %v", got, err)
			}
			_, err = b.Approve(b.As(t, second), job.ID, nil)
			b.refused(err, fault.Conflict, "NOT_HELD", "has been canceled")
		})
		t.Run("ten percent are not too many, in the smallest school either", func(t *testing.T) {
			b := b.on(t)
			west := b.School(t, b.Alpha, "West School", "W")
			var few []*db.Student
			for range 20 {
				few = append(few, b.Student(t, west, "Fe", "W", 0))
			}
			for n, want := range map[int]bulkjob.Status{2: processing, 3: held} {
				job, err := b.Start(b.As(t, b.DistrictAdmin), b.deleting(b.DistrictAdmin, these(few[:n]...)).ID)
				if err != nil || job.Status != want {
					t.Errorf("the deletion of %d of 20 students is %v, %v; want %s", n, job, err, want)
				}
				if _, err := b.Cancel(b.As(t, b.DistrictAdmin), job.ID); err != nil {
					t.Error(err)
				}
			}
			for _, st := range all[:20] {
				b.exec("UPDATE students SET deleted_at = ? WHERE id = ?", fixture.Today, st.ID)
			}
		})
		t.Run("putting everybody into groups is what the notice asks for, and is not held", func(t *testing.T) {
			b := b.on(t)
			job := start(b,
				b.edited(b.NorthAdmin, b.matching(b.NorthAdmin, b.North, roster.StudentFilter{}),
					kind.Edit{AddTo: []int{b.Algebra.ID}}))
			if job.Status != processing || job.Updated <= 20 {
				t.Errorf("%s with %d changes", job.Status, job.Updated)
			}
			b.drained(job.ID)
			job = start(b,
				b.edited(b.NorthAdmin, b.matching(b.NorthAdmin, b.North, roster.StudentFilter{}),
					kind.Edit{RemoveFrom: []int{b.Algebra.ID}}))
			if job.Status != held {
				t.Errorf("taking everybody out of the group is %s; want it held", job.Status)
			}
		})
		t.Run("so are enrollments: joining is not held, and leaving is, by students and not by lines", func(t *testing.T) {
			b := b.on(t)
			var file strings.Builder
			file.WriteString("Class,Person ID,Role\n")
			for _, st := range all[20:] {
				fmt.Fprintf(&file, "Algebra,%s,Student\nBiology,%s,Student\n", st.ExternalID, st.ExternalID)
			}
			job := start(b, b.verified(b.NorthAdmin, b.North, enrollments, file.String()))
			if job = b.drained(job.ID); job.Status != completed || job.EnrollmentsAdded < 40 {
				t.Fatalf("%+v", job)
			}
			fewer := strings.Join(strings.Split(file.String(), "\n")[:61], "\n") // 30 of 40 students are 75 %.
			job = start(b, b.verified(b.NorthAdmin, b.North, enrollments, fewer, mode(bulkjob.GroupsModeREMOVE)))
			if job.Status != processing || job.Updated < 40 {
				t.Errorf("%s with %d lines", job.Status, job.Updated)
			}
			if _, err := b.Cancel(b.As(t, b.NorthAdmin), job.ID); err != nil {
				t.Fatal(err)
			}
			job = start(b, b.verified(b.NorthAdmin, b.North, enrollments, file.String(), mode(bulkjob.GroupsModeREMOVE)))
			if job.Status != held || !strings.Contains(b.hint(job, "HELD"), "change 40 of 40 students") {
				t.Errorf("%s: %s", job.Status, b.problems(job))
			}
		})
		t.Run("a file that sets nothing but passwords is held as any other", func(t *testing.T) {
			b := b.on(t)
			var file strings.Builder
			file.WriteString("Student ID,Password\n")
			for i, st := range all[20:] {
				fmt.Fprintf(&file, "%s,a password %d\n", st.ExternalID, i)
			}
			job := start(b, b.verified(b.NorthAdmin, b.North, students, file.String()))
			if job.Status != held || !strings.Contains(b.hint(job, "HELD"), "change 40 of 40 students") {
				t.Errorf("%s: %s", job.Status, b.problems(job))
			}
		})
		t.Run("an educator who leaves a group is no student who is lost", func(t *testing.T) {
			b := b.on(t)
			b.Teach(t, second, b.Algebra)
			job := start(b,
				b.verified(b.NorthAdmin, b.North, enrollments, "Class,Person ID,Role\nAlgebra,"+edu(second)+",Teacher\n",
					mode(bulkjob.GroupsModeREMOVE)))
			if n := b.number("SELECT COUNT(*) FROM losses WHERE job_id = ? AND thing = 'STUDENT'", job.ID); n != 0 ||
				job.Updated != 1 {
				t.Errorf("%d losses of %d lines", n, job.Updated)
			}
			b.drained(job.ID)
		})
		t.Run("changes have a limit of their own, which a school inherits from its district", func(t *testing.T) {
			b := b.on(t)
			edit := func(grade string) *db.BulkJob {
				return start(b,
					b.edited(b.NorthAdmin, b.matching(b.NorthAdmin, b.North, roster.StudentFilter{}), kind.Edit{Grade: grade}))
			}
			if job := edit("3"); job.Status != held ||
				!strings.Contains(b.hint(job, "HELD"), "change 40 of 40 students. A change of more than 75 %") {
				t.Errorf("%s", job.Status)
			}
			b.Client().Organization.UpdateOne(b.Alpha).SetHoldChangedPercent(100).ExecX(fixture.System())
			if job := edit("4"); job.Status != processing {
				t.Errorf("%s", job.Status)
			}
			b.Client().Organization.UpdateOne(b.North).SetHoldChangedPercent(50).ExecX(fixture.System())
			if job := edit("5"); job.Status != held {
				t.Errorf("%s", job.Status)
			}
		})
	})
}
