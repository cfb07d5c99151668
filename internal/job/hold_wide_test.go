package job_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/job/kind"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// What is too much for a school is also too much in a job for its district.
func TestHoldOfAWiderJob(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		b.holds()
		var north, south []*db.Student
		for i := range 40 {
			north = append(north, b.Student(t, b.North, "No", fmt.Sprintf("%03d", i), 0, b.Algebra))
		}
		for i := range 400 {
			south = append(south, b.Student(t, b.South, "So", fmt.Sprintf("%03d", i), 0))
		}
		inAlgebra := func() jobs.Selection {
			return b.matching(b.DistrictAdmin, b.Alpha, roster.StudentFilter{GroupIDs: []int{b.Algebra.ID}})
		}
		// starts starts a job, checks the result, and cancels it.
		starts := func(t *testing.T, job *db.BulkJob, want bulkjob.Status, because string) *db.BulkJob {
			t.Helper()
			b := b.on(t)
			job, err := b.Start(b.As(t, b.DistrictAdmin), job.ID)
			if err != nil || job.Status != want {
				t.Fatalf("%+v, %v; want %s", job, err, want)
			}
			if want == held && !strings.Contains(b.hint(job, "HELD"), because) {
				t.Errorf("%s; want %q", b.hint(job, "HELD"), because)
			}
			return job
		}
		cancel := func(job *db.BulkJob) {
			if _, err := b.Cancel(b.As(b.t, b.DistrictAdmin), job.ID); err != nil {
				b.t.Error(err)
			}
		}

		t.Run("a school is deleted for its district", func(t *testing.T) {
			b := b.on(t)
			cancel(starts(t, b.deleting(b.DistrictAdmin, inAlgebra()), held,
				"delete 40 of 40 students of North School. A change of more than 10 %"))
		})
		t.Run("few students of a large school do not cover those of a small one", func(t *testing.T) {
			b := b.on(t)
			cancel(starts(t, b.deleting(b.DistrictAdmin, these(append(north[:5:5], south[:20]...)...)), held,
				"delete 5 of 40 students of North School."))
			cancel(starts(t, b.deleting(b.DistrictAdmin, these(append(north[:4:4], south[:20]...)...)), processing, ""))
		})
		t.Run("a school is edited for its district, unless it is only put into groups", func(t *testing.T) {
			b := b.on(t)
			cancel(starts(t, b.edited(b.DistrictAdmin, inAlgebra(), kind.Edit{Grade: "3"}), held,
				"change 40 of 40 students of North School. A change of more than 75 %"))
			cancel(starts(t, b.edited(b.DistrictAdmin, these(append(north[:31:31], south...)...), kind.Edit{Grade: "3"}), held,
				"change 431 of 440 students."))
			cancel(starts(t, b.edited(b.DistrictAdmin, inAlgebra(), kind.Edit{AddTo: []int{b.Biology.ID}}), processing, ""))
		})
		t.Run("a file for the district changes a school", func(t *testing.T) {
			b := b.on(t)
			cancel(starts(t,
				b.verified(b.DistrictAdmin, b.Alpha, students,
					gradesFile(north[:30])+gradesFile(south[:30])[len("Student ID,Grade,First Name,Last Name,Username\n"):]),
				processing, ""))
			job := starts(t, b.verified(b.DistrictAdmin, b.Alpha, students, gradesFile(north[:31])), held,
				"change 31 of 40 students of North School.")
			// With the corrected row a student of South is changed, and nobody of North too many.
			b.corrects(b.DistrictAdmin, job, 1, "Student ID", south[0].ExternalID)
			if got := b.hint(b.job(job.ID), "HELD"); !strings.Contains(got, "change 31 of 440 students. A second") {
				t.Error(got)
			}
			b.corrects(b.DistrictAdmin, job, 1, "Student ID", north[31].ExternalID)
			if got := b.hint(b.job(job.ID), "HELD"); !strings.Contains(got,
				"change 31 of 40 students of North School. A second") {
				t.Error(got)
			}
			cancel(job)
		})
		t.Run("a few changes do not hold up a district, however small the school is", func(t *testing.T) {
			b := b.on(t)
			west := b.School(t, b.Alpha, "West School", "W")
			var few []*db.Student
			for range 10 {
				few = append(few, b.Student(t, west, "Fe", "W", 0))
			}
			cancel(starts(t, b.edited(b.DistrictAdmin, these(append(few[:9:9], south[:9]...)...), kind.Edit{Grade: "3"}),
				processing, ""))
			west.Update().SetHoldChangedPercent(1).ExecX(fixture.System()) // Of its own accord.
			cancel(starts(t, b.edited(b.DistrictAdmin, these(append(few[:9:9], south[:9]...)...), kind.Edit{Grade: "3"}),
				processing, ""))
			west.Update().ClearHoldChangedPercent().ExecX(fixture.System())
			cancel(starts(t, b.edited(b.DistrictAdmin, these(append(few, south[:9]...)...), kind.Edit{Grade: "3"}), held,
				"change 10 of 10 students of West School."))
			cancel(starts(t, b.deleting(b.DistrictAdmin, these(append(few[:2:2], south[:9]...)...)), held,
				"delete 2 of 10 students of West School."))
		})
		t.Run("nor does the limit of a school, unless the district has set the same", func(t *testing.T) {
			b := b.on(t)
			b.North.Update().SetHoldChangedPercent(1).ExecX(fixture.System())
			cancel(starts(t, b.edited(b.DistrictAdmin, these(append(north[:30:30], south[:9]...)...), kind.Edit{Grade: "3"}),
				processing, ""))
			cancel(starts(t, b.edited(b.DistrictAdmin, these(append(north[:31:31], south[:9]...)...), kind.Edit{Grade: "3"}),
				held, "change 31 of 40 students of North School. A change of more than 75 %"))
			cancel(starts(t, b.verified(b.NorthAdmin, b.North, students, gradesFile(north[:1])), held,
				"change 1 of 40 students. A change of more than 1 %"))
			// What somebody selects who administers two schools is no job of the district's.
			both := b.Educator(t, b.Alpha, "Bo Both", viewer.SchoolAdmin, b.North)
			b.gets(both, viewer.SchoolAdmin, b.South)
			job, err := b.Start(b.As(t, both),
				b.edited(both, these(append(north[:10:10], south[:1]...)...), kind.Edit{Grade: "3"}).ID)
			if err != nil || job.Status != held {
				t.Errorf("%+v, %v", job, err)
			}
			cancel(job)
			b.North.Update().ClearHoldChangedPercent().ExecX(fixture.System())
		})
		t.Run("a school moves away, in a file for the school that it comes to", func(t *testing.T) {
			b := b.on(t)
			east := b.School(t, b.Alpha, "East School", "E")
			b.Student(t, east, "Ea", "St", 0)
			away := func(list []*db.Student, to string) string {
				var file strings.Builder
				file.WriteString(header)
				for _, st := range list {
					fmt.Fprintf(&file, ",%s,,,,,,%s,[clear]\n", st.ExternalID, to)
				}
				return file.String()
			}
			job := starts(t, b.verified(b.DistrictAdmin, b.South, students, away(north[:31], "South School")), held,
				"change more than 75 % of the students of another school. A change of more than 75 %")
			if got := b.hint(job, "HELD"); strings.Contains(got, "40") {
				t.Errorf("administrators of South read how many students North has: %s", got)
			}
			cancel(job)
			// A small school takes in more than it has.
			cancel(starts(t, b.verified(b.DistrictAdmin, east, students, away(north[:20], "East School")), processing, ""))
		})
		t.Run("who is brought back by a file is changed", func(t *testing.T) {
			b := b.on(t)
			var back strings.Builder
			back.WriteString(header)
			for _, st := range north[:35] {
				b.exec("UPDATE students SET deleted_at = ? WHERE id = ?", fixture.Today, st.ID)
				fmt.Fprintf(&back, ",%s,,,,,,,\n", st.ExternalID)
			}
			cancel(starts(t, b.verified(b.DistrictAdmin, b.North, students, back.String()), held,
				"change 35 students, where 5 have been there for longer."))
			for _, st := range north[:35] {
				b.exec("UPDATE students SET deleted_at = NULL WHERE id = ?", st.ID)
			}
		})
		t.Run("a file of enrollments for the district takes a school out of its groups", func(t *testing.T) {
			b := b.on(t)
			var file strings.Builder
			file.WriteString("Class ID,Person ID,Role\n")
			for _, st := range north {
				fmt.Fprintf(&file, "%s,%s,Student\n", grp(b.Algebra), st.ExternalID)
			}
			cancel(starts(t, b.verified(b.DistrictAdmin, b.Alpha, enrollments, file.String(), mode(bulkjob.GroupsModeREMOVE)),
				held, "change 40 of 40 students of North School."))
		})
		t.Run("the school's own limits hold", func(t *testing.T) {
			b := b.on(t)
			b.Client().Organization.UpdateOne(b.North).SetHoldDeletedPercent(100).ExecX(fixture.System())
			cancel(starts(t, b.deleting(b.DistrictAdmin, inAlgebra()), processing, ""))
			b.Client().Organization.UpdateOne(b.Alpha).SetHoldDeletedPercent(5).ExecX(fixture.System())
			cancel(starts(t, b.deleting(b.DistrictAdmin, inAlgebra()), held, "delete 40 of 451 students. A change of more than 5 %"))
		})
		t.Run("what a school has changed itself does not hold up what a program sends for the district", func(t *testing.T) {
			b := b.on(t)
			b.want(b.applied(b.NorthAdmin, b.edited(b.NorthAdmin, these(north[:29]...), kind.Edit{Grade: "3"})),
				completed, 0, 29, 0, 0)
			night := b.program(b.Alpha)
			job, err := b.Submit(night,
				jobs.Submission{
					OrganizationID: b.Alpha.ID,
					Kind:           students,
					FileName:       "night.csv",
					File:           strings.NewReader(gradesFile(north[29:])),
				})
			if err != nil {
				t.Fatal(err)
			}
			b.drained(job.ID)
			if job, err = b.Start(night, job.ID); err != nil || job.Status != processing {
				t.Errorf("%+v, %v", job, err)
			}
			cancel(job)
		})
	})
}
