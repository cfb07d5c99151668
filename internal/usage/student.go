package usage

import (
	"context"
	"maps"
	"slices"

	"entgo.io/ent/dialect/sql"

	"github.com/openhomeroom/homeroom/ent/db/usageday"
	"github.com/openhomeroom/homeroom/internal/calendar"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Span is a period as a caller names it.
type Span struct {
	Period Period
	// From and To are for the period Custom only.
	From, To *calendar.Day
}

// StudentWeek is one student's usage in one week.
type StudentWeek struct {
	// Ending is the Saturday.
	Ending  calendar.Day
	Minutes int
}

// ByWeek returns the usage of students week by week, oldest first, for every week that the
// span touches. schools are the schools of the students, by student. Schools with the same
// days take one statement together; most of the time that is one for all.
func (s *Service) ByWeek(ctx context.Context, schools map[int]int, span Span) (map[int][]StudentWeek, error) {
	// A teacher may see a student of a school without seeing the school.
	settings, err := s.SettingsOf(viewer.AsSystem(ctx, "school years of students whom the caller sees"),
		slices.Collect(maps.Values(schools)))
	if err != nil {
		return nil, err
	}
	type days struct{ first, last calendar.Day }
	students := map[days][]int{}
	for id, school := range schools {
		set := settings[school]
		first, last, err := span.Period.days(set.Today(s.now()), set.Year.StartsOn, span.From, span.To)
		if err != nil {
			return nil, err
		}
		students[days{first, last}] = append(students[days{first, last}], id)
	}
	weeks := map[int][]StudentWeek{}
	for d, ids := range students {
		used, err := s.secondsByWeek(ctx, ids, d.first, d.last)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			for _, ending := range weeksOf(d.first, d.last) {
				weeks[id] = append(weeks[id], StudentWeek{ending, used[studentWeek{id, ending}] / 60})
			}
		}
	}
	return weeks, nil
}

type studentWeek struct {
	student int
	ending  calendar.Day
}

func (s *Service) secondsByWeek(ctx context.Context, ids []int, first, last calendar.Day) (map[studentWeek]int,
	error) {
	var rows []struct {
		StudentID  int   `json:"student_id"`
		WeekEnding int32 `json:"week_ending"`
		Sum        int   `json:"seconds"`
	}
	slices.Sort(ids)
	err := s.db.Client(ctx).UsageDay.Query().
		Where(usageday.StudentIDIn(ids...), usageday.DayGTE(first), usageday.DayLTE(last)).
		Modify(func(t *sql.Selector) {
			t.Select(t.C(usageday.FieldStudentID), sql.As(weekEnding(t.C(usageday.FieldDay)), "week_ending"),
				sql.As(sql.Sum(t.C(usageday.FieldSeconds)), "seconds"))
			t.GroupBy(t.C(usageday.FieldStudentID), "week_ending")
		}).Scan(ctx, &rows)
	used := make(map[studentWeek]int, len(rows))
	for _, r := range rows {
		used[studentWeek{r.StudentID, calendar.Day(r.WeekEnding)}] = r.Sum
	}
	return used, err
}

// weekEnding is the Saturday of the week of a day, in SQL.
func weekEnding(day string) string { return day + " + ((2 - " + day + ") % 7 + 7) % 7" }
