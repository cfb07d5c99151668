package usage_test

import (
	"slices"
	"time"

	"github.com/openhomeroom/homeroom/internal/calendar"
	"github.com/openhomeroom/homeroom/internal/grade"
	"github.com/openhomeroom/homeroom/internal/usage"
)

// The reference is the report as one would compute it on paper: every number is
// a loop over all students and all of their events.

type refSchool struct {
	id        int
	zone      *time.Location
	yearStart calendar.Day
	goal      int
}

type refStudent struct {
	school  *refSchool
	grade   grade.Grade
	groups  []int
	deleted bool
	events  []usage.Event
}

type refQuery struct {
	sees     func(*refStudent) bool
	from, to calendar.Day
	grades   []grade.Grade
	products []string
}

func (q refQuery) weeks() (all []calendar.Day) {
	for d := q.from; d <= q.to; d++ {
		if w := d.WeekEnding(); !slices.Contains(all, w) {
			all = append(all, w)
		}
	}
	return all
}

// seconds is the usage of a student on days from one to another.
func (q refQuery) seconds(st *refStudent, from, to calendar.Day) (sum int) {
	for _, e := range st.events {
		day := calendar.DayOf(e.StartedAt, st.school.zone)
		if day >= from && day <= to && (len(q.products) == 0 || slices.Contains(q.products, e.ProductCode)) {
			sum += e.Seconds
		}
	}
	return sum
}

func (q refQuery) counts(st *refStudent) bool {
	return !st.deleted && q.sees(st) && (len(q.grades) == 0 || slices.Contains(q.grades, st.grade))
}

// totals returns the totals of the students who belong.
func (q refQuery) totals(all []*refStudent, belongs func(*refStudent) bool) (t usage.Totals) {
	weeks := len(q.weeks())
	for _, st := range all {
		if !q.counts(st) || !belongs(st) {
			continue
		}
		if q.seconds(st, st.school.yearStart, 1<<30) >= 60 {
			t.ActiveStudents++
		}
		seconds := q.seconds(st, q.from, q.to)
		t.Seconds += seconds
		if float64(seconds)/60/float64(weeks) >= float64(st.school.goal) {
			t.StudentsMeetingGoal++
		}
	}
	return finish(t, weeks)
}

func (q refQuery) week(all []*refStudent, ending calendar.Day) (t usage.Totals) {
	for _, st := range all {
		if !q.counts(st) {
			continue
		}
		seconds := q.seconds(st, max(q.from, ending-6), min(q.to, ending))
		if seconds >= 60 {
			t.ActiveStudents++
		}
		t.Seconds += seconds
		if seconds >= st.school.goal*60 {
			t.StudentsMeetingGoal++
		}
	}
	return finish(t, 1)
}

func finish(t usage.Totals, weeks int) usage.Totals {
	t.Minutes = t.Seconds / 60
	if t.ActiveStudents > 0 {
		t.AverageMinutesPerStudentPerWeek = float64(t.Minutes) / float64(t.ActiveStudents) / float64(weeks)
	}
	return t
}
