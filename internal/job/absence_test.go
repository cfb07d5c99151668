package job_test

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/roster"
)

func missing(m bulkjob.Missing) with { return func(s *jobs.Submission) { s.Missing = m } }

func leavers(l bulkjob.Leavers) with { return func(s *jobs.Submission) { s.Leavers = l } }

// notIn names the students who are not in the file of a job, as somebody sees them.
func (b *bench) notIn(who *db.Educator, job *db.BulkJob) (names []string) {
	b.t.Helper()
	ctx := b.As(b.t, who)
	list, err := roster.New(b.DB, roster.Options{Now: time.Now}).Students(ctx, job.OrganizationID,
		roster.StudentFilter{NotInJob: job.ID})
	if err != nil {
		b.t.Fatal(err)
	}
	err = list.Each(ctx, func(students []*db.Student) error {
		for _, st := range students {
			names = append(names, st.FirstName)
		}
		return nil
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return names
}

func TestWhoIsNotInTheFile(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		b.smallSchool()
		const two = "Student ID,Grade\n00001,8\n00002,\n"
		wantNotIn := func(b *bench, who *db.Educator, job *db.BulkJob, want ...string) {
			b.t.Helper()
			if got := b.notIn(who, job); !slices.Equal(got, want) {
				b.t.Errorf("not in the file: %q, want %q", got, want)
			}
		}

		t.Run("they are listed, and nothing happens to them", func(t *testing.T) {
			b := b.on(t)
			job := b.verified(b.DistrictAdmin, b.North, students, two)
			b.want(job, ready, 0, 1, 1, 0)
			wantNotIn(b, b.DistrictAdmin, job, "Cyd", "Dee")
			wantNotIn(b, b.NorthAdmin, job, "Cyd", "Dee")
			whole := b.verified(b.DistrictAdmin, b.Alpha, students, two)
			wantNotIn(b, b.DistrictAdmin, whole, "Cyd", "Dee", "Sue")
		})
		for _, c := range []struct {
			how     bulkjob.Missing
			updated int
			deleted int
			changes []string
		}{
			{bulkjob.MissingDELETE, 1, 2, []string{"3 Cyd Curie (00003) Deleted: no → yes",
				"3 Cyd Curie (00003) Classes/Groups: Algebra;Biology → -", "4 Dee Darwin (00004) Deleted: no → yes",
				"4 Dee Darwin (00004) Classes/Groups: Algebra;Biology → -"}},
			{bulkjob.MissingLEAVE_GROUPS, 3, 0, []string{"3 Cyd Curie (00003) Classes/Groups: Algebra;Biology → -",
				"4 Dee Darwin (00004) Classes/Groups: Algebra;Biology → -"}},
		} {
			t.Run("with "+string(c.how)+" the preview shows them, the start carries it out, and an undo puts it back",
				func(t *testing.T) {
					b := b.on(t)
					before := b.world()
					job := b.verified(b.DistrictAdmin, b.North, students, two, missing(c.how))
					b.want(job, ready, 0, c.updated, 1, 0)
					if job.Deleted != c.deleted || job.MissingRows != 2 || job.TotalRows != 4 || job.EnrollmentsRemoved != 4 {
						t.Errorf("%+v", job)
					}
					if got := b.changes(b.DistrictAdmin, job); !slices.Equal(got[1:], c.changes) {
						t.Errorf("%q\nwant %q", got[1:], c.changes)
					}
					b.exec(fmt.Sprintf("UPDATE bulk_jobs SET status = 'VERIFYING' WHERE id = %d", job.ID))
					again := b.drained(job.ID)
					if b.want(again, ready, 0, c.updated, 1, 0); again.TotalRows != 4 || again.Deleted != c.deleted {
						t.Errorf("after another check: %+v", again)
					}
					if _, err := b.Start(b.As(t, b.DistrictAdmin), job.ID); err != nil {
						t.Fatal(err)
					}
					job = b.drained(job.ID)
					b.want(job, completed, 0, c.updated, 1, 0)
					if n := b.number("SELECT COUNT(*) FROM enrollments e JOIN students s ON s.id = e.student_id WHERE " +
						"s.first_name IN ('Cyd', 'Dee')"); n != 0 {
						t.Errorf("%d enrollments are left", n)
					}
					if n := b.number("SELECT COUNT(*) FROM students WHERE first_name IN ('Cyd', 'Dee') AND " +
						"deleted_at IS NOT NULL"); n != c.deleted {
						t.Errorf("%d are deleted", n)
					}
					b.undone(b.DistrictAdmin, job, undone, 3, 0)
					if after := b.world(); after != before {
						t.Errorf("before:\n%s\nafter:\n%s", before, after)
					}
				})
		}
		t.Run("those of the school's information system stay, and are counted", func(t *testing.T) {
			b := b.on(t)
			b.exec("UPDATE students SET synced = 1 WHERE first_name = 'Dee'")
			defer b.exec("UPDATE students SET synced = 0")
			job := b.verified(b.DistrictAdmin, b.North, students, two, missing(bulkjob.MissingDELETE))
			b.want(job, ready, 0, 1, 1, 0)
			if job.Deleted != 1 || !strings.Contains(b.problems(job), row.MissingKept) {
				t.Errorf("%d deleted\n%s", job.Deleted, b.problems(job))
			}
		})
		t.Run("so do those who have left", func(t *testing.T) {
			b := b.on(t)
			b.exec("UPDATE students SET synced = 1 WHERE first_name = 'Dee'")
			defer b.exec("UPDATE students SET synced = 0")
			job := b.verified(b.DistrictAdmin, b.North, students, "Student ID,Grade,Status\n00004,7,Inactive\n00001,8,Active\n",
				leavers(bulkjob.LeaversDELETE))
			if b.balanced(job); job.Status != ready || job.Deleted != 0 {
				t.Errorf("%+v", job)
			}
		})
		t.Run("nobody is removed if it is unclear whom a refused row is about", func(t *testing.T) {
			b := b.on(t)
			for _, unclear := range []string{"99999,9\n", ",9\n", "3,9\n"} {
				job := b.verified(b.DistrictAdmin, b.North, students, two+unclear, missing(bulkjob.MissingDELETE))
				b.want(job, ready, 0, 1, 1, 1)
				if job.Deleted != 0 || job.MissingRows != 0 || !strings.Contains(b.problems(job), row.MissingUnclear) {
					t.Errorf("%q: %d deleted\n%s", unclear, job.Deleted, b.problems(job))
				}
			}
			// Whom this row is about is clear.
			job := b.verified(b.DistrictAdmin, b.North, students, two+"00003,99\n", missing(bulkjob.MissingDELETE))
			if b.want(job, ready, 0, 1, 1, 1); job.Deleted != 1 {
				t.Errorf("%d deleted\n%s", job.Deleted, b.problems(job))
			}
		})
		t.Run("whom a new student may be stays, and is not listed", func(t *testing.T) {
			b := b.on(t)
			const row3 = "Student ID,First Name,Last Name,Username,Grade\n00001,,,,8\n00002,,,,\n90001,Dee,Darwin,dee.new,"
			grade := b.number("SELECT grade FROM students WHERE first_name = 'Dee'")
			job := b.verified(b.DistrictAdmin, b.North, students, row3+strconv.Itoa(grade)+"\n", missing(bulkjob.MissingDELETE))
			if job.Created != 1 || job.Deleted != 1 || !strings.Contains(b.problems(job), row.PossibleDuplicate) {
				t.Errorf("%d created, %d deleted\n%s", job.Created, job.Deleted, b.problems(job))
			}
			wantNotIn(b, b.DistrictAdmin, job, "Cyd")
		})
		t.Run("a corrected row about somebody who is removed is refused", func(t *testing.T) {
			b := b.on(t)
			job := b.verified(b.DistrictAdmin, b.North, students, two+"00003,99\n", missing(bulkjob.MissingDELETE))
			_, err := b.correct(b.DistrictAdmin, job, 3, "Student ID", "00004", "Grade", "9")
			if e := fault.From(err); e == nil || e.Code != "NOT_CORRECTABLE" {
				t.Errorf("%v", err)
			}
			// So is one about somebody who leaves the groups by another row of the file.
			job = b.verified(b.DistrictAdmin, b.North, students, "Student ID,Grade,Status\n00001,8,Active\n00003,,Inactive\n"+
				"00002,99,Active\n", leavers(bulkjob.LeaversLEAVE_GROUPS))
			_, err = b.correct(b.DistrictAdmin, job, 3, "Student ID", "00003", "Grade", "9")
			if e := fault.From(err); e == nil || e.Code != "NOT_CORRECTABLE" {
				t.Errorf("somebody who leaves the groups: %v", err)
			}
			// Another row that only changes the student removes nobody.
			job = b.verified(b.DistrictAdmin, b.North, students, two+"00001,99\n", missing(bulkjob.MissingDELETE))
			if _, err := b.correct(b.DistrictAdmin, job, 3, "Student ID", "00001", "Grade", "8"); err != nil {
				t.Errorf("a row about somebody whom another row changes: %v", err)
			}
		})
		t.Run("those who have left are removed, unless another row counts", func(t *testing.T) {
			b := b.on(t)
			const file = "Student ID,Grade,Status\n00001,8,Active\n00003,9,Inactive\n00004,9,Withdrawn\n00004,,Active\n"
			job := b.verified(b.DistrictAdmin, b.North, students, file, leavers(bulkjob.LeaversDELETE))
			if b.balanced(job); job.Status != ready || job.Deleted != 1 || job.MissingRows != 0 {
				t.Errorf("%+v\n%s", job, b.problems(job))
			}
			if got := b.changes(b.DistrictAdmin, job); !slices.Contains(got, "2 Cyd Curie (00003) Deleted: no → yes") {
				t.Errorf("%q", got)
			}
			wantNotIn(b, b.DistrictAdmin, job, "Bob")
			job = b.verified(b.DistrictAdmin, b.North, students, file)
			if job.Deleted != 0 {
				t.Errorf("%d are deleted by default", job.Deleted)
			}
			job = b.verified(b.DistrictAdmin, b.North, students, file, missing(bulkjob.MissingDELETE))
			if job.Deleted != 2 {
				t.Errorf("%d are deleted with those who are not in the file", job.Deleted)
			}
		})
		t.Run("too many need a second administrator", func(t *testing.T) {
			b := b.on(t)
			b.holds()
			for i := range 30 {
				b.Student(t, b.South, "St", fmt.Sprintf("%03d", i), 0)
			}
			job := b.verified(b.DistrictAdmin, b.South, students, "Student ID,Grade\n00005,8\n", missing(bulkjob.MissingDELETE))
			job, err := b.Start(b.As(t, b.DistrictAdmin), job.ID)
			if err != nil || job.Status != held {
				t.Errorf("%v %v", job, err)
			}
		})
		t.Run("who came after the check is not listed", func(t *testing.T) {
			b := b.on(t)
			job := b.verified(b.DistrictAdmin, b.North, students, two)
			b.Student(t, b.North, "Later", "Comer", 0)
			wantNotIn(b, b.DistrictAdmin, job, "Cyd", "Dee")
		})
		t.Run("only administrators remove, and only with a file of students", func(t *testing.T) {
			for _, c := range []struct {
				who  *db.Educator
				kind bulkjob.Kind
				want fault.Kind
			}{{b.NorthTeacher, students, fault.Forbidden}, {b.NorthAdmin, bulkjob.KindIMPORT_GROUPS, fault.Invalid}} {
				for _, how := range []with{missing(bulkjob.MissingDELETE), leavers(bulkjob.LeaversLEAVE_GROUPS)} {
					in := jobs.Submission{OrganizationID: b.North.ID, Kind: c.kind, FileName: "f.csv", File: strings.NewReader(two)}
					how(&in)
					var e *fault.Error
					if _, err := b.Submit(b.As(t, c.who), in); !errors.As(err, &e) || e.Kind != c.want || e.Field == "" {
						t.Errorf("%v", err)
					}
				}
			}
			job := b.verified(b.DistrictAdmin, b.South, students, "Student ID,Grade\n00005,8\n")
			_, err := roster.New(b.DB, roster.Options{Now: time.Now}).Students(b.As(t, b.NorthTeacher), b.North.ID,
				roster.StudentFilter{NotInJob: job.ID})
			if fault.KindOf(err) != fault.NotFound {
				t.Errorf("a job that one does not see: %v", err)
			}
		})
	})
}
