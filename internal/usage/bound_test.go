package usage_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"entgo.io/ent"

	"github.com/openhomeroom/homeroom/internal/calendar"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/usage"
)

// TestEventsHaveTheirBounds is about the first value that is bad; the last good ones
// are in TestABadEventWritesNothing.
func TestEventsHaveTheirBounds(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w, s := fixture.New(t, d), service(d)
		ctx, ann := w.As(t, w.NorthAdmin), w.Student(t, w.North, "Ann", "Able", 0)
		_, _, problems, err := s.Record(ctx, w.North.ID,
			[]usage.Event{event("ahead", ann, "math", fixture.Today.Add(5*time.Minute+time.Nanosecond), 60)})
		if err != nil {
			t.Fatal(err)
		}
		wantProblem(t, problems, "BAD_USER_INPUT", "events.0.startedAt")
		_, _, problems, err = s.Record(ctx, w.North.ID,
			[]usage.Event{event("old", ann, "math", at(t, "2024-08-01T00:00:00Z").Add(-time.Nanosecond), 60)})
		if err != nil {
			t.Fatal(err)
		}
		wantProblem(t, problems, "BAD_USER_INPUT", "events.0.startedAt")
		events := make([]usage.Event, usage.MaxEvents)
		for i := range events {
			events[i] = event(fmt.Sprint(i), ann, "math", fixture.Today, 1)
		}
		if accepted, _ := mustRecord(t, ctx, s, w.North.ID, events...); accepted != usage.MaxEvents {
			t.Errorf("of %d events %d were accepted", usage.MaxEvents, accepted)
		}
	})
}

// TestARecountLocksTheSchool looks from outside at a school that is being recounted,
// as soon as its dates have been read: who changes them now must wait.
func TestARecountLocksTheSchool(t *testing.T) {
	t.Parallel()
	d := dbtest.Open(t, database.MySQL) // SQLite's writer is alone
	w, s := fixture.New(t, d), service(d)
	starts := calendar.Date(2026, time.September, 1)
	w.North.Update().SetSchoolYearStartsOn(starts).SetSchoolYearEndsOn(calendar.Date(2027, time.June, 30)).
		ExecX(fixture.System())
	var once sync.Once
	waits := false
	outside := context.Background()
	w.Client().Organization.Intercept(ent.InterceptFunc(func(next ent.Querier) ent.Querier {
		return ent.QuerierFunc(func(ctx context.Context, q ent.Query) (ent.Value, error) {
			v, err := next.Query(ctx, q)
			if d.Client(ctx) != d.Client(outside) {
				once.Do(func() {
					rows, err := d.Client(outside).
						QueryContext(outside, "SELECT id FROM organizations WHERE id = ? FOR UPDATE NOWAIT", w.North.ID)
					if waits = err != nil; !waits {
						rows.Close()
					}
				})
			}
			return v, err
		})
	}))
	if n, err := s.Recount(outside); n != 1 || err != nil {
		t.Fatalf("%d schools, %v; want 1", n, err)
	}
	if !waits {
		t.Error("nobody who changes the dates of the school waits")
	}
}

// TestUsageOfFewStudentsIsASumOfTheDistrict erases students of a school just below,
// at and above the number in which nobody can be found.
func TestUsageOfFewStudentsIsASumOfTheDistrict(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{9: "the district", 10: "the school", 11: "the school"} {
		t.Run(fmt.Sprintf("%d students", n), func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *database.DB) {
				w, s := fixture.New(t, d), service(d)
				students := crowd(t, w, w.North, "Ann", n)
				mustRecord(t, w.As(t, w.NorthAdmin), s, w.North.ID, event("one", students[0], "math", fixture.Today, 60))
				kind := database.SQLite
				if d.RowLocks() {
					kind = database.MySQL
				}
				if erased, err := usage.Erase(fixture.System(), w.Client(), kind, fixture.Today, students); err != nil ||
					erased.Days != 1 || erased.Events != 1 {
					t.Fatalf("%+v, %v", erased, err)
				}
				total := w.Client().UsageTotal.Query().OnlyX(fixture.System())
				if got := map[int]string{w.Alpha.ID: "the district", w.North.ID: "the school"}[total.OrganizationID]; got != want ||
					total.Seconds != 60 {
					t.Errorf("%d seconds are a sum of %s; want it of %s", total.Seconds, got, want)
				}
			})
		})
	}
}

// TestASumIsShownWhenItIsOfACrowd counts the erased students of a district.
func TestASumIsShownWhenItIsOfACrowd(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w, s := fixture.New(t, d), service(d)
		ctx, system := w.As(t, w.DistrictAdmin), fixture.System()
		product := w.Client().Product.Create().SetCode("math").SaveX(system)
		w.Client().UsageTotal.Create().SetDistrictID(w.Alpha.ID).SetOrganizationID(w.Alpha.ID).SetProductID(product.ID).
			SetWeekEnding(calendar.Date(2026, time.November, 14)).SetSeconds(120).ExecX(system)
		for n, want := range map[int]bool{9: false, 10: true, 11: true} {
			w.Client().Organization.UpdateOneID(w.Alpha.ID).SetErasedStudents(n).ExecX(system)
			r, err := s.Report(ctx, w.Alpha.ID, usage.YearToDate, nil, nil, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			seconds, err := s.ErasedSeconds(ctx, r)
			if err != nil || (seconds != nil) != want || seconds != nil && *seconds != 120 {
				t.Errorf("of %d erased students: %v, %v; shown: want %v", n, seconds, err, want)
			}
		}
	})
}
