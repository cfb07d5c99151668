package job_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/job/kind"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// TestAMoveEndsTheOldEnrollments moves students by a file, in each mode of groups.
func TestAMoveEndsTheOldEnrollments(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		b.moves(t)
	})
}

func (b *bench) moves(t *testing.T) {
	t.Helper()
	algebra2 := b.Group(t, b.South, "Algebra")
	is := func(t *testing.T, st *db.Student, school *db.Organization, groups string) {
		t.Helper()
		now := b.student(st.ExternalID)
		if got := b.groupsOf(now); now.OrganizationID != school.ID || got != groups {
			t.Errorf("%s is at school %d in %q, want %s and %q", st.FirstName, now.OrganizationID, got, school.Name, groups)
		}
	}
	for _, m := range []struct {
		mode bulkjob.GroupsMode
		cell string
		// shown is what the groups become in the preview, in what they are afterwards.
		shown, in      string
		added, removed int
	}{
		{bulkjob.GroupsModeADD, "", "-", "", 0, 2},
		{bulkjob.GroupsModeREPLACE, "", "-", "", 0, 2},
		{bulkjob.GroupsModeREMOVE, "", "-", "", 0, 2},
		{bulkjob.GroupsModeADD, "Chemistry", "Chemistry", "Chemistry", 1, 2},
		{bulkjob.GroupsModeREPLACE, "Chemistry", "Chemistry", "Chemistry", 1, 2},
		{bulkjob.GroupsModeREMOVE, "Algebra", "-", "", 0, 2},
		{bulkjob.GroupsModeADD, "[clear]", "-", "", 0, 2},
		{bulkjob.GroupsModeADD, grp(algebra2), "Algebra", "Algebra", 1, 2},
	} {
		t.Run(fmt.Sprintf("%s %q", m.mode, m.cell), func(t *testing.T) {
			b := b.on(t)
			st := b.Student(t, b.North, "Mo", "Ver", 90, b.Algebra, b.Biology)
			before := b.world()
			job := b.verified(b.DistrictAdmin, b.Alpha, students, header+stu(st)+",,,,,,,S,"+m.cell+"\n", mode(m.mode))
			label := "1 Mo Ver (" + st.ExternalID + ") "
			b.wantChanges(b.DistrictAdmin, job, label+"School: North School → South School",
				label+"Classes/Groups: Algebra;Biology → "+m.shown)
			if job.EnrollmentsAdded != m.added || job.EnrollmentsRemoved != m.removed {
				t.Errorf("the preview counts %d added, %d removed", job.EnrollmentsAdded, job.EnrollmentsRemoved)
			}
			job = b.applied(b.DistrictAdmin, job)
			b.want(job, completed, 0, 1, 0, 0)
			if job.EnrollmentsAdded != m.added || job.EnrollmentsRemoved != m.removed {
				t.Errorf("%d were added, %d removed", job.EnrollmentsAdded, job.EnrollmentsRemoved)
			}
			is(t, st, b.South, m.in)
			b.consistent()
			b.undone(b.DistrictAdmin, job, undone, 1, 0)
			if after := b.world(); after != before {
				t.Error(diff(before, after))
			}
			b.consistent()
		})
	}
	t.Run("a cell that names a group of the old school is refused", func(t *testing.T) {
		b := b.on(t)
		var file string
		for range 2 {
			st := b.Student(t, b.North, "Mo", "Ver", 0, b.Biology)
			file += stu(st) + ",,,,,,,S,"
			if len(file) < 60 {
				file += "Biology\n"
			} else {
				file += grp(b.Biology) + "\n"
			}
		}
		job := b.verified(b.DistrictAdmin, b.Alpha, students, header+file)
		b.wantProblems(job, `row 1 Classes/Groups OTHER_SCHOOL "Biology"`, `row 2 Classes/Groups OTHER_SCHOOL "Biology"`)
	})
	t.Run("who is in a synced group does not move", func(t *testing.T) {
		b := b.on(t)
		st := b.Student(t, b.North, "Sy", "Class", 0, b.Synced)
		job := b.verified(b.DistrictAdmin, b.Alpha, students, header+stu(st)+",,,,,,,S,\n")
		b.wantProblems(job, `row 1 Classes/Groups SYNCED_GROUP "Homeroom 7"`)
	})
	t.Run("groups of a third school, which nobody sees, are left as well", func(t *testing.T) {
		b := b.on(t)
		west := b.School(t, b.Alpha, "West School", "W")
		latin := b.Group(t, west, "Latin")
		both := b.Educator(t, b.Alpha, "Both Schools", "SCHOOL_ADMIN", b.North)
		b.gets(both, "SCHOOL_ADMIN", b.South)
		st := b.Student(t, b.North, "Thi", "Rd", 0, b.Algebra, latin) // By an earlier version.
		job := b.verified(both, b.North, students, header+stu(st)+",,,,,,,S,\n")
		job = b.applied(both, job)
		b.want(job, completed, 0, 1, 0, 0)
		is(t, st, b.South, "")
		b.consistent()
		b.undone(b.DistrictAdmin, job, partly, 0, 1)
		is(t, st, b.North, "Algebra")
		b.consistent()

		sync := b.Student(t, b.North, "Thi", "Rd", 0, latin)
		b.exec("UPDATE `groups` SET synced = 1 WHERE id = ?", latin.ID)
		job = b.applied(both, b.verified(both, b.North, students, header+stu(sync)+",,,,,,,S,\n"))
		b.wantProblems(job, `row 1  SYNCED_GROUP ""`)
		is(t, sync, b.North, "Latin")
		b.exec("DELETE FROM enrollments WHERE group_id = ?", latin.ID)
		b.exec("UPDATE students SET group_count = 0, ungrouped = 1 WHERE id = ?", sync.ID)
		b.exec("UPDATE `groups` SET student_count = 0 WHERE id = ?", latin.ID)
	})
	t.Run("who has joined a group of the new school since does not go back", func(t *testing.T) {
		b := b.on(t)
		st := b.Student(t, b.North, "Mo", "Ver", 0, b.Algebra)
		job := b.imported(b.DistrictAdmin, b.Alpha, students, header+stu(st)+",,,,,,,S,\n")
		later := b.imported(b.DistrictAdmin, b.Alpha, students, header+stu(st)+",,,,,,9,,\n")
		b.assigned(st, b.Chemistry)
		b.undone(b.DistrictAdmin, later, partly, 0, 1)
		b.exec("UPDATE bulk_job_rows SET state = 3 WHERE job_id = ?", later.ID)
		b.exec("UPDATE students SET grade = 7 WHERE id = ?", st.ID)
		b.undone(b.DistrictAdmin, job, partly, 0, 1)
		is(t, st, b.South, "Chemistry")
		b.consistent()
	})
	t.Run("who came back at another school and is hidden again has no former groups there", func(t *testing.T) {
		b := b.on(t)
		st := b.Student(t, b.North, "Re", "Vived", 0, b.Algebra)
		b.applied(b.DistrictAdmin, b.deleting(b.DistrictAdmin, these(st)))
		job := b.imported(b.DistrictAdmin, b.Alpha, students,
			header+","+st.ExternalID+",Re,Vived,revived,,7,S,Chemistry\n")
		b.want(job, completed, 0, 1, 0, 0)
		is(t, st, b.South, "Chemistry")
		b.undone(b.DistrictAdmin, job, undone, 1, 0)
		if n := b.number("SELECT COUNT(*) FROM former_enrollments WHERE student_id = ?", st.ID); n != 0 {
			t.Errorf("%d former enrollments", n)
		}
		again := b.verified(b.DistrictAdmin, b.Alpha, students, header+","+st.ExternalID+",Re,Vived,revived,,7,S,Biology\n")
		b.wantProblems(again, `row 1 Classes/Groups OTHER_SCHOOL "Biology"`)
	})
}

// assigned puts a student into a group by hand.
func (b *bench) assigned(st *db.Student, g *db.Group) {
	b.t.Helper()
	err := b.DB.InTx(b.As(b.t, b.DistrictAdmin), func(ctx context.Context, client *db.Client) error {
		_, err := roster.Enroll(ctx, client, []roster.Pair{{StudentID: st.ID, GroupID: g.ID}})
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

// TestNobodyJoinsAGroupOfAnotherSchool tries selections and lists of enrollments, and their
// undos after a move.
func TestNobodyJoinsAGroupOfAnotherSchool(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		goes := func(st *db.Student, to *db.Organization) {
			b.left(st)
			b.exec("UPDATE students SET organization_id = ?, version = version + 1 WHERE id = ?", to.ID, st.ID)
		}
		t.Run("a selection of several schools names each of another school", func(t *testing.T) {
			b := b.on(t)
			here, there := b.Student(t, b.North, "Hera", "A", 0), b.Student(t, b.South, "Theo", "B", 0)
			job := b.edited(b.DistrictAdmin, these(here, there), kind.Edit{AddTo: []int{b.Algebra.ID}, Grade: "5"})
			b.wantProblems(job, `row 2 Classes/Groups OTHER_SCHOOL "Algebra"`)
			message := b.allProblems(job.ID)[0].Message
			if want := "Algebra belongs to North School, and the student to South School."; message != want {
				t.Errorf("%q, want %q", message, want)
			}
			job = b.applied(b.DistrictAdmin, job)
			b.want(job, withErrors, 0, 1, 0, 1)
			if b.groupsOf(b.student(here.ExternalID)) != "Algebra" || b.groupsOf(b.student(there.ExternalID)) != "" ||
				b.student(there.ExternalID).Grade != 7 {
				t.Error(b.world())
			}
			b.undone(b.DistrictAdmin, job, undone, 1, 0)
			b.consistent()
		})
		t.Run("a teacher of two schools does not mix them", func(t *testing.T) {
			b := b.on(t)
			b.gets(b.NorthTeacher, "TEACHER", b.South)
			b.Teach(t, b.NorthTeacher, b.Chemistry)
			here, there := b.Student(t, b.North, "Hera", "A", 0), b.Student(t, b.South, "Theo", "B", 0)
			job := b.edited(b.NorthTeacher, these(here, there), kind.Edit{AddTo: []int{b.Chemistry.ID}})
			b.wantProblems(job, `row 1 Classes/Groups OTHER_SCHOOL "Chemistry"`)
			job = b.verified(b.NorthTeacher, b.South, students, header+",T1,Tea,Cher,teacher1,,7,S,"+grp(b.Algebra)+"\n")
			b.wantProblems(job, `row 1 Classes/Groups OTHER_SCHOOL "Algebra"`)
		})
		t.Run("an undo of a removal brings nobody into a group of the old school", func(t *testing.T) {
			b := b.on(t)
			st := b.Student(t, b.North, "Mo", "Ved", 0, b.Algebra)
			edit := b.applied(b.DistrictAdmin, b.edited(b.DistrictAdmin, these(st), kind.Edit{RemoveFrom: []int{b.Algebra.ID}}))
			goes(st, b.South)
			b.undone(b.DistrictAdmin, edit, partly, 0, 1)
			if got := b.groupsOf(b.student(st.ExternalID)); got != "" {
				t.Errorf("in %s", got)
			}
			line := b.Student(t, b.North, "Mo", "Ved", 0, b.Algebra)
			list := b.imported(b.DistrictAdmin, b.Alpha, enrollments,
				"Class,Person ID\n"+grp(b.Algebra)+","+stu(line)+"\n", mode(bulkjob.GroupsModeREMOVE))
			goes(line, b.South)
			b.undone(b.DistrictAdmin, list, partly, 0, 1)
			b.wantProblems(b.job(list.ID), fmt.Sprintf("row 1 warning  OTHER_SCHOOL %q", "Mo Ved ("+line.ExternalID+")"))
			b.consistent()
		})
		t.Run("a group that went to another school after a removal is not joined again", func(t *testing.T) {
			b := b.on(t)
			chess := b.Group(t, b.North, "Chess")
			st := b.Student(t, b.North, "Mo", "Ved", 0, chess)
			edit := b.applied(b.DistrictAdmin, b.edited(b.DistrictAdmin, these(st), kind.Edit{RemoveFrom: []int{chess.ID}}))
			b.exec("UPDATE `groups` SET organization_id = ? WHERE id = ?", b.South.ID, chess.ID)
			b.undone(b.DistrictAdmin, edit, partly, 0, 1)
			b.wantProblems(b.job(edit.ID), fmt.Sprintf("row 1 warning  OTHER_SCHOOL %q", "Mo Ved ("+st.ExternalID+")"))
			if got := b.groupsOf(b.student(st.ExternalID)); got != "" {
				t.Errorf("in %s", got)
			}
			b.consistent()
		})
		t.Run("a line that takes somebody out of a group of another school is carried out", func(t *testing.T) {
			b := b.on(t)
			st := b.Student(t, b.North, "Ear", "Lier", 0, b.Chemistry) // By an earlier version.
			list := b.imported(b.DistrictAdmin, b.Alpha, enrollments,
				"Class,Person ID\n"+grp(b.Chemistry)+","+stu(st)+"\n", mode(bulkjob.GroupsModeREMOVE))
			b.want(list, completed, 0, 1, 0, 0)
			b.consistent()
		})
	})
}
