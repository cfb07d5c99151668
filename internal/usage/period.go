package usage

import (
	"github.com/openhomeroom/homeroom/internal/calendar"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/quote"
)

// Period is a stretch of time that a report covers. Weeks end on Saturday.
type Period string

// The periods, named as in the API.
const (
	// ThisWeek is from Sunday to today.
	ThisWeek Period = "THIS_WEEK"
	// LastWeek is the last full week.
	LastWeek Period = "LAST_WEEK"
	// FourWeeks is the last three full weeks and this one to today.
	FourWeeks Period = "FOUR_WEEKS"
	// EightWeeks is the last seven full weeks and this one to today.
	EightWeeks Period = "EIGHT_WEEKS"
	// YearToDate is from the first day of the school year to today. Before the school year
	// starts it is today alone.
	YearToDate Period = "YEAR_TO_DATE"
	// Custom is from one given day to another, both included.
	Custom Period = "CUSTOM"
)

// MaxCustomDays is the longest custom period.
const MaxCustomDays = 400

// days returns the first and the last day of the period.
func (p Period) days(today, yearStart calendar.Day, from, to *calendar.Day) (first, last calendar.Day, err error) {
	if p == Custom {
		return customDays(from, to)
	}
	if from != nil {
		return 0, 0, fault.Invalidf("from needs the period %s; leave it out or choose that period", Custom).At("from")
	}
	if to != nil {
		return 0, 0, fault.Invalidf("to needs the period %s; leave it out or choose that period", Custom).At("to")
	}
	sunday := today.WeekEnding() - 6
	switch p {
	case ThisWeek:
		return sunday, today, nil
	case LastWeek:
		return sunday - 7, sunday - 1, nil
	case FourWeeks:
		return sunday - 3*7, today, nil
	case EightWeeks:
		return sunday - 7*7, today, nil
	case YearToDate:
		return min(yearStart, today), today, nil
	default:
		return 0, 0, fault.Invalidf("%s is not a period", quote.Text(p)).At("period")
	}
}

func customDays(from, to *calendar.Day) (first, last calendar.Day, err error) {
	switch {
	case from == nil:
		return 0, 0, fault.Invalidf("the period %s needs its first day", Custom).At("from")
	case to == nil:
		return 0, 0, fault.Invalidf("the period %s needs its last day", Custom).At("to")
	case *from > *to:
		return 0, 0, fault.Invalidf("the first day %s is after the last day %s", from, to).At("from")
	case *to-*from >= MaxCustomDays:
		return 0, 0, fault.Invalidf("a period has at most %d days", MaxCustomDays).At("to")
	default:
		return *from, *to, nil
	}
}

// weeksOf returns the Saturdays of the weeks that the days touch, oldest first.
func weeksOf(from, to calendar.Day) []calendar.Day {
	var weeks []calendar.Day
	for w := from.WeekEnding(); w <= to.WeekEnding(); w += 7 {
		weeks = append(weeks, w)
	}
	return weeks
}
