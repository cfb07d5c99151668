package usage_test

import (
	"context"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/usage"
)

func TestRecountFollowsTheDatesOfTheSchoolYear(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w, s := fixture.New(t, d), service(d)
		ctx, system := w.As(t, w.DistrictAdmin), fixture.System()
		ann := w.Student(t, w.North, "Ann", "Able", 0)
		sue := w.Student(t, w.South, "Sue", "South", 0)
		last := at(t, "2026-10-15T12:00:00Z")
		for i, st := range []*db.Student{ann, sue} {
			prefix := []string{"a", "s"}[i]
			mustRecord(t, ctx, s, w.Alpha.ID,
				event(prefix+"1", st, "math", at(t, "2026-06-10T12:00:00Z"), 1000),
				event(prefix+"2", st, "math", at(t, "2026-08-20T12:00:00Z"), 50),
				event(prefix+"3", st, "lang", last, 30))
		}
		recount := func(t *testing.T, s *usage.Service, want int) {
			t.Helper()
			if n, err := s.Recount(context.Background()); err != nil || n != want {
				t.Errorf("recounted %d schools, want %d; error %v", n, want, err)
			}
			wantTrueSums(t, d)
		}
		set := func(o *db.Organization, from, to string) {
			w.Client().Organization.UpdateOneID(o.ID).SetSchoolYearStartsOn(day(t, from)).
				SetSchoolYearEndsOn(day(t, to)).ExecX(system)
		}
		t.Run("nothing has changed", func(t *testing.T) {
			recount(t, s, 0)
			wantSums(t, d, ann, 80, 1)
		})
		t.Run("the school's year begins later", func(t *testing.T) {
			set(w.North, "2026-09-01", "2027-06-30")
			wantSums(t, d, ann, 80, 1)
			recount(t, s, 1)
			wantSums(t, d, ann, 30, 0)
			wantSums(t, d, sue, 80, 1)
			if got := reload(t, d, ann).LastActiveAt; got == nil || !got.Equal(last) {
				t.Errorf("last active at %v", got)
			}
		})
		t.Run("the district's year begins earlier", func(t *testing.T) {
			set(w.Alpha, "2026-06-01", "2027-06-30")
			recount(t, s, 1)
			wantSums(t, d, ann, 30, 0)
			wantSums(t, d, sue, 1080, 1)
		})
		t.Run("between a change of dates and the recount sums are of the old dates", func(t *testing.T) {
			set(w.North, "2026-08-01", "2027-06-30")
			mustRecord(t, ctx, s, w.Alpha.ID, event("late", ann, "math", at(t, "2026-08-21T12:00:00Z"), 5))
			wantSums(t, d, ann, 30, 0)
			recount(t, s, 1)
			wantSums(t, d, ann, 85, 1)
		})
		t.Run("a deleted student is recounted for the case of a return", func(t *testing.T) {
			ann.Update().SetDeletedAt(fixture.Today).ExecX(system)
			set(w.North, "2026-09-01", "2027-06-30")
			recount(t, s, 1)
			wantSums(t, d, ann, 30, 0)
		})
		t.Run("a new default year begins", func(t *testing.T) {
			recount(t, serviceAt(d, at(t, "2027-08-01T00:00:00Z")), 1) // East; Alpha's schools have dates.
			recount(t, s, 1)
		})
		t.Run("a new school is counted from its year on", func(t *testing.T) {
			school := w.School(t, w.Alpha, "West School", "W")
			school.Update().SetUsageCountedFrom(0).ExecX(system)
			wes := w.Student(t, school, "Wes", "West", 0)
			mustRecord(t, ctx, s, w.Alpha.ID, event("w", wes, "math", at(t, "2026-01-10T12:00:00Z"), 70))
			wantSums(t, d, wes, 70, 1)
			recount(t, s, 1)
			wantSums(t, d, wes, 0, 0)
		})
	})
}

func TestRecountStudentsCountsFromTheNewSchoolsDay(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w, s := fixture.New(t, d), service(d)
		ctx, system := w.As(t, w.DistrictAdmin), fixture.System()
		start := day(t, "2026-10-01")
		w.South.Update().SetSchoolYearStartsOn(start).SetSchoolYearEndsOn(start + 250).ExecX(system)
		if _, err := s.Recount(ctx); err != nil {
			t.Fatal(err)
		}
		students := crowd(t, w, w.North, "n", 600)
		var events []usage.Event
		for i, st := range students {
			id := st.ExternalID
			events = append(events, event(id, st, "math", fixture.Today.Add(-time.Duration(i)*2*time.Hour), 61))
		}
		mustRecord(t, ctx, s, w.Alpha.ID, events...)
		var ids []int
		for _, st := range students[:520] {
			ids = append(ids, st.ID)
		}
		err := d.InTx(system, func(ctx context.Context, client *db.Client) error {
			for _, st := range students[:520] {
				if err := client.Student.UpdateOneID(st.ID).SetOrganizationID(w.South.ID).Exec(ctx); err != nil {
					return err
				}
			}
			return usage.RecountStudents(ctx, client, append(ids, ids[0]))
		})
		if err != nil {
			t.Fatal(err)
		}
		wantTrueSums(t, d)
		wantSums(t, d, students[0], 61, 1)
	})
}
