package calendar_test

import (
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/internal/calendar"
)

// FuzzParseDay holds that a text that is a day is written in one way only.
func FuzzParseDay(f *testing.F) {
	for _, s := range []string{"", "2026-11-18", "2026-02-30", "0000-01-01", "9999-12-31", "10000-01-01", "2026-1-1",
		"-2026-01-01", "2026-11-18T00:00:00Z", "２026-11-18"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		day, err := calendar.ParseDay(s)
		if err != nil {
			return
		}
		if day.String() != s {
			t.Fatalf("%q is the day %s", s, day)
		}
		saturday := day.WeekEnding()
		if saturday < day || saturday > day+6 || saturday.Time().Weekday() != time.Saturday ||
			saturday.WeekEnding() != saturday {
			t.Fatalf("the week of %s ends on %s", day, saturday)
		}
		if y := calendar.DefaultYear(day); day < y.StartsOn || day > y.EndsOn {
			t.Fatalf("%s is not in the school year %v", day, y)
		}
	})
}
