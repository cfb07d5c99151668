package job_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// gradesFile gives students of grade 7 other grades.
func gradesFile(all []*db.Student) string {
	var file strings.Builder
	file.WriteString("Student ID,Grade,First Name,Last Name,Username\n")
	for i, st := range all {
		fmt.Fprintf(&file, "%s,%d,,,\n", st.ExternalID, 1+i%3)
	}
	return file.String()
}

// heldJob submits new grades for students of North, followed by a refused row, and starts
// the job, which is put on hold.
func (b *bench) heldJob(who *db.Educator, all []*db.Student) *db.BulkJob {
	b.t.Helper()
	job := b.verified(who, b.North, students, gradesFile(all)+"newcomer,99,New,Comer,newcomer\n")
	job, err := b.Start(b.As(b.t, who), job.ID)
	if err != nil || job.Status != held || job.Errors != 1 {
		b.t.Fatalf("%+v, %v", job, err)
	}
	return job
}

func TestCorrectHeld(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		b.holds()
		var all []*db.Student
		for i := range 30 {
			all = append(all, b.Student(t, b.North, "St", fmt.Sprintf("%03d", i), 0))
		}
		second := b.Educator(t, b.Alpha, "Nils Northerner", viewer.SchoolAdmin, b.North)
		approve := func(b *bench, who *db.Educator, job *db.BulkJob, seen ...int) (*db.BulkJob, error) {
			if len(seen) == 0 {
				return b.Approve(b.As(b.t, who), job.ID, nil)
			}
			return b.Approve(b.As(b.t, who), job.ID, &seen[0])
		}
		untouched := func(b *bench, job *db.BulkJob) {
			b.t.Helper()
			if got := b.drained(job.ID); got.Status != held || got.StartedAt != nil || got.ApprovedBy != nil {
				b.t.Errorf("it went on: %+v", got)
			}
		}

		t.Run("a corrected job stays on hold, and only what was looked at is approved", func(t *testing.T) {
			b := b.on(t)
			job := b.heldJob(b.NorthAdmin, all)
			looked := jobs.PreviewVersion(job)
			changes, problems := b.corrects(b.NorthAdmin, job, 31, "Grade", "5")
			if len(problems) > 0 || !slices.Contains(changes, "Grade: - → 5") {
				t.Errorf("%q %q", changes, problems)
			}
			now := b.job(job.ID)
			b.want(now, held, 1, 30, 0, 0)
			if now.HeldByRule != 100 || now.Warnings != 1 || jobs.PreviewVersion(now) == looked {
				t.Errorf("%+v", now)
			}
			for _, seen := range [][]int{nil, {looked}, {jobs.PreviewVersion(now) + 1}} {
				_, err := approve(b, second, job, seen...)
				b.refused(err, fault.Conflict, jobs.PreviewChanged,
					fmt.Sprintf("previewVersion, %d", jobs.PreviewVersion(now)))
			}
			untouched(b, job)
			if _, err := approve(b, second, job, jobs.PreviewVersion(now)); err != nil {
				t.Fatal(err)
			}
			_, err := b.correct(b.NorthAdmin, job, 31, "Grade", "6")
			b.refused(err, fault.Conflict, "NOT_CORRECTABLE", "can be corrected after it ends")
			b.want(b.drained(job.ID), completed, 1, 30, 0, 0)
			if got := b.student("newcomer").Grade.String(); got != "5" {
				t.Errorf("grade %s", got)
			}
			b.consistent()
			b.unheld(func() { b.undone(b.NorthAdmin, b.job(job.ID), undone, 31, 0) })
		})

		t.Run("whoever has corrected a row is no second administrator, on hold or before", func(t *testing.T) {
			b := b.on(t)
			job := b.heldJob(b.NorthAdmin, all)
			b.corrects(second, job, 1, "Grade", "11")
			_, err := approve(b, second, job, jobs.PreviewVersion(b.job(job.ID)))
			b.refused(err, fault.Forbidden, "FORBIDDEN", "you have corrected some of its rows")
			_, err = approve(b, b.NorthAdmin, job, jobs.PreviewVersion(b.job(job.ID)))
			b.refused(err, fault.Forbidden, "FORBIDDEN", "it is your own")
			untouched(b, job)

			ready := b.verified(b.NorthAdmin, b.North, students, gradesFile(all))
			b.corrects(second, ready, 2, "Grade", "11")
			if got, err := b.Start(b.As(t, b.NorthAdmin), ready.ID); err != nil || got.Status != held {
				t.Fatalf("%+v, %v", got, err)
			}
			_, err = approve(b, second, ready)
			b.refused(err, fault.Forbidden, "FORBIDDEN", "you have corrected some of its rows")
			if _, err := approve(b, b.DistrictAdmin, ready); err != nil {
				t.Errorf("corrected before the hold, and seen on hold: %v", err)
			}
			for _, j := range []*db.BulkJob{job, ready} {
				if _, err := b.Cancel(b.As(t, second), j.ID); err != nil {
					t.Error(err)
				}
			}
		})

		t.Run("of an approval and a correction at the same moment one comes first", func(t *testing.T) {
			b := b.on(t)
			for round := range 5 {
				job := b.heldJob(b.NorthAdmin, all)
				looked := jobs.PreviewVersion(job)
				var corrected, approved error
				var both sync.WaitGroup
				both.Go(func() {
					_, corrected = b.Correct(b.As(t, b.NorthAdmin),
						jobs.Correction{JobID: job.ID, Row: 1, Values: []sheet.Cell{{Column: "Grade", Value: "12"}}})
				})
				both.Go(func() { _, approved = b.Approve(b.As(t, second), job.ID, &looked) })
				both.Wait()
				if (corrected == nil) == (approved == nil) {
					t.Fatalf("round %d: corrected %v, approved %v", round, corrected, approved)
				}
				if corrected != nil {
					b.refused(corrected, fault.Conflict, "NOT_CORRECTABLE", "has been started")
				} else {
					b.refused(approved, fault.Conflict, jobs.PreviewChanged, "corrected since")
					untouched(b, job)
				}
				if _, err := b.Cancel(b.As(t, second), job.ID); err != nil {
					t.Fatal(err)
				}
			}
		})

		t.Run("an approval does not include a correction that comes while it is given", func(t *testing.T) {
			b := b.on(t)
			job := b.heldJob(b.NorthAdmin, all)
			looked := jobs.PreviewVersion(job)
			// The clock is read between the look at the job and the approval.
			corrects := sync.OnceFunc(func() { b.corrects(b.NorthAdmin, job, 1, "Grade", "12") })
			other := benchOn(t, b.World, func(o *jobs.Options) {
				o.Now = func() time.Time { corrects(); return fixture.Today }
			})
			_, err := other.Approve(b.As(t, second), job.ID, &looked)
			b.refused(err, fault.Conflict, jobs.PreviewChanged, "corrected since")
			untouched(b, job)
			if _, err := b.Cancel(b.As(t, second), job.ID); err != nil {
				t.Fatal(err)
			}
		})

		t.Run("the hold tells what the job does now, and stays where that is little", func(t *testing.T) {
			b := b.on(t)
			job := b.heldJob(b.NorthAdmin, all[:23])
			hint := func() string { return b.hint(job, "HELD") }
			if !strings.Contains(hint(), "change 23 of 30 students") {
				t.Fatal(hint())
			}
			// Row 1 now creates a student.
			b.corrects(b.NorthAdmin, job, 1, "Student ID", "brandnew", "First Name", "Brand", "Last Name", "New",
				"Username", "brandnew")
			if got := b.job(job.ID); got.Status != held || got.HeldByRule != 73 || got.Warnings != 1 ||
				!strings.Contains(hint(), "change 22 of 30 students") {
				t.Errorf("%+v, %s", got, hint())
			}
			// And the refused row is now about an existing student, next to a correction
			// that is refused.
			b.corrects(b.NorthAdmin, job, 24, "Student ID", all[29].ExternalID, "First Name", all[29].FirstName,
				"Grade", "1", "Username", "")
			b.corrects(b.NorthAdmin, job, 2, "Grade", "99")
			b.want(b.job(job.ID), held, 1, 22, 0, 1)
			if !strings.Contains(hint(), "change 22 of 30 students") {
				t.Error(hint())
			}
			untouched(b, job)
			if _, err := approve(b, second, job, jobs.PreviewVersion(b.job(job.ID))); err != nil {
				t.Error(err)
			}
			b.want(b.drained(job.ID), withErrors, 1, 22, 0, 1)
			b.consistent()
		})
	})
}
