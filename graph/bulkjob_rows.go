package graph

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjobproblem"
	"github.com/openhomeroom/homeroom/graph/loader"
	"github.com/openhomeroom/homeroom/graph/model"
	"github.com/openhomeroom/homeroom/graph/selection"
	"github.com/openhomeroom/homeroom/graph/trail"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/globalid"
	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/job/cause"
	"github.com/openhomeroom/homeroom/internal/job/newgroup"
	"github.com/openhomeroom/homeroom/internal/job/reader"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/page"
	"github.com/openhomeroom/homeroom/internal/roster"
)

func (r bulkJobChangeResolver) Student(ctx context.Context, c *model.BulkJobChange) (*model.Student, error) {
	return targetOf(ctx, c.StudentID)
}

func (r bulkJobChangedRowResolver) Student(ctx context.Context, c *model.BulkJobChangedRow) (*model.Student, error) {
	return targetOf(ctx, c.StudentID)
}

// targetOf is the student whom a row changes; nil if there is none or if the viewer does
// not see the student.
func targetOf(ctx context.Context, id int) (*model.Student, error) {
	if id == 0 {
		return nil, nil
	}
	s, err := loader.From(ctx).StudentByID.Load(ctx, id)
	return toStudent(s), err
}

func (r bulkJobResolver) ChangedRows(ctx context.Context, j *model.BulkJob, first *int,
	after *string) (*model.BulkJobChangedRowConnection, error) {
	p, err := r.Importer.ChangedRows(ctx, j.Entity.ID, first, after)
	if err != nil {
		return nil, err
	}
	if selection.Has(ctx, "nodes.student", "edges.node.student", "nodes.changes.student", "edges.node.changes.student") {
		var ids []int
		for _, row := range p.Items {
			if row.StudentID != 0 {
				ids = append(ids, row.StudentID)
			}
		}
		if err := loader.From(ctx).StudentByID.Prime(ctx, ids); err != nil {
			return nil, err
		}
	}
	trail.NoteRead(ctx, trail.Reading{List: "changedRows", Students: len(p.Items), Organization: j.Entity.OrganizationID})
	nodes := all(p.Items, func(row reader.ChangedRow) *model.BulkJobChangedRow {
		return &model.BulkJobChangedRow{Row: row.Row, Label: row.Label, StudentID: row.StudentID,
			Changes: all(row.Changes, toChange)}
	})
	return &model.BulkJobChangedRowConnection{JobID: j.Entity.ID, Nodes: nodes, PageInfo: toPageInfo(p),
		Edges: edges(p.Cursors, nodes, func(cursor string, row *model.BulkJobChangedRow) *model.BulkJobChangedRowEdge {
			return &model.BulkJobChangedRowEdge{Cursor: cursor, Node: row}
		})}, nil
}

func (r bulkJobChangedRowConnectionResolver) TotalCount(ctx context.Context,
	c *model.BulkJobChangedRowConnection) (int, error) {
	return r.Importer.CountChangedRows(ctx, c.JobID)
}

func (r bulkJobResolver) MissingStudents(ctx context.Context, j *model.BulkJob, first *int,
	after *string) (*model.StudentConnection, error) {
	if !roster.KnowsWhoIsIn(j.Entity) {
		return nil, nil
	}
	list, err := r.Roster.Students(ctx, j.Entity.OrganizationID, roster.StudentFilter{NotInJob: j.Entity.ID})
	if err != nil {
		return nil, err
	}
	byName := model.StudentOrder{Field: model.StudentOrderFieldName, Direction: model.SortDirectionAsc}
	return studentPage(ctx, list, page.Args{First: first, After: after}, byName,
		trail.Reading{List: "missingStudents", Organization: j.Entity.OrganizationID})
}

// MissingStudentsCSVURL is null for people who may not export the students.
func (r bulkJobResolver) MissingStudentsCSVURL(ctx context.Context, j *model.BulkJob) (*string, error) {
	if !roster.KnowsWhoIsIn(j.Entity) {
		return nil, nil
	}
	url, err := r.Downloads.StudentsURL(ctx, j.Entity.OrganizationID, roster.StudentFilter{NotInJob: j.Entity.ID})
	if kind := fault.KindOf(err); kind == fault.Forbidden || kind == fault.NotFound {
		return nil, nil
	}
	return &url, err
}

func (r bulkJobResolver) ProblemGroups(ctx context.Context, j *model.BulkJob, first *int,
	severity *model.ProblemSeverity) ([]*model.BulkJobProblemGroup, error) {
	groups, err := r.Importer.ProblemGroups(ctx, j.Entity.ID, first, (*bulkjobproblem.Severity)(severity))
	if err != nil {
		return nil, err
	}
	trail.NoteRead(ctx, trail.Reading{List: "problemGroups", Students: len(groups), Organization: j.Entity.OrganizationID})
	return all(groups, func(g cause.Group) *model.BulkJobProblemGroup {
		return &model.BulkJobProblemGroup{
			Severity:   model.ProblemSeverity(g.Severity),
			Code:       g.Code,
			Column:     optional(g.Column),
			Value:      optional(g.Value),
			ValueCount: g.Values,
			Count:      g.Count,
			Rows:       all(g.Rows, func(n int) int { return n }),
			Message:    g.Message,
			Hint:       optional(g.Hint),
		}
	}), nil
}

func (r bulkJobResolver) NewGroups(_ context.Context, j *model.BulkJob, first *int) ([]*model.BulkJobNewGroup, error) {
	list, err := newgroup.Of(j.Entity)
	if err == nil {
		list, err = list.First(first)
	}
	return model.NewGroups(list), err
}

func (r bulkJobNewGroupResolver) Organization(ctx context.Context,
	g *model.BulkJobNewGroup) (*model.Organization, error) {
	return organizationByID(ctx, g.OrganizationID)
}

func (r bulkJobResolver) RefusedRows(ctx context.Context, j *model.BulkJob, first *int,
	after *string) (*model.BulkJobRefusedRowConnection, error) {
	p, err := r.Importer.RefusedRows(ctx, j.Entity.ID, first, after)
	if err != nil {
		return nil, err
	}
	trail.NoteRead(ctx, trail.Reading{List: "refusedRows", Students: len(p.Items), Organization: j.Entity.OrganizationID})
	var problems []*db.BulkJobProblem
	for _, row := range p.Items {
		problems = append(problems, row.Problems...)
	}
	if err := primeCandidates(ctx, problems, "nodes.problems", "edges.node.problems"); err != nil {
		return nil, err
	}
	nodes := all(p.Items, func(row reader.RefusedRow) *model.BulkJobRefusedRow {
		return &model.BulkJobRefusedRow{
			Row:      row.Row,
			Problems: all(row.Problems, toProblem),
			Cells: all(row.Cells, func(c sheet.Cell) *model.BulkJobCell {
				return &model.BulkJobCell{Header: c.Column, Value: c.Value}
			}),
		}
	})
	return &model.BulkJobRefusedRowConnection{JobID: j.Entity.ID, Nodes: nodes, PageInfo: toPageInfo(p),
		Edges: edges(p.Cursors, nodes, func(cursor string, row *model.BulkJobRefusedRow) *model.BulkJobRefusedRowEdge {
			return &model.BulkJobRefusedRowEdge{Cursor: cursor, Node: row}
		})}, nil
}

func (r bulkJobRefusedRowConnectionResolver) TotalCount(ctx context.Context,
	c *model.BulkJobRefusedRowConnection) (int, error) {
	return r.Importer.CountRefusedRows(ctx, c.JobID)
}

// primeCandidates reads the candidates of a page of problems at once.
func primeCandidates(ctx context.Context, problems []*db.BulkJobProblem, prefixes ...string) error {
	if !selection.Has(ctx, selection.Under(prefixes, "candidates")...) {
		return nil
	}
	var ids []int
	for _, p := range problems {
		ids = append(ids, p.Candidates...)
	}
	return loader.From(ctx).StudentByID.Prime(ctx, ids)
}

// Candidates are those whom the viewer sees.
func (r bulkJobProblemResolver) Candidates(ctx context.Context, p *model.BulkJobProblem) ([]*model.Student, error) {
	students := []*model.Student{}
	for _, id := range p.CandidateIDs {
		s, err := loader.From(ctx).StudentByID.Load(ctx, id)
		if err != nil {
			return nil, err
		}
		if s != nil {
			students = append(students, toStudent(s))
		}
	}
	return students, nil
}

func (r mutationResolver) CorrectBulkJobRow(ctx context.Context,
	in model.CorrectBulkJobRowInput) (*model.CorrectBulkJobRowPayload, error) {
	result := &jobs.Corrected{}
	id, err := key(globalid.BulkJob, in.JobID, "jobId")
	if err == nil {
		c := jobs.Correction{JobID: id, Row: in.Row}
		for _, v := range in.Values {
			c.Values = append(c.Values, sheet.Cell{Column: v.Column, Value: v.Value})
		}
		var done *jobs.Corrected
		if done, err = r.Importer.Correct(ctx, c); err == nil {
			result = done
		}
	}
	refusals, err := userErrors(ctx, err)
	return &model.CorrectBulkJobRowPayload{
		Job:        toBulkJob(result.Job),
		Problems:   all(result.Problems, toProblem),
		UserErrors: refusals,
		Changes:    all(result.Changes, toChange),
	}, err
}
