package job_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/job/row"
)

// TestAStudentWhoComesBackByAFileHasNoOldPassword is what createStudent does as well.
func TestAStudentWhoComesBackByAFileHasNoOldPassword(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		for i, c := range []struct {
			name, cell         string
			required, had, has bool
			problem            string
		}{
			{name: "a blank cell", had: true},
			{name: "a blank cell, and there was none"},
			{name: "a new one", cell: "apple4tree", had: true, has: true},
			{name: "a blank cell where a password is required", required: true, had: true,
				problem: `row 1 Password REQUIRED ""`},
			{name: "a new one where a password is required", cell: "apple4tree", required: true, had: true, has: true},
		} {
			t.Run(c.name, func(t *testing.T) {
				b := b.on(t)
				b.exec("UPDATE organizations SET password_required = ? WHERE id = ?", c.required, b.North.ID)
				st := b.Student(t, b.North, "Gone", fmt.Sprint("One", i), 0)
				change := st.Update().SetDeletedAt(fixture.Today.Add(-time.Hour))
				if c.had {
					change.SetPasswordHash("the old one")
				}
				change.SaveX(fixture.System())
				job := b.verified(b.NorthAdmin, b.North, students, header+","+st.ExternalID+",,,,"+c.cell+",,,\n")
				if c.problem != "" {
					b.wantProblems(job, c.problem)
					if code := b.allProblems(job.ID)[0].Code; code != row.Required {
						t.Error(code)
					}
					return
				}
				b.want(b.applied(b.NorthAdmin, job), completed, 0, 1, 0, 0)
				if hash := b.student(st.ExternalID).PasswordHash; (hash != "") != c.has || hash == "the old one" {
					t.Errorf("the password is %q", hash)
				}
				b.undone(b.NorthAdmin, job, undone, 1, 0)
			})
		}
	})
}
