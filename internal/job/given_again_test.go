package job_test

import (
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// TestAnUndoLeavesARoleThatSomebodyHasGivenAgain takes a role away that a file gave, and
// gives it again by hand: then it is not the file's any more.
func TestAnUndoLeavesARoleThatSomebodyHasGivenAgain(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		role := func() int {
			return b.number("SELECT COUNT(*) FROM role_assignments WHERE educator_id = ? AND organization_id = ? AND "+
				"role = 'SCHOOL_ADMIN'", b.NorthTeacher.ID, b.South.ID)
		}
		gives := func() *db.BulkJob {
			return b.imported(b.DistrictAdmin, b.Alpha, educators, educatorHeader+edu(b.NorthTeacher)+
				",,,,,School Administrator,S,\n")
		}
		first := gives()
		b.undone(b.DistrictAdmin, first, undone, 1, 0)
		if role() != 0 {
			t.Fatal("the role of the file stays")
		}
		second := gives()
		b.exec("DELETE FROM role_assignments WHERE educator_id = ? AND organization_id = ?", b.NorthTeacher.ID, b.South.ID)
		b.Client().RoleAssignment.Create().SetEducatorID(b.NorthTeacher.ID).SetOrganizationID(b.South.ID).
			SetDistrictID(b.Alpha.ID).SetRole("SCHOOL_ADMIN").SetCreatedAt(second.FinishedAt.Add(time.Hour)).
			ExecX(fixture.System())
		got := b.undone(b.DistrictAdmin, second, partly, 0, 1)
		if role() != 1 || !strings.Contains(b.problems(got), row.ChangedSince) {
			t.Errorf("%d roles\n%s", role(), b.problems(got))
		}
	})
}

// TestWhoeverGivesAClassIsWarned that the credentials of an account end which a school has
// set that does not administer the class.
func TestWhoeverGivesAClassIsWarned(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		b.imported(b.NorthAdmin, b.North, educators, educatorHeader+",N1,New,Hire,hire@example.com,Teacher,N,a password\n")
		e := b.educator("N1")
		for name, c := range map[string]struct {
			warns bool
			check func() *db.BulkJob
		}{
			"a class of the other school": {true, func() *db.BulkJob {
				return b.verified(b.DistrictAdmin, b.Alpha, groups, "Database ID,Educators\n"+grp(b.Chemistry)+","+edu(e)+"\n")
			}},
			"a new class of the other school": {true, func() *db.BulkJob {
				return b.verified(b.DistrictAdmin, b.Alpha, groups, "Name,School,Educators\nNew Class,S,"+e.Email+"\n")
			}},
			"an enrollment at the other school": {true, func() *db.BulkJob {
				return b.verified(b.DistrictAdmin, b.Alpha, enrollments, "Class ID,Person ID,Role\n"+grp(b.Chemistry)+","+
					edu(e)+",Teacher\n")
			}},
			"a class of the own school": {false, func() *db.BulkJob {
				return b.verified(b.DistrictAdmin, b.Alpha, groups, "Database ID,Educators\n"+grp(b.Algebra)+","+edu(e)+"\n")
			}},
			"a class for somebody whom nobody has set": {false, func() *db.BulkJob {
				return b.verified(b.DistrictAdmin, b.Alpha, groups, "Database ID,Educators\n"+grp(b.Chemistry)+","+
					edu(b.NorthTeacher)+"\n")
			}},
		} {
			job := c.check()
			if text := b.problems(job); job.Errors != 0 || strings.Contains(text, row.SetByOthers) != c.warns {
				t.Errorf("%s: %d errors\n%s", name, job.Errors, text)
			}
		}
	})
}

// TestWhoSaidHowHeadersAreReadStillAdministers, or it is forgotten for everybody else.
func TestWhoSaidHowHeadersAreReadStillAdministers(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		submit := func(who *db.Educator, list []sheet.Choice) *db.BulkJob {
			job, err := b.Submit(b.As(t, who), jobs.Submission{OrganizationID: b.North.ID, Kind: students, FileName: "a.csv",
				File:    strings.NewReader("Student ID,First Name,Last Name,Grade,Memo\nx1,Ann,Lee,3,annlee\n"),
				Columns: list})
			if err != nil {
				t.Fatal(err)
			}
			return b.drained(job.ID)
		}
		b.applied(b.NorthAdmin, submit(b.NorthAdmin, []sheet.Choice{{Header: "Memo", Column: "Username"}}))
		reads := func() bool { return len(submit(b.DistrictAdmin, nil).IgnoredHeaders) == 0 }
		if !reads() {
			t.Fatal("what an administrator has said is not remembered")
		}
		b.exec("UPDATE educators SET disabled = 1 WHERE id = ?", b.NorthAdmin.ID)
		if reads() {
			t.Error("what somebody has said who is disabled is remembered")
		}
		b.exec("UPDATE educators SET disabled = 0 WHERE id = ?", b.NorthAdmin.ID)
		b.demoted(b.NorthAdmin, viewer.SchoolAdmin, b.South)
		if reads() {
			t.Error("what the administrator of another school has said is remembered")
		}
		b.demoted(b.NorthAdmin, viewer.Teacher, b.North)
		if reads() {
			t.Error("what a teacher has said is remembered")
		}
		if own := submit(b.NorthAdmin, nil); len(own.IgnoredHeaders) == 0 {
			t.Log("the own choice is remembered")
		}
	})
}
