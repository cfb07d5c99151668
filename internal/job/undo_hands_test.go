package job_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// TestUndoByOthers lets an administrator of North and one of the district undo jobs of the
// district's administrator for North. Each puts back what that person may change; for the
// first one, everything elsewhere stays as if it did not exist.
func TestUndoByOthers(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		kept := func(b *bench, job int, want string) {
			b.t.Helper()
			if got := b.problems(b.job(job)); got != want {
				b.t.Errorf("problems:\n%s\nwant:\n%s", got, want)
			}
			if told := b.told(b.As(b.t, b.NorthAdmin), b.job(job)); strings.Contains(told, "Chemistry") ||
				strings.Contains(told, "South School") || strings.Contains(told, "Hid") {
				b.t.Errorf("an administrator of the school reads %s", told)
			}
		}
		t.Run("students", func(t *testing.T) {
			b := b.on(t)
			grader, leaver := b.Student(t, b.North, "Gra", "Der", 0), b.Student(t, b.North, "Lea", "Ver", 0, b.Algebra)
			mover := b.Student(t, b.North, "Hid", "Mover", 0, b.Algebra)
			file := header + stu(grader) + ",,,,,,5,,\n" + stu(leaver) + ",,,,,,5,,Biology\n" +
				stu(mover) + ",,,,,,5,S,Chemistry\n"
			before := b.world()
			job := b.imported(b.DistrictAdmin, b.North, students, file, mode(bulkjob.GroupsModeREPLACE))
			b.want(job, completed, 0, 3, 0, 0)
			got := b.undone(b.NorthAdmin, job, partly, 2, 1)
			kept(b, got.ID, fmt.Sprintf("row 3 warning  CHANGED_SINCE %q", "Hid Mover ("+mover.ExternalID+")"))
			for st, want := range map[string]string{
				grader.ExternalID: "7 ",
				leaver.ExternalID: "7 Algebra",
				mover.ExternalID:  "5 Chemistry",
			} {
				if now := b.student(st); now.Grade.String()+" "+b.groupsOf(now) != want {
					t.Errorf("%s %s in %s, want %s", now.FirstName, now.Grade, b.groupsOf(now), want)
				}
			}
			b.exec("UPDATE students SET organization_id = ?, grade = 7 WHERE id = ?", b.North.ID, mover.ID)
			b.exec("UPDATE enrollments SET group_id = ? WHERE student_id = ?", b.Algebra.ID, mover.ID)
			b.exec("UPDATE `groups` SET student_count = (SELECT COUNT(*) FROM enrollments e WHERE e.group_id = `groups`.id)")
			if after := b.world(); after != before {
				t.Fatal(diff(before, after))
			}
			again := b.imported(b.DistrictAdmin, b.North, students, file, mode(bulkjob.GroupsModeREPLACE))
			b.undone(b.DistrictAdmin, again, undone, 3, 0)
			if after := b.world(); after != before {
				t.Error(diff(before, after))
			}
		})
		t.Run("of the district, that an administrator of the school approves", func(t *testing.T) {
			b := b.on(t)
			grader, mover := b.Student(t, b.North, "Gra", "Ded", 0), b.Student(t, b.North, "Hid", "Moved", 0)
			job := b.imported(b.DistrictAdmin, b.North, students, header+stu(grader)+",,,,,,5,,\n"+stu(mover)+",,,,,,5,S,\n")
			b.want(job, completed, 0, 2, 0, 0)
			if _, err := b.Undo(b.As(t, b.DistrictAdmin), job.ID); err != nil {
				t.Fatal(err)
			}
			b.exec("UPDATE bulk_jobs SET undo_approved_by = ? WHERE id = ?", b.NorthAdmin.ID, job.ID)
			if got := b.drained(job.ID); got.Status != partly || got.UndoneRows != 1 || got.KeptRows != 1 {
				t.Errorf("%s, %d undone, %d kept\n%s", got.Status, got.UndoneRows, got.KeptRows, b.problems(got))
			}
			if st := b.student(mover.ExternalID); st.OrganizationID != b.South.ID {
				t.Error("a row was put back that the approver does not see")
			}
		})
		t.Run("a deletion, of which a student comes back to the groups of the school, as by hand", func(t *testing.T) {
			b := b.on(t)
			st := b.Student(t, b.North, "De", "Leted", 0, b.Algebra, b.Chemistry)
			job := b.applied(b.DistrictAdmin, b.deleting(b.DistrictAdmin, these(st)))
			if told := b.told(b.As(t, b.NorthAdmin), job); strings.Contains(told, "Chemistry") ||
				!strings.Contains(told, "Algebra") {
				t.Errorf("an administrator of the school reads %s", told)
			}
			// An earlier version had put the student into Chemistry.
			got := b.undone(b.NorthAdmin, job, partly, 0, 1)
			kept(b, got.ID, fmt.Sprintf("row 1 warning  OTHER_SCHOOL %q", "De Leted ("+st.ExternalID+")"))
			if got := b.groupsOf(b.student(st.ExternalID)); got != "Algebra" {
				t.Errorf("in %s", got)
			}
		})
		t.Run("groups, and who teaches them", func(t *testing.T) {
			b := b.on(t)
			chess := b.Group(t, b.North, "Chess")
			gone := b.Educator(t, b.Alpha, "Was Gone", viewer.Teacher, b.North)
			b.Teach(t, gone, chess)
			renamed := b.imported(b.DistrictAdmin, b.North, groups, "Database ID,Name\n"+grp(chess)+",Chess 2\n")
			out := b.imported(b.DistrictAdmin, b.North, enrollments, "Class,Person ID\n"+grp(chess)+","+edu(gone)+"\n",
				mode(bulkjob.GroupsModeREMOVE))
			b.want(out, completed, 0, 1, 0, 0)
			b.exec("UPDATE role_assignments SET organization_id = ? WHERE educator_id = ?", b.South.ID, gone.ID)
			got := b.undone(b.NorthAdmin, out, partly, 0, 1)
			kept(b, got.ID, `row 1 warning  CHANGED_SINCE "Chess 2"`)
			if n := b.number("SELECT COUNT(*) FROM group_educators WHERE educator_id = ?", gone.ID); n != 0 {
				t.Error("somebody of another school teaches the group again")
			}
			b.undone(b.NorthAdmin, renamed, undone, 1, 0)
		})
		t.Run("educators", func(t *testing.T) {
			b := b.on(t)
			stays, left := b.Educator(t, b.Alpha, "Sta Ys", viewer.Teacher, b.North),
				b.Educator(t, b.Alpha, "Lou Left", viewer.Teacher, b.North)
			job := b.imported(b.DistrictAdmin, b.North, educators,
				"Database ID,Last Name,Password\n"+edu(stays)+",New,a new password\n"+edu(left)+",New,a new password\n")
			b.want(job, completed, 0, 2, 0, 0)
			b.exec("UPDATE role_assignments SET organization_id = ? WHERE educator_id = ?", b.South.ID, left.ID)
			b.undone(b.NorthAdmin, job, partly, 1, 1)
			b.wantProblems(b.job(job.ID), `row 2 warning  CHANGED_SINCE "Lou Left"`)
			if n := b.number("SELECT COUNT(*) FROM educators WHERE last_name = 'New'"); n != 1 {
				t.Errorf("%d are as the job left them", n)
			}
		})
		t.Run("schools, and whatever was uploaded for the district", func(t *testing.T) {
			b := b.on(t)
			st := b.Student(t, b.North, "Of", "North", 0)
			for _, job := range []int{
				b.imported(b.DistrictAdmin, b.Alpha, schools, "External ID,Name\nN,North High\n").ID,
				b.imported(b.DistrictAdmin, b.Alpha, students, header+stu(st)+",,,,,,5,,\n").ID,
			} {
				_, err := b.Undo(b.As(t, b.NorthAdmin), job)
				b.refused(err, fault.NotFound, "NOT_FOUND", "no such upload")
				b.undone(b.DistrictAdmin, b.job(job), undone, 1, 0)
			}
		})
	})
}
