package usage_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/calendar"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/grade"
	"github.com/openhomeroom/homeroom/internal/usage"
)

// reportWorld is a district with random usage, in the database and in the form
// of the reference.
type reportWorld struct {
	*fixture.World
	service      *usage.Service
	students     []*refStudent
	north, south *refSchool
}

func newReportWorld(t *testing.T, d *database.DB) *reportWorld {
	t.Helper()
	w := &reportWorld{World: fixture.New(t, d), service: service(d)}
	system := fixture.System()
	losAngeles, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		t.Fatal(err)
	}
	w.north = &refSchool{w.North.ID, losAngeles, day(t, "2026-08-01"), 3}
	w.south = &refSchool{w.South.ID, time.UTC, day(t, "2026-10-05"), 12}
	w.Alpha.Update().SetTimeZone("America/Los_Angeles").SetUsageGoalMinutes(3).ExecX(system)
	w.South.Update().SetTimeZone("UTC").SetUsageGoalMinutes(12).
		SetSchoolYearStartsOn(w.south.yearStart).SetSchoolYearEndsOn(w.south.yearStart + 250).ExecX(system)
	if n, err := w.service.Recount(context.Background()); err != nil || n != 1 {
		t.Fatalf("recounted %d, %v", n, err)
	}

	random := rand.New(rand.NewPCG(7, 7))
	products := []string{"math", "lang", "es"}
	grades := []grade.Grade{grade.PK, grade.TK, 7, grade.UG}
	var events []usage.Event
	for i := range 80 {
		school, groups := w.North, [][]*db.Group{nil, {w.Algebra}, {w.Biology}, {w.Algebra, w.Biology}}[random.IntN(4)]
		ref := &refStudent{school: w.north}
		if i%3 == 0 {
			school, groups = w.South, [][]*db.Group{nil, {w.Chemistry}}[random.IntN(2)]
			ref.school = w.south
		}
		st := w.Student(t, school, "Sam", fmt.Sprintf("S%d", i), 0, groups...)
		ref.grade = grades[random.IntN(len(grades))]
		st.Update().SetGrade(ref.grade).ExecX(system)
		for _, g := range groups {
			ref.groups = append(ref.groups, g.ID)
		}
		for range random.IntN(4) * random.IntN(6) {
			started := fixture.Today.Add(-time.Duration(random.IntN(130*24*60)) * time.Minute)
			if random.IntN(2) == 0 {
				started = fixture.Today.Add(-time.Duration(random.IntN(30*24*60)) * time.Minute)
			}
			e := event(fmt.Sprintf("e%d", len(events)), st, products[random.IntN(3)], started,
				1+random.IntN(80*(1+random.IntN(20))))
			events = append(events, e)
			ref.events = append(ref.events, e)
		}
		w.students = append(w.students, ref)
		if i%17 == 5 {
			ref.deleted = true
			defer func() { st.Update().SetDeletedAt(fixture.Today).ExecX(system) }()
		}
	}
	mustRecord(t, w.As(t, w.DistrictAdmin), w.service, w.Alpha.ID, events...)
	return w
}

func TestReportAgreesWithTheReference(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := newReportWorld(t, d)
		of := func(s *refSchool) func(*refStudent) bool { return func(st *refStudent) bool { return st.school == s } }
		taught := func(s *refSchool, g *db.Group) func(*refStudent) bool {
			return func(st *refStudent) bool {
				return st.school == s && (len(st.groups) == 0 || slices.Contains(st.groups, g.ID))
			}
		}
		from, to := day(t, "2026-07-14"), day(t, "2026-10-28")
		for _, caller := range []struct {
			name      string
			ctx       context.Context
			org       *db.Organization
			school    *refSchool // nil for the district
			sees      func(*refStudent) bool
			groups    []*db.Group
			yearStart string
		}{
			{"the district's administrator of the district", w.As(t, w.DistrictAdmin), w.Alpha, nil, func(*refStudent) bool { return true }, nil, "2026-08-01"},
			{"the district's administrator of a school", w.As(t, w.DistrictAdmin), w.South, w.south, of(w.south), []*db.Group{w.Chemistry}, "2026-10-05"},
			{"the school's administrator", w.As(t, w.NorthAdmin), w.North, w.north, of(w.north), []*db.Group{w.Algebra, w.Biology, w.Synced}, "2026-08-01"},
			{"a teacher", w.As(t, w.NorthTeacher), w.North, w.north, taught(w.north, w.Algebra), []*db.Group{w.Algebra}, "2026-08-01"},
		} {
			for _, period := range []struct {
				period   usage.Period
				from, to string
			}{
				{usage.ThisWeek, "2026-11-15", "2026-11-18"},
				{usage.LastWeek, "2026-11-08", "2026-11-14"},
				{usage.FourWeeks, "2026-10-25", "2026-11-18"},
				{usage.EightWeeks, "2026-09-27", "2026-11-18"},
				{usage.YearToDate, caller.yearStart, "2026-11-18"},
				{usage.Custom, "2026-07-14", "2026-10-28"},
			} {
				for _, filter := range []struct {
					name     string
					grades   []grade.Grade
					products []string
				}{
					{name: "everything"},
					{name: "two grades", grades: []grade.Grade{grade.PK, 7}},
					{name: "one product", products: []string{"math"}},
					{name: "a grade and products", grades: []grade.Grade{12}, products: []string{"es", "lang", "unknown"}},
					{name: "an unknown product", products: []string{"unknown"}},
				} {
					name := fmt.Sprintf("%s sees %s of %s", caller.name, period.period, filter.name)
					q := refQuery{
						sees:     caller.sees,
						from:     day(t, period.from),
						to:       day(t, period.to),
						grades:   filter.grades,
						products: filter.products,
					}
					var given [2]*calendar.Day
					if period.period == usage.Custom {
						given = [2]*calendar.Day{&from, &to}
					}
					r, err := w.service.Report(caller.ctx, caller.org.ID, period.period, given[0], given[1], filter.grades,
						filter.products)
					if err != nil {
						t.Fatalf("%s: %v", name, err)
					}
					if r.From != q.from || r.To != q.to {
						t.Errorf("%s: from %s to %s", name, r.From, r.To)
					}
					want := wantReport(w, q, caller.school, caller.groups)
					if got := plain(r); !slices.Equal(got, want) {
						t.Errorf("%s:\n got %v\nwant %v", name, got, want)
					}
				}
			}
		}
	})
}

// line is one set of totals of a report with its name, in a form that compares.
type line struct {
	name string
	usage.Totals
}

func plain(r *usage.Report) []line {
	lines := []line{{"totals", r.Totals}}
	for _, w := range r.Weeks {
		lines = append(lines, line{w.Ending.String(), w.Totals})
	}
	for _, row := range r.Rows {
		switch {
		case row.Organization != nil:
			lines = append(lines, line{row.Organization.Name, row.Totals})
		case row.Group != nil:
			lines = append(lines, line{row.Group.Name, row.Totals})
		case row.Ungrouped:
			lines = append(lines, line{"ungrouped", row.Totals})
		}
	}
	return lines
}

func wantReport(w *reportWorld, q refQuery, school *refSchool, groups []*db.Group) []line {
	lines := []line{{"totals", q.totals(w.students, func(*refStudent) bool { return true })}}
	for _, ending := range q.weeks() {
		lines = append(lines, line{ending.String(), q.week(w.students, ending)})
	}
	if school == nil {
		for name, s := range map[string]*refSchool{"North School": w.north, "South School": w.south} {
			lines = append(lines,
				line{name, q.totals(w.students, func(st *refStudent) bool { return st.school == s && len(st.groups) > 0 })})
		}
		if n := len(lines); lines[n-1].name == "North School" {
			lines[n-1], lines[n-2] = lines[n-2], lines[n-1]
		}
	}
	for _, g := range groups {
		lines = append(lines,
			line{g.Name, q.totals(w.students, func(st *refStudent) bool { return slices.Contains(st.groups, g.ID) })})
	}
	return append(lines, line{"ungrouped", q.totals(w.students, func(st *refStudent) bool { return len(st.groups) == 0 })})
}
