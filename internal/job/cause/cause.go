// Package cause groups the problems of a job by what causes them. A cause is a severity, a
// code, a column and a value. The database does the grouping, and only the groups that are
// shown are read.
package cause

import (
	"cmp"
	"context"
	"slices"

	"entgo.io/ent/dialect/sql"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjobproblem"
	"github.com/openhomeroom/homeroom/ent/db/predicate"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/job/vault"
)

// Most is how many groups are read at most.
const Most = 100

const (
	// manyValues is how many values a code and a column have at most, each in a group of
	// its own.
	manyValues = 10
	// firstRows is how many rows of a group are named.
	firstRows = 5
	// usual is how many groups are read if nobody says how many.
	usual = 20
	// mostColumns is how many pairs of a code and a column are looked at, the most frequent
	// ones.
	mostColumns = 2 * Most
)

// Group is some problems with one cause.
type Group struct {
	Severity     bulkjobproblem.Severity
	Code, Column string
	// Value is that of all problems of the group; it is empty if there are several values or
	// none. Values is how many there are.
	Value  string
	Values int
	// Count is how many problems there are, and Rows are the rows of the first ones, each once: a
	// row with several values in a cell has several problems.
	Count int
	Rows  []int
	// Message and Hint are those of the first row.
	Message, Hint string

	// cause is that of all problems; nil if the group is all that a code and a column have.
	cause *string
}

// Problems are the problems of a job that a viewer sees.
type Problems struct {
	Vault *vault.Vault
	JobID int
	// Query returns a new query for the problems.
	Query func() *db.BulkJobProblemQuery
}

// Groups returns the largest groups, the largest one first; limit is nil for the usual
// number. It returns fault.Invalid for a limit that is none.
func (p Problems) Groups(ctx context.Context, limit *int) ([]Group, error) {
	n := usual
	if limit != nil {
		n = *limit
	}
	if n < 0 || n > Most {
		return nil, fault.Invalidf("a list of groups can have 0 to %d of them, not %d", Most, n).At("first")
	}
	if n == 0 {
		return nil, nil
	}
	groups, err := p.count(ctx, n)
	if err != nil {
		return nil, err
	}
	for i := range groups {
		if err := p.word(ctx, &groups[i]); err != nil {
			return nil, err
		}
	}
	return groups, nil
}

// counted is a line of the statements that count.
type counted struct {
	Severity bulkjobproblem.Severity `json:"severity"`
	Code     string                  `json:"code"`
	Column   string                  `json:"column"`
	Cause    string                  `json:"cause"`
	Count    int                     `json:"count"`
	Causes   int                     `json:"causes"`
	First    int                     `json:"first"`
	part     bool
}

// compare puts more problems first, then those of earlier rows.
func compare(a, b counted) int {
	return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.First, b.First), cmp.Compare(a.Code, b.Code),
		cmp.Compare(a.Column, b.Column), cmp.Compare(a.Cause, b.Cause))
}

// largest are the first of some lines.
func largest(lines []counted, n int) []counted {
	slices.SortFunc(lines, compare)
	return lines[:min(n, len(lines))]
}

// count counts the n largest groups.
func (p Problems) count(ctx context.Context, n int) ([]Group, error) {
	var lines []counted
	err := p.Query().GroupBy(bulkjobproblem.FieldSeverity, bulkjobproblem.FieldCode, bulkjobproblem.FieldColumn).
		Aggregate(db.As(db.Count(), "count"), causes, db.As(db.Min(bulkjobproblem.FieldRow), "first")).
		Scan(ctx, &lines)
	if err != nil {
		return nil, err
	}
	var groups []counted
	var divided []predicate.BulkJobProblem
	for _, l := range largest(lines, mostColumns) {
		if l.Causes < 2 || l.Causes > manyValues {
			groups = append(groups, l)
			continue
		}
		divided = append(divided, l.where())
	}
	if len(divided) > 0 {
		var parts []counted
		err := p.Query().Where(bulkjobproblem.Or(divided...)).
			GroupBy(bulkjobproblem.FieldSeverity, bulkjobproblem.FieldCode, bulkjobproblem.FieldColumn,
				bulkjobproblem.FieldCause).
			Aggregate(db.As(db.Count(), "count"), causes, db.As(db.Min(bulkjobproblem.FieldRow), "first")).
			Scan(ctx, &parts)
		if err != nil {
			return nil, err
		}
		for i := range parts {
			parts[i].part = true
		}
		groups = append(groups, parts...)
	}
	var result []Group
	for _, l := range largest(groups, n) {
		g := Group{Severity: l.Severity, Code: l.Code, Column: l.Column, Count: l.Count, Values: l.Causes}
		if l.part {
			g.cause = &l.Cause
		}
		result = append(result, g)
	}
	return result, nil
}

// causes counts different causes.
func causes(s *sql.Selector) string {
	return sql.As(sql.Count(sql.Distinct(s.C(bulkjobproblem.FieldCause))), "causes")
}

func (l counted) where() predicate.BulkJobProblem {
	return bulkjobproblem.And(bulkjobproblem.SeverityEQ(l.Severity), bulkjobproblem.Code(l.Code),
		bulkjobproblem.Column(l.Column))
}

// word reads what the first problems of a group say.
func (p Problems) word(ctx context.Context, g *Group) error {
	q := p.Query().Where(counted{Severity: g.Severity, Code: g.Code, Column: g.Column}.where())
	if g.cause != nil {
		q.Where(bulkjobproblem.Cause(*g.cause))
	}
	first, err := p.Vault.ReadProblems(ctx, p.JobID,
		q.Order(db.Asc(bulkjobproblem.FieldRow, bulkjobproblem.FieldID)).Limit(firstRows))
	if err != nil || len(first) == 0 {
		return err
	}
	for _, problem := range first {
		if !slices.Contains(g.Rows, problem.Row) {
			g.Rows = append(g.Rows, problem.Row)
		}
	}
	g.Message, g.Hint = first[0].Message, first[0].Hint
	switch cause := first[0].Cause; {
	case g.Values > 1:
	case cause == "" || cause == vault.ErasedCause:
		g.Values = 0
	default:
		g.Value = first[0].Value
	}
	return nil
}
