package usage_test

import (
	"fmt"
	"testing"

	"github.com/openhomeroom/homeroom/internal/calendar"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/usage"
)

func TestRowsOfADistrictAddUpToItsTotals(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := newReportWorld(t, d)
		w.School(t, w.Alpha, "Empty School", "0")
		r, err := w.service.Report(w.As(t, w.DistrictAdmin), w.Alpha.ID, usage.EightWeeks, nil, nil, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		var sum usage.Totals
		for _, row := range r.Rows {
			sum.ActiveStudents += row.Totals.ActiveStudents
			sum.Seconds += row.Totals.Seconds
			sum.StudentsMeetingGoal += row.Totals.StudentsMeetingGoal
		}
		if sum.ActiveStudents != r.Totals.ActiveStudents || sum.Seconds != r.Totals.Seconds ||
			sum.StudentsMeetingGoal != r.Totals.StudentsMeetingGoal {
			t.Errorf("rows add up to %+v, totals are %+v", sum, r.Totals)
		}
		if r.Totals.ActiveStudents == 0 || r.Totals.Minutes == 0 || r.Totals.StudentsMeetingGoal == 0 {
			t.Errorf("the test has no usage: %+v", r.Totals)
		}
		weeks := 0
		for _, week := range r.Weeks {
			weeks += week.Totals.Seconds
		}
		if weeks != r.Totals.Seconds {
			t.Errorf("weeks add up to %d seconds, totals are %d", weeks, r.Totals.Seconds)
		}
		if first := r.Rows[0]; first.Organization.Name != "Empty School" || first.Totals != (usage.Totals{}) {
			t.Errorf("the school without students has the row %+v", first)
		}
		if last := r.Rows[len(r.Rows)-1]; !last.Ungrouped || last.Organization != nil || last.Group != nil {
			t.Errorf("the last row is %+v", last)
		}
	})
}

func TestReportIsLimitedToThePurview(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w, s := fixture.New(t, d), service(d)
		for _, id := range []int{w.South.ID, w.Alpha.ID, w.East.ID} {
			_, err := s.Report(w.As(t, w.NorthAdmin), id, usage.FourWeeks, nil, nil, nil, nil)
			wantKind(t, err, fault.NotFound)
		}
		_, err := s.Report(w.As(t, w.BetaAdmin), w.North.ID, usage.FourWeeks, nil, nil, nil, nil)
		wantKind(t, err, fault.NotFound)
	})
}

func TestPeriodsOfAReport(t *testing.T) {
	t.Parallel()
	d := dbtest.Open(t, database.SQLite)
	w := fixture.New(t, d)
	ctx := w.As(t, w.NorthAdmin)
	ptr := func(s string) *calendar.Day { x := day(t, s); return &x }

	for _, c := range []struct {
		name     string
		period   usage.Period
		from, to *calendar.Day
		field    string
	}{
		{"a custom period without its first day", usage.Custom, nil, ptr("2026-10-01"), "from"},
		{"a custom period without its last day", usage.Custom, ptr("2026-10-01"), nil, "to"},
		{"a custom period that ends before it begins", usage.Custom, ptr("2026-10-02"), ptr("2026-10-01"), "from"},
		{"a custom period of 401 days", usage.Custom, ptr("2025-01-01"), ptr("2026-02-05"), "to"},
		{"a first day with another period", usage.FourWeeks, ptr("2026-10-01"), nil, "from"},
		{"a last day with another period", usage.LastWeek, nil, ptr("2026-10-01"), "to"},
		{"a period that does not exist", "DECADE", nil, nil, "period"},
	} {
		t.Run(c.name+" is refused", func(t *testing.T) {
			_, err := service(d).Report(ctx, w.North.ID, c.period, c.from, c.to, nil, nil)
			wantKind(t, err, fault.Invalid)
			if e := fault.From(err); e == nil || e.Field != c.field {
				t.Errorf("error %v, want one at %s", err, c.field)
			}
		})
	}
	for _, c := range []struct {
		name, now string
		period    usage.Period
		from, to  string
		weeks     int
	}{
		{"on a Sunday this week is that day", "2026-11-15T12:00:00Z", usage.ThisWeek, "2026-11-15", "2026-11-15", 1},
		{"on a Saturday this week is complete", "2026-11-21T12:00:00Z", usage.ThisWeek, "2026-11-15", "2026-11-21", 1},
		{"on a Saturday last week is the one before", "2026-11-21T12:00:00Z", usage.LastWeek, "2026-11-08", "2026-11-14", 1},
		{"four weeks are three full ones and this one", "2026-11-18T12:00:00Z", usage.FourWeeks, "2026-10-25", "2026-11-18", 4},
		{"eight weeks are seven full ones and this one", "2026-11-18T12:00:00Z", usage.EightWeeks, "2026-09-27", "2026-11-18", 8},
		{"the year to date begins on its first day", "2026-08-05T12:00:00Z", usage.YearToDate, "2026-08-01", "2026-08-05", 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := serviceAt(d, at(t, c.now)).Report(ctx, w.North.ID, c.period, nil, nil, nil, nil)
			if err != nil || r.From != day(t, c.from) || r.To != day(t, c.to) || len(r.Weeks) != c.weeks {
				t.Errorf("report %+v, %v", r, err)
			}
		})
	}
	t.Run("a custom period may have 400 days", func(t *testing.T) {
		r, err := service(d).Report(ctx, w.North.ID, usage.Custom, ptr("2025-01-01"), ptr("2026-02-04"), nil, nil)
		if err != nil || len(r.Weeks) != 58 {
			t.Errorf("report %+v, %v", r, err)
		}
	})
	t.Run("today is one of the organization's time zone", func(t *testing.T) {
		w.Alpha.Update().SetTimeZone("America/Los_Angeles").ExecX(fixture.System())
		r, err := serviceAt(d, at(t, "2026-11-15T07:59:00Z")).Report(ctx, w.North.ID, usage.ThisWeek, nil, nil, nil, nil)
		if err != nil || r.To != day(t, "2026-11-14") || r.From != day(t, "2026-11-08") {
			t.Errorf("report %+v, %v", r, err)
		}
	})
	t.Run("a school year that is still to begin gives today", func(t *testing.T) {
		w.North.Update().SetSchoolYearStartsOn(day(t, "2027-01-10")).SetSchoolYearEndsOn(day(t, "2027-12-10")).
			ExecX(fixture.System())
		r, err := service(d).Report(ctx, w.North.ID, usage.YearToDate, nil, nil, nil, nil)
		if err != nil || r.From != day(t, "2026-11-18") || len(r.Weeks) != 1 {
			t.Errorf("report %+v, %v", r, err)
		}
	})
}

func TestReportSendsAFixedNumberOfStatements(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w, s := fixture.New(t, d), service(d)
		admin := w.As(t, w.DistrictAdmin)
		count := func(n int) (district, school int) {
			students := crowd(t, w, w.North, fmt.Sprintf("c%d-", n), n, w.Algebra)
			var events []usage.Event
			for i := range 2 * n {
				events = append(events,
					event(fmt.Sprintf("%d-%d", n, i), students[i%n], "math", fixture.Today.AddDate(0, 0, -i%40), 60))
			}
			mustRecord(t, admin, s, w.Alpha.ID, events...)
			w.School(t, w.Alpha, fmt.Sprintf("School %d", n), fmt.Sprint(n))
			w.Group(t, w.North, fmt.Sprintf("Group %d", n))
			for _, c := range []struct {
				org        int
				statements *int
			}{{w.Alpha.ID, &district}, {w.North.ID, &school}} {
				ctx, counter := database.WithCounter(admin)
				if _, err := s.Report(ctx, c.org, usage.EightWeeks, nil, nil, nil, []string{"math"}); err != nil {
					t.Fatal(err)
				}
				*c.statements = counter.Statements()
			}
			return district, school
		}
		district, school := count(10)
		moreDistrict, moreSchool := count(500)
		if district != moreDistrict || school != moreSchool || district > 6 || school > 7 {
			t.Errorf("the district's report takes %d statements and with 500 students %d, the school's %d and %d", district,
				moreDistrict, school, moreSchool)
		}
	})
}
