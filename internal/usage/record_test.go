package usage_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db/product"
	"github.com/openhomeroom/homeroom/ent/db/usageday"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/usage"
)

func TestRecordCountsEachEventOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w, s := fixture.New(t, d), service(d)
		ctx := w.As(t, w.DistrictAdmin)
		ann := w.Student(t, w.North, "Ann", "Able", 0, w.Algebra)
		bob := w.Student(t, w.South, "Bob", "Baker", 0)
		nine := at(t, "2026-11-16T09:00:00Z")

		accepted, duplicates := mustRecord(t, ctx, s, w.Alpha.ID,
			event("e1", ann, "math", nine, 30), event("e2", ann, "math", nine.Add(time.Hour), 29),
			event("e1", ann, "math", nine, 30), event("e3", bob, "lang", nine, 100))
		if accepted != 3 || duplicates != 1 {
			t.Errorf("accepted %d, duplicates %d; want 3 and 1", accepted, duplicates)
		}
		wantSums(t, d, ann, 59, 0)
		wantSums(t, d, bob, 100, 1)
		if got := reload(t, d, ann).LastActiveAt; got == nil || !got.Equal(nine.Add(time.Hour)) {
			t.Errorf("last active at %v", got)
		}

		accepted, duplicates = mustRecord(t, ctx, s, w.Alpha.ID,
			event("e3", bob, "lang", nine, 100), event("e4", ann, "math", nine.Add(-time.Hour), 1))
		if accepted != 1 || duplicates != 1 {
			t.Errorf("accepted %d, duplicates %d; want 1 and 1", accepted, duplicates)
		}
		wantSums(t, d, ann, 60, 1)
		wantSums(t, d, bob, 100, 1)
		if got := reload(t, d, ann).LastActiveAt; !got.Equal(nine.Add(time.Hour)) {
			t.Errorf("an older event moved last active to %v", got)
		}
		days := w.Client().UsageDay.Query().Where(usageday.StudentID(ann.ID)).AllX(fixture.System())
		if len(days) != 1 || days[0].Seconds != 60 || days[0].Day != day(t, "2026-11-16") {
			t.Errorf("days %v", days)
		}
	})
}

func TestAnEventIDIsOfOneDistrict(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w, s := fixture.New(t, d), service(d)
		ann, eve := w.Student(t, w.North, "Ann", "Able", 0), w.Student(t, w.East, "Eve", "East", 0)
		mustRecord(t, w.As(t, w.NorthAdmin), s, w.North.ID, event("same", ann, "math", fixture.Today, 60))
		accepted, _ := mustRecord(t, w.As(t, w.BetaAdmin), s, w.Beta.ID, event("same", eve, "math", fixture.Today, 60))
		if accepted != 1 {
			t.Error("an event of another district was taken for a duplicate")
		}
		wantSums(t, d, ann, 60, 1)
		wantSums(t, d, eve, 60, 1)
		if n := w.Client().Product.Query().Where(product.Code("math")).CountX(fixture.System()); n != 1 {
			t.Errorf("%d products of one code", n)
		}
	})
}

// TestAnEventIDIsOfOneStudent has two schools of a district that use the same numbers for
// their events.
func TestAnEventIDIsOfOneStudent(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w, s := fixture.New(t, d), service(d)
		ann, bob := w.Student(t, w.North, "Ann", "Able", 0), w.Student(t, w.South, "Bob", "Baker", 0)
		mustRecord(t, w.As(t, w.NorthAdmin), s, w.North.ID, event("same", ann, "math", fixture.Today, 60))
		for i, want := range []int{1, 0} {
			accepted, duplicates := mustRecord(t, w.As(t, w.SouthAdmin), s, w.South.ID,
				event("same", bob, "math", fixture.Today, 70))
			if accepted != want || duplicates != 1-want {
				t.Errorf("time %d: accepted %d, duplicates %d", i+1, accepted, duplicates)
			}
		}
		// A product of the district that sends both again counts neither.
		accepted, duplicates := mustRecord(t, w.As(t, w.DistrictAdmin), s, w.Alpha.ID,
			event("same", ann, "math", fixture.Today, 60), event("same", bob, "math", fixture.Today, 70))
		if accepted != 0 || duplicates != 2 {
			t.Errorf("accepted %d, duplicates %d", accepted, duplicates)
		}
		wantSums(t, d, ann, 60, 1)
		wantSums(t, d, bob, 70, 1)
	})
}

func TestABadEventWritesNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w, s := fixture.New(t, d), service(d)
		ctx, now := w.As(t, w.NorthAdmin), fixture.Today
		ann, sue := w.Student(t, w.North, "Ann", "Able", 0), w.Student(t, w.South, "Sue", "South", 0)
		gone := w.Student(t, w.North, "Gus", "Gone", 0)
		gone.Update().SetDeletedAt(now).ExecX(fixture.System())
		good := event("good", ann, "math", now, 60)

		change := func(f func(*usage.Event)) usage.Event { e := event("bad", ann, "math", now, 60); f(&e); return e }
		for _, c := range []struct {
			name, code, field string
			bad               usage.Event
		}{
			{"no event id", "BAD_USER_INPUT", "eventId", change(func(e *usage.Event) { e.ID = "" })},
			{"an event id of 129 characters", "BAD_USER_INPUT", "eventId", change(func(e *usage.Event) { e.ID = strings.Repeat("é", 129) })},
			{"an event id with a blank at its end", "BAD_USER_INPUT", "eventId", change(func(e *usage.Event) { e.ID = "bad " })},
			{"no product", "BAD_USER_INPUT", "productCode", change(func(e *usage.Event) { e.ProductCode = "" })},
			{"a product with a blank", "BAD_USER_INPUT", "productCode", change(func(e *usage.Event) { e.ProductCode = "a b" })},
			{"a product of 65 letters", "BAD_USER_INPUT", "productCode", change(func(e *usage.Event) { e.ProductCode = strings.Repeat("p", 65) })},
			{"no seconds", "BAD_USER_INPUT", "seconds", change(func(e *usage.Event) { e.Seconds = 0 })},
			{"more seconds than a day has", "BAD_USER_INPUT", "seconds", change(func(e *usage.Event) { e.Seconds = 86401 })},
			{"an event of the future", "BAD_USER_INPUT", "startedAt", change(func(e *usage.Event) { e.StartedAt = now.Add(6 * time.Minute) })},
			{"an event of long ago", "BAD_USER_INPUT", "startedAt", change(func(e *usage.Event) { e.StartedAt = at(t, "2024-07-31T23:59:59Z") })},
			{"an unknown student", usage.UnknownStudent, "studentExternalId", change(func(e *usage.Event) { e.StudentExternalID = "nobody" })},
			{"no student", usage.UnknownStudent, "studentExternalId", change(func(e *usage.Event) { e.StudentExternalID = "" })},
			{"a student of another school", usage.UnknownStudent, "studentExternalId", change(func(e *usage.Event) { e.StudentExternalID = sue.ExternalID })},
			{"a deleted student", usage.UnknownStudent, "studentExternalId", change(func(e *usage.Event) { e.StudentExternalID = gone.ExternalID })},
		} {
			t.Run(c.name, func(t *testing.T) {
				accepted, duplicates, problems, err := s.Record(ctx, w.North.ID, []usage.Event{good, c.bad})
				if err != nil || accepted != 0 || duplicates != 0 {
					t.Errorf("accepted %d, duplicates %d, error %v", accepted, duplicates, err)
				}
				wantProblem(t, problems, c.code, "events.1."+c.field)
				if n := written(t, d); n != 0 {
					t.Errorf("%d rows were written", n)
				}
			})
		}
		t.Run("all problems are named at once", func(t *testing.T) {
			_, _, problems, _ := s.Record(ctx, w.North.ID, []usage.Event{{}, good, {ID: "x", StartedAt: now}})
			if len(problems) != 5+3 {
				t.Errorf("%d problems: %v", len(problems), problems)
			}
		})
		t.Run("more than a thousand events are refused", func(t *testing.T) {
			_, _, problems, err := s.Record(ctx, w.North.ID, make([]usage.Event, usage.MaxEvents+1))
			if err != nil || len(problems) != 1 {
				t.Fatalf("%v, %v", problems, err)
			}
			wantProblem(t, problems, "BAD_USER_INPUT", "events")
		})
		t.Run("the bounds themselves are good", func(t *testing.T) {
			accepted, _ := mustRecord(t, ctx, s, w.North.ID,
				event(strings.Repeat("é", 128), ann, strings.Repeat("p", 64), now.Add(5*time.Minute), 86400),
				event("old", ann, "A.b_c-9", at(t, "2024-08-01T00:00:00Z"), 1))
			if accepted != 2 {
				t.Errorf("accepted %d", accepted)
			}
			wantSums(t, d, ann, 86400, 1)
		})
	})
}

func TestRecordIsForAdministrators(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w, s := fixture.New(t, d), service(d)
		ann := w.Student(t, w.North, "Ann", "Able", 0, w.Algebra)
		events := []usage.Event{event("e", ann, "math", fixture.Today, 60)}

		_, _, _, err := s.Record(w.As(t, w.NorthTeacher), w.North.ID, events)
		wantKind(t, err, fault.Forbidden)
		for _, org := range []int{w.South.ID, w.Alpha.ID, w.East.ID} {
			_, _, _, err := s.Record(w.As(t, w.NorthAdmin), org, events)
			wantKind(t, err, fault.NotFound)
		}
		if n := written(t, d); n != 0 {
			t.Errorf("%d rows were written", n)
		}
	})
}

func TestADayIsOneOfTheSchoolsTimeZone(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w, s := fixture.New(t, d), service(d)
		w.Alpha.Update().SetTimeZone("America/Los_Angeles").ExecX(fixture.System())
		w.South.Update().SetTimeZone("UTC").ExecX(fixture.System())
		ann, sue := w.Student(t, w.North, "Ann", "Able", 0), w.Student(t, w.South, "Sue", "South", 0)
		for i, c := range []struct {
			started      string
			north, south string
		}{
			{"2026-10-05T06:59:59Z", "2026-10-04", "2026-10-05"},
			{"2026-10-05T07:00:00Z", "2026-10-05", "2026-10-05"}, // Summer time: 7 hours behind UTC.
			{"2026-11-10T07:59:59Z", "2026-11-09", "2026-11-10"}, // Winter time: 8 hours behind UTC.
			{"2026-11-10T08:00:00Z", "2026-11-10", "2026-11-10"},
			{"2026-08-01T06:59:59Z", "2026-07-31", "2026-08-01"}, // The last second before the school year.
		} {
			code := fmt.Sprintf("p%d", i)
			mustRecord(t, w.As(t, w.DistrictAdmin), s, w.Alpha.ID,
				event(code+"n", ann, code, at(t, c.started), 10), event(code+"s", sue, code, at(t, c.started), 10))
			for _, want := range []struct {
				student int
				day     string
			}{{ann.ID, c.north}, {sue.ID, c.south}} {
				row := w.Client().UsageDay.Query().
					Where(usageday.StudentID(want.student), usageday.HasProductWith(product.Code(code))).OnlyX(fixture.System())
				if row.Day != day(t, want.day) {
					t.Errorf("%s counts on %s, want %s", c.started, row.Day, want.day)
				}
			}
		}
		wantSums(t, d, ann, 40, 0)
		wantSums(t, d, sue, 50, 0)
	})
}

func TestRecordSendsAFixedNumberOfStatements(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w, s := fixture.New(t, d), service(d)
		count := func(students, events int) int {
			crowd := crowd(t, w, w.North, fmt.Sprintf("c%d-", events), students)
			var all []usage.Event
			for i := range events {
				all = append(all, event(fmt.Sprintf("s%d-%d", events, i), crowd[i%students], "math", fixture.Today, 60))
			}
			ctx, counter := database.WithCounter(w.As(t, w.NorthAdmin))
			mustRecord(t, ctx, s, w.North.ID, all...)
			return counter.Statements()
		}
		count(1, 1) // Registers the product.
		few, many := count(10, 10), count(250, 1000)
		// Four are the entry in the audit trail.
		if few != many || many > 16 {
			t.Errorf("%d statements for 10 events, %d for 1,000", few, many)
		}
	})
}
