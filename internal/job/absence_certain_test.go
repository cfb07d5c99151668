package job_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/job/row"
)

// TestNobodyIsRemovedWithoutCertainty has rows that do not count name students in each way
// in which a row that counts can: who is named is in the file, and who may be meant is not
// removed.
func TestNobodyIsRemovedWithoutCertainty(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		b.smallSchool()
		b.exec("UPDATE students SET username = 'dee.d', username_key = 'dee.d' WHERE first_name = 'Dee'")
		dee := b.number("SELECT id FROM students WHERE first_name = 'Dee'")
		b.exec("UPDATE students SET username = 'cyd.c', username_key = 'cyd.c' WHERE first_name = 'Cyd'")
		const counts = "Student ID,Database ID,First Name,Last Name,Status\n00001,,,,Active\n00002,,,,Active\n00003,,,,Active\n"
		const byName = "Username,Grade,Status\ncyd.c,8,Active\ndee.d,8,Inactive\n"
		for what, c := range map[string]struct {
			file string
			// deleted are those who are deleted if leavers are, and unclear says whether
			// nobody is because of the row.
			deleted string
			unclear bool
		}{
			"the Student ID":                {counts + "00004,,,,Inactive\n", "Dee", false},
			"the ID behind an apostrophe":   {counts + "'00004,,,,Inactive\n", "Dee", false},
			"an ID that has lost its zeros": {counts + "4,,,,Inactive\n", "", true},
			"no ID":                         {counts + ",,Dee,Darwin,Inactive\n", "", true},
			"NULL":                          {counts + "NULL,,Dee,Darwin,Inactive\n", "", true},
			"the Database ID":               {counts + "," + globalid.Encode(globalid.Student, dee) + ",,,Inactive\n", "Dee", false},
			"IDs of two students":           {counts + "00003," + globalid.Encode(globalid.Student, dee) + ",,,Inactive\n", "", true},
			"the name of somebody else":     {counts + "00004,,Old,Person,Inactive\n", "", true},
			"the name":                      {counts + "00004,,Dee,Darwin-Smith,Inactive\n", "Dee", false},
			"an ID that nobody has":         {counts + "77777777,,,,Inactive\n", "", false},
			"the username":                  {byName, "Dee", false},
			"IDs of two students in a row that counts": {counts + "00004,,,,Inactive\n00003," +
				globalid.Encode(globalid.Student, dee) + ",,,Active\n", "", true},
			"an ID, and a row that is refused": {counts + "00004,,,,Inactive\n,,Dee,Darwin,Active\n", "", true},
		} {
			for _, with := range []with{leavers(bulkjob.LeaversDELETE), missing(bulkjob.MissingDELETE)} {
				job := b.verified(b.DistrictAdmin, b.North, students, c.file, with)
				var gone []string
				for _, line := range b.changes(b.DistrictAdmin, job) {
					if strings.Contains(line, "Deleted: no → yes") {
						gone = append(gone, strings.Fields(line)[1])
					}
				}
				// Somebody whom no row can be about is missing.
				want := c.deleted == "Dee" || what == "an ID that nobody has" && job.Missing == bulkjob.MissingDELETE
				unclear := strings.Contains(b.problems(job), row.MissingUnclear)
				if unclear != c.unclear || c.unclear && len(gone) > 0 || slices.Contains(gone, "Dee") != want {
					t.Errorf("%s, leavers %s, missing %s: %q are deleted, unclear %v\n%s", what, job.Leavers, job.Missing, gone,
						unclear, b.problems(job))
				}
			}
		}
		// Who is passed over is in the file, and so is not missing.
		for _, file := range []string{counts + "'00004,,,,Inactive\n", byName} {
			job := b.verified(b.DistrictAdmin, b.North, students, file, missing(bulkjob.MissingDELETE),
				leavers(bulkjob.LeaversIGNORE))
			if got := b.changes(b.DistrictAdmin, job); slices.ContainsFunc(got, func(line string) bool {
				return strings.Contains(line, "Dee")
			}) {
				t.Errorf("%q: %q", file, got)
			}
		}
	})
}
