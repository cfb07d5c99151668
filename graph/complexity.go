package graph

import (
	"homeroom/graph/generated"
	"homeroom/graph/model"
	"homeroom/internal/calendar"
	"homeroom/internal/page"
)

// complexity makes the cost of a list grow with the rows that it asks for; by
// itself the calculation ignores first and last.
func complexity() (c generated.ComplexityRoot) {
	rows := func(child int, first, last *int) int {
		n := page.Default // a page that is too large is refused when it is read
		if first != nil {
			n = *first
		} else if last != nil {
			n = *last
		}
		return 1 + child*min(max(1, n), page.Max)
	}
	c.Query.Students = func(child int, _ *string, _ *model.StudentFilter, _ *model.StudentOrder, first *int, _ *string, last *int, _ *string) int {
		return rows(child, first, last)
	}
	c.Query.Groups = func(child int, _ *string, _ *model.GroupFilter, _ *model.GroupOrder, first *int, _ *string, last *int, _ *string) int {
		return rows(child, first, last)
	}
	c.Query.BulkJobs = func(child int, _ *string, first *int, _ *string) int { return rows(child, first, nil) }
	c.Query.Nodes = func(child int, ids []string) int { return 1 + child*max(1, len(ids)) }
	c.Query.UsageReport = func(child int, _ string, _ model.UsagePeriod, _, _ *calendar.Day, _, _ []string) int {
		return 100 + child*10
	}
	c.Group.Students = func(child int, first *int, _ *string, last *int, _ *string) int { return rows(child, first, last) }
	c.BulkJob.Changes = func(child int, first *int, _ *string) int { return rows(child, first, nil) }
	c.BulkJob.Problems = func(child int, first *int, _ *string, _ *model.ProblemSeverity) int {
		return rows(child, first, nil)
	}
	return c
}
