package calendar_test

import (
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/internal/calendar"
)

func TestWeeksEndOnSaturday(t *testing.T) {
	t.Parallel()
	for first := range 3 * 366 {
		d := calendar.Date(1969, time.January, 1) + calendar.Day(first*20)
		end := d.WeekEnding()
		if end.Time().Weekday() != time.Saturday || end < d || end > d+6 {
			t.Fatalf("the week of %s (%s) ends on %s (%s)", d, d.Time().Weekday(), end, end.Time().Weekday())
		}
	}
}

func TestDaysReadBack(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"1970-01-01", "2024-02-29", "1969-12-31", "2026-11-18"} {
		if d, err := calendar.ParseDay(text); err != nil || d.String() != text {
			t.Errorf("%s is read as %s, %v", text, d, err)
		}
	}
	for _, text := range []string{"", "2026-02-30", "18.11.2026", "2026-11-18T00:00:00Z"} {
		if d, err := calendar.ParseDay(text); err == nil {
			t.Errorf("%q was taken for %s", text, d)
		}
	}
}

func TestADayIsThatOfItsTimeZone(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, time.November, 18, 7, 59, 59, 0, time.UTC)
	if d := calendar.DayOf(at, zone); d.String() != "2026-11-17" {
		t.Errorf("%s is on %s", at, d)
	}
	if d := calendar.DayOf(at.Add(time.Second), zone); d.String() != "2026-11-18" {
		t.Errorf("a second later it is on %s", d)
	}
}

func TestDefaultYear(t *testing.T) {
	t.Parallel()
	for today, want := range map[string]string{
		"2026-07-31": "2025-08-01",
		"2026-08-01": "2026-08-01",
		"2027-01-01": "2026-08-01",
	} {
		d, err := calendar.ParseDay(today)
		if err != nil {
			t.Fatal(err)
		}
		y := calendar.DefaultYear(d)
		if y.StartsOn.String() != want || d < y.StartsOn || d > y.EndsOn {
			t.Errorf("the school year of %s is from %s to %s", today, y.StartsOn, y.EndsOn)
		}
	}
}
