package usage_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/calendar"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/usage"
)

func service(d *database.DB) *usage.Service { return serviceAt(d, fixture.Today) }

func serviceAt(d *database.DB, now time.Time) *usage.Service {
	return usage.New(d, func() time.Time { return now }, slog.New(slog.DiscardHandler))
}

func day(t testing.TB, s string) calendar.Day {
	t.Helper()
	d, err := calendar.ParseDay(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func at(t testing.TB, s string) time.Time {
	t.Helper()
	instant, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return instant
}

func event(id string, st *db.Student, product string, started time.Time, seconds int) usage.Event {
	return usage.Event{
		ID:                id,
		StudentExternalID: st.ExternalID,
		ProductCode:       product,
		StartedAt:         started,
		Seconds:           seconds,
	}
}

// mustRecord records events that are all valid.
func mustRecord(t testing.TB, ctx context.Context, s *usage.Service, organizationID int,
	events ...usage.Event) (accepted, duplicates int) {
	t.Helper()
	accepted, duplicates, problems, err := s.Record(ctx, organizationID, events)
	if err != nil || len(problems) > 0 {
		t.Fatalf("Record = %v, %v", problems, err)
	}
	return accepted, duplicates
}

func reload(t testing.TB, d *database.DB, st *db.Student) *db.Student {
	t.Helper()
	st, err := d.Client(fixture.System()).Student.Get(fixture.System(), st.ID)
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// wantSums checks the sums in a student's row.
func wantSums(t testing.TB, d *database.DB, st *db.Student, seconds int, active int8) {
	t.Helper()
	if got := reload(t, d, st); got.SecondsThisYear != seconds || got.Active != active {
		t.Errorf("student %d has %d seconds, active %d; want %d, %d", st.ID, got.SecondsThisYear, got.Active, seconds, active)
	}
}

// wantKind checks that err is an error of a kind for people.
func wantKind(t testing.TB, err error, kind fault.Kind) {
	t.Helper()
	if err == nil || fault.KindOf(err) != kind {
		t.Errorf("error %v, want one of kind %d", err, kind)
	}
}

// wantProblem checks that problems hold one with a code at a field.
func wantProblem(t testing.TB, problems []*fault.Error, code, field string) {
	t.Helper()
	for _, p := range problems {
		if p.Code == code && p.Field == field {
			return
		}
	}
	t.Errorf("no %s at %s in %v", code, field, problems)
}

// written counts the rows that Record writes.
func written(t testing.TB, d *database.DB) int {
	t.Helper()
	ctx := fixture.System()
	c := d.Client(ctx)
	return c.UsageEvent.Query().CountX(ctx) + c.UsageDay.Query().CountX(ctx) + c.Product.Query().CountX(ctx) +
		c.Student.Query().Where(student.Or(student.SecondsThisYearGT(0), student.LastActiveAtNotNil())).CountX(ctx)
}

// crowd adds many students to a school in few statements; each is in the given
// groups.
func crowd(t testing.TB, w *fixture.World, school *db.Organization, prefix string, n int,
	groups ...*db.Group) []*db.Student {
	t.Helper()
	ctx, client := fixture.System(), w.Client()
	var all []*db.Student
	for start := 0; start < n; start += 100 {
		var creates []*db.StudentCreate
		for i := start; i < min(n, start+100); i++ {
			id := fmt.Sprintf("%s%05d", prefix, i)
			ungrouped := int8(1)
			if len(groups) > 0 {
				ungrouped = 0
			}
			creates = append(creates, client.Student.Create().SetDistrictID(school.DistrictID).SetOrganizationID(school.ID).
				SetExternalID(id).SetUsername(id).SetUsernameKey(id).SetFirstName("Sam").SetLastName(id).SetSortName(id).
				SetGrade(7).SetGroupCount(len(groups)).SetUngrouped(ungrouped))
		}
		all = append(all, client.Student.CreateBulk(creates...).SaveX(ctx)...)
	}
	for _, g := range groups {
		var creates []*db.EnrollmentCreate
		for _, st := range all {
			creates = append(creates, client.Enrollment.Create().SetStudentID(st.ID).SetGroupID(g.ID))
		}
		client.Enrollment.CreateBulk(creates...).ExecX(ctx)
	}
	return all
}

// wantTrueSums compares the sums in the rows of all students with their days.
func wantTrueSums(t testing.TB, d *database.DB) {
	t.Helper()
	ctx := fixture.System()
	for _, st := range d.Client(ctx).Student.Query().WithOrganization().WithUsage().AllX(ctx) {
		seconds := 0
		for _, u := range st.Edges.Usage {
			if u.Day >= st.Edges.Organization.UsageCountedFrom {
				seconds += u.Seconds
			}
		}
		active := int8(0)
		if seconds >= usage.ActiveSeconds {
			active = 1
		}
		if st.SecondsThisYear != seconds || st.Active != active {
			t.Errorf("student %d has %d seconds, active %d; the days since %s have %d, %d",
				st.ID, st.SecondsThisYear, st.Active, st.Edges.Organization.UsageCountedFrom, seconds, active)
		}
	}
}
