package job_test

import (
	"testing"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
)

// TestASchoolReadsNoLookalikesOfOthers uploads IDs that look like that of a student of
// another school: in a file for one school, whose administrators read its problems, that
// student is not named.
func TestASchoolReadsNoLookalikesOfOthers(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		elsewhere := b.Student(t, b.South, "Zora", "Elsewhere", 0)
		b.exec("UPDATE students SET external_id = '00417' WHERE id = ?", elsewhere.ID)
		here := b.Student(t, b.North, "Hera", "Nearby", 0)
		b.exec("UPDATE students SET external_id = '00418' WHERE id = ?", here.ID)
		job := b.verified(b.DistrictAdmin, b.North, students, "Student ID,Grade\n417,4\n418,4\n")
		b.wantProblems(job, `row 1 Student ID UNKNOWN_STUDENT "417"`, `row 2 Student ID UNKNOWN_STUDENT "418"`)
		hints := map[int]string{}
		for _, p := range b.allProblems(job.ID) {
			hints[p.Row] = p.Hint
		}
		for row, want := range map[int]string{
			1: "Check the Student ID. For new students the file needs these columns as well: First Name, Last Name, Username.",
			2: "Did you mean 00418, Hera Nearby?",
		} {
			if got := hints[row]; got != want {
				t.Errorf("the hint of row %d is %s; want %s", row, got, want)
			}
		}
	})
}
