package loader

import (
	"context"

	"github.com/openhomeroom/homeroom/internal/calendar"
	"github.com/openhomeroom/homeroom/internal/usage"
)

// StudentSpan is a student with the span that a field asks about.
type StudentSpan struct {
	student, school int
	span            span
}

// span is usage.Span in a form that can be compared.
type span struct {
	period         usage.Period
	from, to       calendar.Day
	hasFrom, hasTo bool
}

// SpanOf is the key of a student of a school.
func SpanOf(student, school int, s usage.Span) StudentSpan {
	k := span{period: s.Period, hasFrom: s.From != nil, hasTo: s.To != nil}
	if k.hasFrom {
		k.from = *s.From
	}
	if k.hasTo {
		k.to = *s.To
	}
	return StudentSpan{student, school, k}
}

func (s span) given() usage.Span {
	given := usage.Span{Period: s.period}
	if s.hasFrom {
		given.From = &s.from
	}
	if s.hasTo {
		given.To = &s.to
	}
	return given
}

func usageByWeek(u *usage.Service) func(context.Context, []StudentSpan) (map[StudentSpan][]usage.StudentWeek, error) {
	return func(ctx context.Context, keys []StudentSpan) (map[StudentSpan][]usage.StudentWeek, error) {
		schools := map[span]map[int]int{}
		for _, k := range keys {
			if schools[k.span] == nil {
				schools[k.span] = map[int]int{}
			}
			schools[k.span][k.student] = k.school
		}
		weeks := make(map[StudentSpan][]usage.StudentWeek, len(keys))
		for s, students := range schools {
			found, err := u.ByWeek(ctx, students, s.given())
			if err != nil {
				return nil, err
			}
			for student, school := range students {
				weeks[StudentSpan{student, school, s}] = found[student]
			}
		}
		return weeks, nil
	}
}
