package setting_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/calendar"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/setting"
)

// numbers are the numeric settings, with their limits, and which values are stricter.
var numbers = map[string]struct {
	from, to int
	field    func(ch *setting.Change) *setting.Field[int]
	// stricter is +1 if more is stricter, -1 if less is, and 0 if a district does not
	// limit its schools.
	stricter int
	of       func(s setting.Settings) int
}{
	"usageGoalMinutesPerWeek": {1, 7 * 24 * 60,
		func(ch *setting.Change) *setting.Field[int] { return &ch.GoalMinutesPerWeek }, 0,
		func(s setting.Settings) int { return s.GoalMinutesPerWeek }},
	"passwordMinLength": {4, 64, func(ch *setting.Change) *setting.Field[int] { return &ch.PasswordMinLength }, +1,
		func(s setting.Settings) int { return s.PasswordMinLength }},
	"holdDeletedPercent": {1, 100, func(ch *setting.Change) *setting.Field[int] { return &ch.HoldDeletedPercent }, -1,
		func(s setting.Settings) int { return s.HoldDeletedPercent }},
	"holdChangedPercent": {1, 100, func(ch *setting.Change) *setting.Field[int] { return &ch.HoldChangedPercent }, -1,
		func(s setting.Settings) int { return s.HoldChangedPercent }},
	"retentionDays": {30, 365, func(ch *setting.Change) *setting.Field[int] { return &ch.RetentionDays }, 0,
		func(s setting.Settings) int { return s.RetentionDays }},
	"jobDays": {30, 1095, func(ch *setting.Change) *setting.Field[int] { return &ch.JobDays }, 0,
		func(s setting.Settings) int { return s.JobDays }},
}

// TestEachSettingHasItsBounds tries the last good and the first bad value at both ends.
func TestEachSettingHasItsBounds(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w, s := fixture.New(t, d), service(d, nil)
		update := func(what string, ch setting.Change, code string) {
			t.Helper()
			ch.OrganizationID = w.Alpha.ID
			_, refusals, err := s.Update(w.As(t, w.DistrictAdmin), ch)
			if err != nil {
				t.Fatal(what, err)
			}
			if got := len(refusals) > 0; got != (code != "") || got && refusals[0].Code != code {
				t.Errorf("%s: %v; want %q", what, refusals, code)
			}
		}
		for name, n := range numbers {
			for value, code := range map[int]string{n.from - 1: "OUT_OF_BOUNDS", n.from: "", n.to: "", n.to +
				1: "OUT_OF_BOUNDS"} {
				var ch setting.Change
				*n.field(&ch) = to(value)
				update(fmt.Sprint(name, " ", value), ch, code)
			}
		}
		day := func(year int, month time.Month, day int) calendar.Day { return calendar.Date(year, month, day) }
		start := day(2026, time.August, 1)
		for name, c := range map[string]struct {
			from, to calendar.Day
			code     string
		}{
			"28 days":                       {start, start + 27, ""},
			"27 days":                       {start, start + 26, "OUT_OF_BOUNDS"},
			"400 days":                      {start, start + 399, ""},
			"401 days":                      {start, start + 400, "OUT_OF_BOUNDS"},
			"an end before the start":       {start, start - 1, "OUT_OF_BOUNDS"},
			"the first day of 2000":         {day(2000, time.January, 1), day(2000, time.June, 1), ""},
			"the day before":                {day(1999, time.December, 31), day(2000, time.June, 1), "OUT_OF_BOUNDS"},
			"the last day of 2100":          {day(2100, time.January, 1), day(2100, time.December, 31), ""},
			"the day behind":                {day(2100, time.January, 1), day(2101, time.January, 1), "OUT_OF_BOUNDS"},
			"a year whose end is of a year": {start, day(2027, time.July, 31), ""},
		} {
			update("a school year of "+name, setting.Change{Year: to(calendar.Year{StartsOn: c.from, EndsOn: c.to})}, c.code)
		}
		for zone, code := range map[string]string{"UTC": "", "America/Chicago": "", "": "UNKNOWN_TIME_ZONE",
			"Local": "UNKNOWN_TIME_ZONE", "Mars": "UNKNOWN_TIME_ZONE"} {
			update("the time zone "+zone, setting.Change{TimeZone: to(zone)}, code)
		}
		for need, wrong := range map[setting.SecondFactor]bool{"NONE": false, "ADMINISTRATORS": false, "ALL": false,
			"SOME": true, "": true} {
			_, refusals, err := s.Update(w.As(t, w.DistrictAdmin), setting.Change{OrganizationID: w.Alpha.ID,
				SecondFactorRequired: to(need)})
			if err != nil || (len(refusals) > 0) != wrong {
				t.Errorf("the need %q: %v, %v", need, refusals, err)
			}
		}
	})
}

// TestASchoolIsNoLaxerThanItsDistrict tries, for each setting, a value as strict as the
// district's and one that is less strict by one: requested, and set before the district
// changes.
func TestASchoolIsNoLaxerThanItsDistrict(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		for name, n := range numbers {
			if n.stricter == 0 {
				continue
			}
			w, s := fixtureAgain(t, d), service(d, nil)
			set := func(who *db.Educator, at *db.Organization, value int) bool {
				t.Helper()
				ch := setting.Change{OrganizationID: at.ID}
				*n.field(&ch) = to(value)
				_, refusals, err := s.Update(w.As(t, who), ch)
				if err != nil {
					t.Fatal(name, err)
				}
				return len(refusals) == 0
			}
			const districts = 8
			operator := func(at *db.Organization, value int) {
				t.Helper()
				ch := setting.Change{OrganizationID: at.ID}
				*n.field(&ch) = to(value)
				if _, refusals, err := s.Update(fixture.System(), ch); err != nil || len(refusals) > 0 {
					t.Fatal(name, refusals, err)
				}
			}
			operator(w.Alpha, districts)
			for value, ok := range map[int]bool{districts: true, districts + n.stricter: true, districts - n.stricter: false} {
				if got := set(w.NorthAdmin, w.North, value); got != ok {
					t.Errorf("%s of %d at a school, where the district has %d: allowed %v", name, value, districts, got)
				}
			}
			// The schools are at the district's new value, one above it, and one below it.
			west := w.School(t, w.Alpha, "West School", "W"+name)
			schools := map[*db.Organization]int{w.North: districts + n.stricter, w.South: districts + 2*n.stricter,
				west: districts + 3*n.stricter}
			for at, value := range schools {
				operator(at, value)
			}
			before := w.Client().AuditEvent.Query().CountX(fixture.System())
			if !set(w.DistrictAdmin, w.Alpha, districts+2*n.stricter) {
				t.Fatalf("%s: the district is refused what is stricter", name)
			}
			for at, want := range map[*db.Organization]int{w.North: districts + 2*n.stricter, w.South: districts +
				2*n.stricter, west: districts + 3*n.stricter} {
				if got := holds(t, d, at.ID, fixture.Today); n.of(got) != want {
					t.Errorf("%s of %s is %d; want %d", name, at.Name, n.of(got), want)
				}
			}
			if more := w.Client().AuditEvent.Query().CountX(fixture.System()) - before; more != 2 {
				t.Errorf("%s: %d entries; want one for the district and one for the school that came along", name, more)
			}
		}
	})
}

func fixtureAgain(t *testing.T, d *database.DB) *fixture.World {
	t.Helper()
	for _, table := range []string{"role_assignments", "group_educators", "educators", "`groups`"} {
		if _, err := d.Client(t.Context()).ExecContext(t.Context(), "DELETE FROM "+table); err != nil {
			t.Fatal(err)
		}
	}
	return fixture.New(t, d)
}

// TestHowLongSomebodyIsKept is about the last moment, and about the notice that comes
// before a shorter time.
func TestHowLongSomebodyIsKept(t *testing.T) {
	t.Parallel()
	day := 24 * time.Hour
	district := &db.Organization{ID: 1, DistrictID: 1}
	school := &db.Organization{ID: 2, DistrictID: 1}
	since := fixture.Today
	with := func(o *db.Organization, days int, since *time.Time) *db.Organization {
		changed := *o
		changed.RetentionDays, changed.RetentionChangedAt = &days, since
		return &changed
	}
	for name, c := range map[string]struct {
		school, district *db.Organization
		deleted          time.Time
		last             time.Time // the last moment at which the student can come back
	}{
		"by default": {school, district, since, since.Add(90 * day)},
		"as the school has it": {with(school, 30, nil), with(district, 60, nil), since,
			since.Add(30 * day)},
		"as the district has it": {school, with(district, 60, nil), since, since.Add(60 * day)},
		"since a change, whose notice is longer": {with(school, 30, &since), district, since.Add(-29 * day),
			since.Add(7 * day)},
		"since a change, whose notice is over": {with(school, 30, &since), district, since.Add(-day), since.Add(29 * day)},
		"since a change of the district": {school, with(district, 30, &since), since.Add(-29 * day),
			since.Add(7 * day)},
		"since a change of the district that does not concern the school": {with(school, 30, nil),
			with(district, 31, &since), since.Add(-29 * day),
			since.Add(day)},
	} {
		set, err := setting.Of(c.school, c.district, fixture.Today)
		if err != nil {
			t.Fatal(err)
		}
		if at := set.PurgeAt(c.deleted); !at.Equal(c.last) {
			t.Errorf("%s: purged at %v, want %v", name, at, c.last)
		}
		if !set.Reserves(c.deleted, c.last) || set.Reserves(c.deleted, c.last.Add(time.Nanosecond)) {
			t.Errorf("%s: the last moment is not %v", name, c.last)
		}
		for moment, purged := range map[time.Time]bool{c.last: false, c.last.Add(time.Nanosecond): true} {
			if got := c.deleted.Before(set.PurgedBefore(moment)); got != purged {
				t.Errorf("%s: purged at %v: %v", name, moment, got)
			}
		}
	}
	set, _ := setting.Of(school, district, fixture.Today)
	if set.Reserves(setting.ErasingAt(), setting.ErasingAt()) {
		t.Error("somebody who is being erased comes back")
	}
}
