package job_test

import (
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/job/columns"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
)

// TestWhereThePasswordsAreIsNotRemembered has the administrator of a school say that a
// column of the district's usual file has the passwords. Whoever says so knows the
// passwords of the next file, and is no hand in it.
func TestWhereThePasswordsAreIsNotRemembered(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		const head = "External ID,First Name,Last Name,Email,Role,Badge,Rolle\n"
		submit := func(who *db.Educator, row string, list []sheet.Choice) *db.BulkJob {
			job, err := b.Submit(b.As(t, who), jobs.Submission{OrganizationID: b.North.ID, Kind: educators, FileName: "a.csv",
				File: strings.NewReader(head + row), Columns: list})
			if err != nil {
				t.Fatal(err)
			}
			return b.drained(job.ID)
		}
		const another = "N2,New,Admin,n2@example.com,School administrator,4711-0815-42,\n"
		for _, column := range []string{"Password", "password"} {
			said := submit(b.NorthAdmin, "T9,Tea,Cher,t9@example.com,Teacher,badge number 1,\n",
				[]sheet.Choice{{Header: "Badge", Column: column}, {Header: "Rolle"}})
			if said.Passwords != 1 {
				t.Fatalf("%d passwords", said.Passwords)
			}
			b.applied(b.NorthAdmin, said)
			next := submit(b.DistrictAdmin, another, nil)
			if next.Status != bulkjob.StatusREADY || next.Passwords != 0 {
				t.Errorf("said as %s, the next file is %s with %d passwords", column, next.Status, next.Passwords)
			}
			if c, err := columns.Of(next); err != nil || c == nil || c.From != said.ID || len(c.List) != 1 {
				t.Errorf("the rest is remembered as %+v, %v", c, err)
			}
			b.undone(b.NorthAdmin, said, undone, 1, 0)
			if c, err := columns.Of(submit(b.DistrictAdmin, another, nil)); err != nil || c != nil {
				t.Errorf("what was undone is remembered as %+v, %v", c, err)
			}
		}
	})
}
