package job_test

import (
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// TestWhoTeachesElsewhereIsNotTakenOver has a school set the password of somebody who
// holds a role there alone, and teaches at another school.
func TestWhoTeachesElsewhereIsNotTakenOver(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		both := b.Educator(t, b.Alpha, "Bo Both", viewer.Teacher, b.North)
		file := "Database ID,Password\n" + edu(both) + ",a new password\n"
		undo := b.imported(b.NorthAdmin, b.North, educators, file)
		b.want(undo, completed, 0, 1, 0, 0)
		checked := b.verified(b.NorthAdmin, b.North, educators, "Database ID,Password\n"+edu(both)+",another password\n")
		before := b.Client().Educator.GetX(fixture.System(), both.ID).PasswordHash
		b.Teach(t, both, b.Chemistry)
		for _, column := range []string{"Password,a new password", "Email,mine@example.com", "First Name,Other"} {
			name, value, _ := strings.Cut(column, ",")
			job := b.imported(b.NorthAdmin, b.North, educators, "Database ID,"+name+"\n"+edu(both)+","+value+"\n")
			b.want(job, withErrors, 0, 0, 0, 1)
			b.wantProblems(job, `row 1  FORBIDDEN ""`)
		}
		b.want(b.applied(b.NorthAdmin, checked), withErrors, 0, 0, 0, 1)
		b.wantProblems(b.undone(b.NorthAdmin, undo, partly, 0, 1), `row 1 warning  FORBIDDEN "Bo Both"`)
		if now := b.Client().Educator.GetX(fixture.System(), both.ID); now.PasswordHash != before {
			t.Error("the password was changed")
		}
		b.want(b.imported(b.DistrictAdmin, b.Alpha, educators, file), completed, 0, 1, 0, 0)
	})
}
