package job_test

import (
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/globalid"
	jobs "github.com/openhomeroom/homeroom/internal/job"
)

// What a row had before belongs to somebody else by now: the row stays, the others
// go back, and the undo ends.
func TestUndoOfWhatSomebodyElseHasTaken(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		t.Run("an address", func(t *testing.T) {
			b := b.on(t)
			job := b.imported(b.DistrictAdmin, b.Alpha, educators, "Database ID,Email,First Name\n"+
				edu(b.SouthTeacher)+",,Zoe\n"+edu(b.NorthTeacher)+",new@example.com,\n"+edu(b.SouthAdmin)+",,Zack\n")
			b.want(job, completed, 0, 3, 0, 0)
			b.imported(b.DistrictAdmin, b.Alpha, educators,
				"External ID,First Name,Last Name,Email,School\nE77,Tara,Two,tara@example.com,N\n")
			got := b.undone(b.DistrictAdmin, job, partly, 2, 1)
			b.wantProblems(got, `row 2 warning  EMAIL_TAKEN "Tara Teach"`)
			if n := b.number("SELECT COUNT(*) FROM educators WHERE first_name IN ('Zoe', 'Zack')"); n != 0 {
				t.Errorf("%d others stay as they are", n)
			}
		})
		t.Run("the ID of a school", func(t *testing.T) {
			b := b.on(t)
			job := b.imported(b.DistrictAdmin, b.Alpha, schools, "External ID,Name\nS,South High\n")
			other := b.imported(b.DistrictAdmin, b.Alpha, schools,
				"Database ID,External ID,Name\n"+globalid.Encode(globalid.Organization, b.North.ID)+",N2,\n")
			b.imported(b.DistrictAdmin, b.Alpha, schools, "External ID,Name\nN,New North\n")
			got := b.undone(b.DistrictAdmin, other, partly, 0, 1)
			b.wantProblems(got, `row 1 warning  EXTERNAL_ID_TAKEN "North School (N)"`)
			b.undone(b.DistrictAdmin, job, undone, 1, 0)
		})
	})
}

// If a preview shows an educator, exactly that is written, or the row is stale.
func TestEducatorsWhoHaveChangedSinceTheCheck(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		b.exec("UPDATE educators SET password_hash = NULL WHERE id = ?", b.SouthAdmin.ID)
		name := b.verified(b.DistrictAdmin, b.Alpha, educators, "Database ID,First Name\n"+edu(b.NorthTeacher)+",Zoe\n")
		password := b.verified(b.DistrictAdmin, b.Alpha, educators,
			"Database ID,Password\n"+edu(b.SouthAdmin)+",a password\n"+edu(b.NorthAdmin)+",a password\n")
		b.imported(b.DistrictAdmin, b.Alpha, educators, "Database ID,Last Name\n"+edu(b.NorthTeacher)+",Married\n")
		b.exec("UPDATE educators SET password_hash = 'their own' WHERE id = ?", b.SouthAdmin.ID)
		b.want(b.applied(b.DistrictAdmin, name), withErrors, 0, 0, 0, 1)
		password = b.applied(b.DistrictAdmin, password)
		b.want(password, withErrors, 0, 1, 0, 1)
		b.wantProblems(password, `row 1  STALE ""`)
		if n := b.number(
			"SELECT COUNT(*) FROM educators WHERE password_hash = 'their own' AND id = ? "+
				"OR sort_name LIKE 'married%' AND id = ?", b.SouthAdmin.ID, b.NorthTeacher.ID); n != 2 {
			t.Error("an educator is written otherwise than shown")
		}
		// The names of an undo belong together as well.
		first := b.imported(b.DistrictAdmin, b.Alpha, educators, "Database ID,First Name\n"+edu(b.SouthTeacher)+",Zoe\n")
		b.imported(b.DistrictAdmin, b.Alpha, educators, "Database ID,Last Name\n"+edu(b.SouthTeacher)+",Married\n")
		b.undone(b.DistrictAdmin, first, partly, 0, 1)
		for _, m := range []with{nil, allOrNothing} {
			job := b.verified(b.DistrictAdmin, b.Alpha, educators, "Database ID,External ID,First Name,Last Name,School\n"+
				edu(b.NorthAdmin)+",EX1,,,\n"+edu(b.NorthTeacher)+",EX1,,,\n,EX1,Neo,New,N\n", func(s *jobs.Submission) {
				if m != nil {
					m(s)
				}
			})
			if n := strings.Count(b.problems(job), "DUPLICATE_IN_FILE"); n != 2 {
				t.Errorf("%d of three rows with one external ID are refused: %s", n, b.problems(job))
			}
		}
	})
}
