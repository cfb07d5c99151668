package usage_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/internal/calendar"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/usage"
)

// TestUsageOfStudentsByWeek reads the weeks of two students at schools with different time
// zones. Today is Wednesday, November 18, 2026, 15:00 UTC.
func TestUsageOfStudentsByWeek(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := fixture.New(t, d)
		w.South.Update().SetTimeZone("Pacific/Kiritimati").ExecX(fixture.System()) // 14 hours ahead: it is Thursday
		s := service(d)
		ada, bob := w.Student(t, w.North, "Ada", "A", 0, w.Algebra), w.Student(t, w.South, "Bob", "B", 0)
		mustRecord(t, w.As(t, w.DistrictAdmin), s, w.Alpha.ID,
			event("1", ada, "math", at(t, "2026-11-08T12:00:00Z"), 90), // a Sunday
			event("2", ada, "lang", at(t, "2026-11-14T23:59:59Z"), 45), // the Saturday after it
			event("3", ada, "math", at(t, "2026-11-15T00:00:00Z"), 600),
			event("4", bob, "math", at(t, "2026-11-14T12:00:00Z"), 120), // Sunday in Kiritimati
			event("5", bob, "math", at(t, "2026-10-01T12:00:00Z"), 6000))
		schools := map[int]int{ada.ID: w.North.ID, bob.ID: w.South.ID}
		told := func(weeks []usage.StudentWeek) string {
			var text []string
			for _, week := range weeks {
				text = append(text, fmt.Sprintf("%s %d", week.Ending, week.Minutes))
			}
			return strings.Join(text, ", ")
		}
		first, last := day(t, "2026-11-14"), day(t, "2026-11-15")
		for _, c := range []struct {
			span     usage.Span
			ada, bob string
		}{
			{usage.Span{Period: usage.LastWeek}, "2026-11-14 2", "2026-11-14 0"},
			{usage.Span{Period: usage.FourWeeks}, "2026-10-31 0, 2026-11-07 0, 2026-11-14 2, 2026-11-21 10",
				"2026-10-31 0, 2026-11-07 0, 2026-11-14 0, 2026-11-21 2"},
			{usage.Span{Period: usage.Custom, From: &first, To: &last}, "2026-11-14 0, 2026-11-21 10",
				"2026-11-14 0, 2026-11-21 2"},
		} {
			weeks, err := s.ByWeek(w.As(t, w.DistrictAdmin), schools, c.span)
			if err != nil {
				t.Fatal(err)
			}
			if got := told(weeks[ada.ID]); got != c.ada {
				t.Errorf("%s of Ada: %s; want %s", c.span.Period, got, c.ada)
			}
			if got := told(weeks[bob.ID]); got != c.bob {
				t.Errorf("%s of Bob: %s; want %s", c.span.Period, got, c.bob)
			}
		}
		weeks, err := s.ByWeek(w.As(t, w.NorthAdmin), schools, usage.Span{Period: usage.FourWeeks})
		if err != nil || !strings.HasSuffix(told(weeks[ada.ID]), " 10") || strings.HasSuffix(told(weeks[bob.ID]), " 2") {
			t.Errorf("North sees %v, %v", weeks, err)
		}
		far := first + usage.MaxCustomDays
		for _, span := range []usage.Span{{Period: usage.Custom}, {Period: usage.FourWeeks, From: &first},
			{Period: usage.Custom, From: &last, To: &first}, {Period: usage.Custom, From: &first, To: &far}} {
			if _, err := s.ByWeek(w.As(t, w.DistrictAdmin), schools, span); fault.KindOf(err) != fault.Invalid {
				t.Errorf("%v: %v", span, err)
			}
		}
		var none calendar.Day
		nobody := usage.Span{Period: usage.Custom, From: &none, To: &none}
		if _, err := s.ByWeek(w.As(t, w.DistrictAdmin), nil, nobody); err != nil {
			t.Errorf("of nobody: %v", err)
		}
	})
}
