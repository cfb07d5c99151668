package reader

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjobproblem"
	"github.com/openhomeroom/homeroom/internal/job/cause"
	"github.com/openhomeroom/homeroom/internal/page"
)

// Problems reads a page of the problems of a job, by row; severity is nil for all.
func (r *Reader) Problems(ctx context.Context, jobID int, first *int, after *string,
	severity *bulkjobproblem.Severity) (page.Result[*db.BulkJobProblem], error) {
	q, err := page.Parse(page.Args{First: first, After: after}, page.Order{Name: "ROW", Column: bulkjobproblem.FieldRow})
	if err != nil {
		return page.Result[*db.BulkJobProblem]{}, err
	}
	problems, err := r.vault.ReadProblems(ctx, jobID, r.problems(ctx, jobID, severity).Where(q.Select))
	if err != nil {
		return page.Result[*db.BulkJobProblem]{}, err
	}
	return page.NewResult(q, problems, func(p *db.BulkJobProblem) (page.Value, int) { return p.Row, p.ID }), nil
}

// CountProblems counts the problems of a job; severity is nil for all.
func (r *Reader) CountProblems(ctx context.Context, jobID int, severity *bulkjobproblem.Severity) (int, error) {
	return r.problems(ctx, jobID, severity).Count(ctx)
}

// ProblemGroups groups the problems of a job by cause, the largest groups first; severity
// is nil for all, and limit for the usual number of groups.
func (r *Reader) ProblemGroups(ctx context.Context, jobID int, limit *int,
	severity *bulkjobproblem.Severity) ([]cause.Group, error) {
	p := cause.Problems{Vault: r.vault, JobID: jobID, Query: func() *db.BulkJobProblemQuery {
		return r.problems(ctx, jobID, severity)
	}}
	return p.Groups(ctx, limit)
}

// problems finds the problems of a job; severity is nil for all.
func (r *Reader) problems(ctx context.Context, jobID int, severity *bulkjobproblem.Severity) *db.BulkJobProblemQuery {
	q := r.db.Client(ctx).BulkJobProblem.Query().Where(bulkjobproblem.JobID(jobID))
	if severity != nil {
		q.Where(bulkjobproblem.SeverityEQ(*severity))
	}
	return q
}
