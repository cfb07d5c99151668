package job_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/auditevent"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
)

func TestAnAccountThatKeysNeedStays(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		job := b.imported(b.DistrictAdmin, b.Alpha, educators, educatorHeader+
			",UMaker,Made,Keys,maker@example.com,School administrator,N,a password\n"+
			",UAgent,Acts,Forone,agent@example.com,School administrator,N,a password\n"+
			",UUnused,Un,Used,unused@example.com,School administrator,N,a password\n")
		b.want(job, completed, 3, 0, 0, 0)
		key := func(hash string) *db.ServiceKeyCreate {
			return b.Client().ServiceKey.Create().SetDistrictID(b.Alpha.ID).SetOrganizationID(b.North.ID).SetName(hash).
				SetScopes([]string{}).
				SetKeyHash(hash).SetBeginning("hrk_").SetExpiresAt(fixture.Today.AddDate(1, 0, 0))
		}
		key("made").SetCreatedBy(b.educator("UMaker").ID).ExecX(fixture.System())
		key("acts").SetAgentID(b.educator("UAgent").ID).ExecX(fixture.System())
		got := b.undone(b.DistrictAdmin, job, partly, 1, 2)
		b.wantProblems(got, `row 1 warning  CHANGED_SINCE "Made Keys (UMaker)"`,
			`row 2 warning  CHANGED_SINCE "Acts Forone (UAgent)"`)
		for i, want := range []string{"it has made service keys", "a service key acts for it"} {
			if p := b.allProblems(got.ID)[i]; !strings.Contains(p.Message, want) {
				t.Errorf("%q; want %q", p.Message, want)
			}
		}
		b.healthy()
	})
}

func TestAJobThatIsForgottenIsNotUndone(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		b.Student(t, b.North, "Ada", "Lovelace", 0)
		job := b.imported(b.NorthAdmin, b.North, students, header+",00001,,,,,8,,\n")
		for _, forgotten := range []int{1, 2} {
			b.exec("UPDATE bulk_jobs SET forgotten = ? WHERE id = ?", forgotten, job.ID)
			_, err := b.Undo(b.As(t, b.NorthAdmin), job.ID)
			b.refused(err, fault.Conflict, "NOT_UNDOABLE", "ended more than")
		}
	})
}

// TestAnEarlierJobExplainsNoChange: if an earlier job about the student was undone, that
// does not explain a change that was made after the later job.
func TestAnEarlierJobExplainsNoChange(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		b.Student(t, b.North, "Ada", "Lovelace", 0)
		earlier := b.imported(b.NorthAdmin, b.North, students, header+",00001,,,,,8,,\n")
		b.undone(b.NorthAdmin, earlier, undone, 1, 0)
		later := b.imported(b.NorthAdmin, b.North, students, header+",00001,,,,,9,,\n")
		b.exec("UPDATE students SET first_name = 'Augusta', version = version + 1 WHERE external_id = '00001'")
		b.undone(b.NorthAdmin, later, partly, 0, 1)
		if got := b.student("00001"); got.Grade != 9 || got.FirstName != "Augusta" {
			t.Errorf("%s, grade %d; want what somebody has changed", got.FirstName, got.Grade)
		}
	})
}

// TestAHoldIsAboutTheSchoolThatLosesMost deletes parts of two schools for their district;
// first one and then the other loses more.
func TestAHoldIsAboutTheSchoolThatLosesMost(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		b.holds()
		var north, south []*db.Student
		for i := range 20 {
			north = append(north, b.Student(t, b.North, "No", fmt.Sprintf("%03d", i), 0))
			south = append(south, b.Student(t, b.South, "So", fmt.Sprintf("%03d", i), 0))
		}
		west := b.School(t, b.Alpha, "West School", "W")
		for i := range 400 { // so that the district as a whole loses few
			b.Student(t, west, "We", fmt.Sprintf("%03d", i), 0)
		}
		for _, test := range []struct {
			north, south int
			want         string
		}{{8, 16, "delete 16 of 20 students of South School"}, {16, 8, "delete 16 of 20 students of North School"}} {
			job := b.deleting(b.DistrictAdmin,
				these(append(append([]*db.Student{}, north[:test.north]...), south[:test.south]...)...))
			job, err := b.Start(b.As(t, b.DistrictAdmin), job.ID)
			if err != nil || job.Status != held {
				t.Fatalf("%+v, %v", job, err)
			}
			if got := b.hint(job, "HELD"); !strings.Contains(got, test.want) {
				t.Errorf("%s; want %q", got, test.want)
			}
			if _, err := b.Cancel(b.As(t, b.DistrictAdmin), job.ID); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestAHoldTellsNothingOfAnotherSchool lets most students of North move to South, in
// a file for South: its administrators read of the hold, and not of North's numbers.
func TestAHoldTellsNothingOfAnotherSchool(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		b := newBench(t, d)
		b.holds()
		var file strings.Builder
		file.WriteString(header)
		for i := range 23 {
			st := b.Student(t, b.North, "No", fmt.Sprintf("%03d", i), 0)
			fmt.Fprintf(&file, ",%s,,,,,,South School,\n", st.ExternalID)
		}
		for i := range 100 {
			b.Student(t, b.South, "So", fmt.Sprintf("%03d", i), 0)
		}
		job, err := b.Start(b.As(t, b.DistrictAdmin), b.verified(b.DistrictAdmin, b.South, students, file.String()).ID)
		if err != nil || job.Status != held {
			t.Fatalf("%+v, %v", job, err)
		}
		entry := b.Client().AuditEvent.Query().Where(auditevent.JobID(job.ID), auditevent.Action(string(audit.JobHeld))).
			OnlyX(b.As(t, b.SouthAdmin))
		if strings.Contains(entry.Facts, "23") || strings.Contains(entry.Facts, "students") ||
			strings.Contains(entry.Facts, "affected") {
			t.Errorf("the trail of South tells of North: %s", entry.Facts)
		}
	})
}
