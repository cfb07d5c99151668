// Package calendar defines days, weeks that end on Saturday, and school years.
package calendar

import (
	"fmt"
	"time"

	"github.com/openhomeroom/homeroom/internal/quote"
)

// Day is a calendar day without a time zone, counted from 1970-01-01. It is stored as a
// number, which every database compares and groups in the same way.
type Day int32

const secondsADay = 24 * 60 * 60

// DayOf returns the day of an instant in a time zone.
func DayOf(t time.Time, zone *time.Location) Day {
	y, m, d := t.In(zone).Date()
	return Date(y, m, d)
}

// Date returns the day of a date; like time.Date it normalizes overflow.
func Date(year int, month time.Month, day int) Day {
	return Day(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / secondsADay)
}

// ParseDay reads YYYY-MM-DD.
func ParseDay(s string) (Day, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return 0, fmt.Errorf("%s is not a date of the form YYYY-MM-DD", quote.Text(s))
	}
	return DayOf(t, time.UTC), nil
}

// Time returns midnight UTC of the day.
func (d Day) Time() time.Time { return time.Unix(int64(d)*secondsADay, 0).UTC() }

// String returns the day as YYYY-MM-DD.
func (d Day) String() string { return d.Time().Format(time.DateOnly) }

// WeekEnding returns the Saturday that ends the week of the day. 1970-01-03 was a
// Saturday.
func (d Day) WeekEnding() Day {
	const firstSaturday = 2
	left := (firstSaturday - int(d)) % 7
	if left < 0 {
		left += 7
	}
	return d + Day(left)
}

// Year is a school year; both days belong to it.
type Year struct{ StartsOn, EndsOn Day }

// DefaultYear returns the school year that applies if no organization has set one: from
// August 1 to July 31.
func DefaultYear(today Day) Year {
	t := today.Time()
	year := t.Year()
	if t.Month() < time.August {
		year--
	}
	return Year{StartsOn: Date(year, time.August, 1), EndsOn: Date(year+1, time.July, 31)}
}
