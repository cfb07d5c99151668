package usage_test

import (
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/internal/calendar"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/setting"
)

func TestSettingsAreInherited(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w, s := fixture.New(t, d), service(d)
		ctx := w.As(t, w.NorthAdmin)
		check := func(t *testing.T, year calendar.Year, inherited bool, goal int, zone string) {
			t.Helper()
			got, err := s.Settings(ctx, w.North.ID)
			if err != nil {
				t.Fatal(err)
			}
			if got.Year != year || got.Inherited.Year != inherited || got.GoalMinutesPerWeek != goal ||
				got.TimeZone.String() != zone {
				t.Errorf("settings %+v, want %v %v %d %s", got, year, inherited, goal, zone)
			}
		}
		ofDistrict := calendar.Year{StartsOn: day(t, "2026-08-17"), EndsOn: day(t, "2027-06-18")}
		ofSchool := calendar.Year{StartsOn: day(t, "2026-09-01"), EndsOn: day(t, "2027-06-30")}

		t.Run("nobody has set anything", func(t *testing.T) {
			check(t, calendar.DefaultYear(day(t, "2026-11-18")), true, setting.DefaultGoalMinutes, "UTC")
		})
		t.Run("the district, which the school's administrator does not see, has set them", func(t *testing.T) {
			w.Alpha.Update().SetSchoolYearStartsOn(ofDistrict.StartsOn).SetSchoolYearEndsOn(ofDistrict.EndsOn).
				SetUsageGoalMinutes(80).SetTimeZone("America/Los_Angeles").ExecX(fixture.System())
			check(t, ofDistrict, true, 80, "America/Los_Angeles")
		})
		t.Run("the school has set its own", func(t *testing.T) {
			w.North.Update().SetSchoolYearStartsOn(ofSchool.StartsOn).SetSchoolYearEndsOn(ofSchool.EndsOn).
				SetUsageGoalMinutes(60).SetTimeZone("America/New_York").ExecX(fixture.System())
			check(t, ofSchool, false, 60, "America/New_York")
		})
		t.Run("the other school still has those of the district", func(t *testing.T) {
			got, err := s.Settings(w.As(t, w.SouthTeacher), w.South.ID)
			if err != nil || got.GoalMinutesPerWeek != 80 || got.Year != ofDistrict {
				t.Errorf("settings %+v, %v", got, err)
			}
		})
		t.Run("the district's own dates are not inherited", func(t *testing.T) {
			got, err := s.Settings(w.As(t, w.DistrictAdmin), w.Alpha.ID)
			if err != nil || got.Inherited.Year || got.Year != ofDistrict {
				t.Errorf("settings %+v, %v", got, err)
			}
		})
		t.Run("an organization outside of the purview does not exist", func(t *testing.T) {
			for _, id := range []int{w.South.ID, w.Alpha.ID, w.East.ID, 1 << 40} {
				_, err := s.Settings(ctx, id)
				wantKind(t, err, fault.NotFound)
			}
		})
		t.Run("the settings of many organizations take two statements", func(t *testing.T) {
			ctx, counter := database.WithCounter(w.As(t, w.DistrictAdmin))
			all, err := s.SettingsOf(ctx, []int{w.South.ID, w.North.ID, w.Alpha.ID, w.North.ID, w.East.ID})
			if err != nil {
				t.Fatal(err)
			}
			if _, foreign := all[w.East.ID]; foreign || len(all) != 3 {
				t.Errorf("settings of %d organizations, want the 3 of the district", len(all))
			}
			if all[w.North.ID].GoalMinutesPerWeek != 60 || all[w.South.ID].GoalMinutesPerWeek != 80 {
				t.Errorf("goals %+v", all)
			}
			if counter.Statements() > 2 {
				t.Errorf("%d statements", counter.Statements())
			}
		})
	})
}

func TestTheDefaultYearBeginsInTheSchoolsOwnTimeZone(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := fixture.New(t, d)
		w.North.Update().SetTimeZone("America/Los_Angeles").ExecX(fixture.System())
		s := serviceAt(d, time.Date(2027, time.August, 1, 5, 0, 0, 0, time.UTC))
		north, err := s.Settings(fixture.System(), w.North.ID)
		if err != nil || north.Year.StartsOn != day(t, "2026-08-01") {
			t.Errorf("year of North %+v, %v: there it is still July", north.Year, err)
		}
		south, err := s.Settings(fixture.System(), w.South.ID)
		if err != nil || south.Year.StartsOn != day(t, "2027-08-01") {
			t.Errorf("year of South %+v, %v", south.Year, err)
		}
	})
}
