package job

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/bulkjobproblem"
	"github.com/openhomeroom/homeroom/ent/db/bulkjobrow"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/ent/db/predicate"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/vault"
	"github.com/openhomeroom/homeroom/internal/page"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// Job returns a job that the viewer sees: the viewer's own jobs, and those of
// organizations that the viewer administers.
func (s *Service) Job(ctx context.Context, id int) (*db.BulkJob, error) {
	job, err := s.db.Client(ctx).BulkJob.Query().Where(bulkjob.ID(id), vault.IsWhole()).Only(ctx)
	if db.IsNotFound(err) {
		return nil, ErrNoJob
	}
	return job, err
}

// JobList is a list of jobs before a page of it is read, the latest first.
type JobList struct {
	service *Service
	where   []predicate.BulkJob
}

// Jobs returns the jobs that the viewer sees, or those of one organization and the schools
// below it; organizationID 0 stands for all.
func (s *Service) Jobs(ctx context.Context, organizationID int) (*JobList, error) {
	l := &JobList{service: s, where: []predicate.BulkJob{vault.IsWhole()}}
	if organizationID == 0 {
		return l, nil
	}
	o, err := s.db.Client(ctx).Organization.Get(ctx, organizationID)
	switch {
	case db.IsNotFound(err):
		return nil, roster.ErrNoOrganization.At("organizationId")
	case err != nil:
		return nil, err
	case o.Type == organization.TypeDISTRICT:
		l.where = append(l.where, bulkjob.DistrictID(o.ID))
	default:
		l.where = append(l.where, bulkjob.OrganizationID(o.ID))
	}
	return l, nil
}

// Page reads one page.
func (l *JobList) Page(ctx context.Context, args page.Args) (page.Result[*db.BulkJob], error) {
	q, err := page.Parse(args, page.Order{Name: "LATEST", Column: bulkjob.FieldID, Desc: true})
	if err != nil {
		return page.Result[*db.BulkJob]{}, err
	}
	jobs, err := l.service.db.Client(ctx).BulkJob.Query().Where(l.where...).Where(q.Select).All(ctx)
	if err != nil {
		return page.Result[*db.BulkJob]{}, err
	}
	return page.NewResult(q, jobs, func(j *db.BulkJob) (page.Value, int) { return nil, j.ID }), nil
}

// Count counts the list.
func (l *JobList) Count(ctx context.Context) (int, error) {
	return l.service.db.Client(ctx).BulkJob.Query().Where(l.where...).Count(ctx)
}

// Problems reads a page of the problems of a job, by row; severity is nil for all.
func (s *Service) Problems(ctx context.Context, jobID int, first *int, after *string,
	severity *bulkjobproblem.Severity) (page.Result[*db.BulkJobProblem], error) {
	q, err := page.Parse(page.Args{First: first, After: after}, page.Order{Name: "ROW", Column: bulkjobproblem.FieldRow})
	if err != nil {
		return page.Result[*db.BulkJobProblem]{}, err
	}
	problems, err := s.vault.ReadProblems(ctx, jobID, s.reading.problems(ctx, jobID, severity).Where(q.Select))
	if err != nil {
		return page.Result[*db.BulkJobProblem]{}, err
	}
	return page.NewResult(q, problems, func(p *db.BulkJobProblem) (page.Value, int) { return p.Row, p.ID }), nil
}

// CountProblems counts the problems of a job; severity is nil for all.
func (s *Service) CountProblems(ctx context.Context, jobID int, severity *bulkjobproblem.Severity) (int, error) {
	return s.reading.problems(ctx, jobID, severity).Count(ctx)
}

func (s reading) problems(ctx context.Context, jobID int, severity *bulkjobproblem.Severity) *db.BulkJobProblemQuery {
	q := s.db.Client(ctx).BulkJobProblem.Query().Where(bulkjobproblem.JobID(jobID))
	if severity != nil {
		q.Where(bulkjobproblem.SeverityEQ(*severity))
	}
	return q
}

// RowChange is one field that one row of a file changes. Before is nil for something that
// is created, After for something that is emptied.
type RowChange struct {
	Row int
	// StudentID is the student; 0 if the row is about something else, or if the student
	// does not exist yet.
	StudentID int
	// Label says whom or what the row is about: Ada Lovelace (00123).
	Label string
	row.Change
}

// Changes reads a page of what a job will change or has changed, in the order of
// the file. Rows that were refused in the end are not among them.
func (s *Service) Changes(ctx context.Context, jobID int, first *int, after *string) (page.Result[RowChange], error) {
	var result page.Result[RowChange]
	q, err := page.Parse(page.Args{First: first}, page.Order{Name: "CHANGE", Column: bulkjobrow.FieldRow})
	if err != nil {
		return result, err
	}
	from, err := parsePlace(after)
	if err != nil {
		return result, err
	}
	// A row with a plan changes something, so a page never needs more rows.
	rows, err := s.db.Client(ctx).BulkJobRow.Query().
		Where(bulkjobrow.JobID(jobID), bulkjobrow.RowGTE(from.Row), bulkjobrow.StateNEQ(row.StateRefused)).
		Order(db.Asc(bulkjobrow.FieldRow)).Limit(q.Limit() + 2).All(ctx)
	if err != nil {
		return result, err
	}
	for _, stored := range rows {
		p, err := row.ReadPlan(stored.Plan)
		if err != nil {
			return result, fmt.Errorf("plan of row %d of job %d: %w", stored.Row, jobID, err)
		}
		for i, c := range p.Changes {
			at := place{stored.Row, i + 1}
			switch {
			case at.Row == from.Row && at.Index <= from.Index:
				continue
			case len(result.Items) == q.Limit():
				result.HasNextPage = true
				result.HasPrevious = after != nil
				return result, nil
			}
			change := RowChange{Row: stored.Row, Label: stored.Label, Change: c}
			if p.AboutStudent() {
				change.StudentID = stored.TargetID
			}
			result.Items = append(result.Items, change)
			result.Cursors = append(result.Cursors, at.cursor())
		}
	}
	result.HasPrevious = after != nil
	return result, nil
}

// CountChanges counts what Changes lists.
func (s *Service) CountChanges(ctx context.Context, jobID int) (int, error) {
	var sums []struct {
		Sum *int `json:"sum"`
	}
	err := s.db.Client(ctx).BulkJobRow.Query().Where(bulkjobrow.JobID(jobID), bulkjobrow.StateNEQ(row.StateRefused)).
		Aggregate(db.As(db.Sum(bulkjobrow.FieldChangeCount), "sum")).Scan(ctx, &sums)
	if err != nil || len(sums) == 0 || sums[0].Sum == nil {
		return 0, err
	}
	return *sums[0].Sum, nil
}

// place is the position of a change: a row and, from 1, one of its fields. It stays
// the same whatever is read in between.
type place struct {
	Row   int `json:"r"`
	Index int `json:"i"`
}

func (p place) cursor() string {
	text, _ := json.Marshal(p)
	return base64.RawURLEncoding.EncodeToString(text)
}

func parsePlace(cursor *string) (place, error) {
	var p place
	if cursor == nil {
		return p, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(*cursor)
	if err == nil {
		err = json.Unmarshal(text, &p)
	}
	if err != nil || p.Row < 1 || p.Index < 1 {
		return p, fault.Invalidf("the cursor does not come from this list").WithCode("BAD_CURSOR").At("after")
	}
	return p, nil
}

// JobsByID returns the jobs with the given keys that the viewer sees.
func (s *Service) JobsByID(ctx context.Context, ids []int) ([]*db.BulkJob, error) {
	return s.db.Client(ctx).BulkJob.Query().Where(bulkjob.IDIn(ids...), vault.IsWhole()).All(ctx)
}
