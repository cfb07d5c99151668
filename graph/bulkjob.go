package graph

import (
	"context"
	"slices"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/ent/db/bulkjobproblem"
	"github.com/openhomeroom/homeroom/graph/loader"
	"github.com/openhomeroom/homeroom/graph/model"
	"github.com/openhomeroom/homeroom/graph/selection"
	"github.com/openhomeroom/homeroom/graph/trail"
	"github.com/openhomeroom/homeroom/internal/globalid"
	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/job/absence"
	"github.com/openhomeroom/homeroom/internal/job/catalog"
	"github.com/openhomeroom/homeroom/internal/job/columns"
	"github.com/openhomeroom/homeroom/internal/job/newgroup"
	"github.com/openhomeroom/homeroom/internal/job/reader"
	"github.com/openhomeroom/homeroom/internal/page"
)

func (r queryResolver) BulkJob(ctx context.Context, id string) (*model.BulkJob, error) {
	k, ok := globalid.Key(globalid.BulkJob, id)
	if !ok {
		return nil, nil
	}
	job, err := loader.From(ctx).BulkJobByID.Load(ctx, k)
	return toBulkJob(job), err
}

func (r queryResolver) BulkJobs(ctx context.Context, organizationID *string, filter *model.BulkJobFilter, first *int,
	after *string, last *int, before *string) (*model.BulkJobConnection, error) {
	organization, err := optionalKey(globalid.Organization, organizationID, "organizationId")
	if err != nil {
		return nil, err
	}
	var f reader.JobFilter
	if filter != nil {
		f.Statuses = all(filter.Statuses, func(s model.BulkJobStatus) bulkjob.Status { return bulkjob.Status(s) })
		f.Kinds = all(filter.Kinds, func(k model.BulkJobKind) bulkjob.Kind { return bulkjob.Kind(k) })
	}
	list, err := r.Importer.Jobs(ctx, organization, f)
	if err != nil {
		return nil, err
	}
	p, err := list.Page(ctx, page.Args{First: first, After: after, Last: last, Before: before})
	if err != nil {
		return nil, err
	}
	if err := primeJobs(ctx, p.Items, "nodes", "edges.node"); err != nil {
		return nil, err
	}
	c := &model.BulkJobConnection{List: list, Nodes: all(p.Items, toBulkJob), PageInfo: toPageInfo(p)}
	c.Edges = edges(p.Cursors, c.Nodes, func(cursor string, j *model.BulkJob) *model.BulkJobEdge {
		return &model.BulkJobEdge{Cursor: cursor, Node: j}
	})
	return c, nil
}

// primeJobs is primeStudents for jobs.
func primeJobs(ctx context.Context, list []*db.BulkJob, prefixes ...string) error {
	if len(list) == 0 {
		return nil
	}
	l := loader.From(ctx)
	ids := all(list, func(j *db.BulkJob) int { return j.ID })
	for i, j := range list {
		l.BulkJobByID.Set(ids[i], j)
	}
	if selection.Has(ctx, selection.Under(prefixes, "organization")...) {
		if err := l.SchoolByID.Prime(ctx, all(list, func(j *db.BulkJob) int { return j.OrganizationID })); err != nil {
			return err
		}
	}
	if selection.Has(ctx, selection.Under(prefixes, "failedRowsCsvUrl")...) {
		if err := l.FailedRowsByJob.Prime(ctx, ids); err != nil {
			return err
		}
	}
	if selection.Has(ctx, selection.Under(prefixes, "submittedBy")...) {
		if err := l.SubmitterByID.Prime(ctx, all(list, func(j *db.BulkJob) int { return j.SubmittedBy })); err != nil {
			return err
		}
	}
	if selection.Has(ctx, selection.Under(prefixes, "progress")...) {
		if err := l.ProgressByJob.Prime(ctx, list); err != nil {
			return err
		}
	}
	return primeWaiting(ctx, list, prefixes)
}

// primeWaiting is primeJobs for the jobs that those of a list wait for.
func primeWaiting(ctx context.Context, list []*db.BulkJob, prefixes []string) error {
	l := loader.From(ctx)
	first := selection.Has(ctx, selection.Under(prefixes, "waitingFor")...)
	if first || selection.Has(ctx, selection.Under(prefixes, "waiting")...) {
		if err := l.WaitingByJob.Prime(ctx, list); err != nil {
			return err
		}
	}
	if !first {
		return nil
	}
	var ids []int
	for _, j := range list {
		id, err := l.WaitingByJob.Load(ctx, j)
		if err != nil {
			return err
		}
		if id != 0 {
			ids = append(ids, id)
		}
	}
	if err := l.BulkJobByID.Prime(ctx, ids); err != nil {
		return err
	}
	var seen []*db.BulkJob
	for _, id := range ids {
		if j, err := l.BulkJobByID.Load(ctx, id); err != nil {
			return err
		} else if j != nil && !slices.Contains(seen, j) {
			seen = append(seen, j)
		}
	}
	return primeJobs(ctx, seen, selection.Under(prefixes, "waitingFor")...)
}

func toBulkJob(j *db.BulkJob) *model.BulkJob {
	if j == nil {
		return nil
	}
	m := &model.BulkJob{
		ID:          globalid.Encode(globalid.BulkJob, j.ID),
		Kind:        model.BulkJobKind(j.Kind),
		Status:      model.BulkJobStatus(j.Status),
		GroupsMode:  model.GroupsMode(j.GroupsMode),
		CommitMode:  model.CommitMode(j.CommitMode),
		Missing:     model.StudentRemoval(j.Missing),
		Leavers:     model.StudentRemoval(j.Leavers),
		MissingRows: j.MissingRows,

		CreateMissingGroups: j.CreateMissingGroups,
		Counts: &model.BulkJobCounts{
			Created:            j.Created,
			Updated:            j.Updated,
			Unchanged:          j.Unchanged,
			Deleted:            j.Deleted,
			EnrollmentsAdded:   j.EnrollmentsAdded,
			EnrollmentsRemoved: j.EnrollmentsRemoved,
			Warnings:           j.Warnings,
			Errors:             j.Errors,
		},
		PreviewVersion: jobs.PreviewVersion(j),
		CreatedAt:      j.CreatedAt,
		StartedAt:      j.StartedAt,
		FinishedAt:     j.FinishedAt,
		Entity:         j,
	}
	if news, err := newgroup.Of(j); err == nil {
		m.NewGroupCount = len(news.Named())
	}
	if j.HeldFor != nil && j.Status == bulkjob.StatusHELD {
		m.HeldFor = (*model.BulkJobHold)(j.HeldFor)
	}
	if j.FileName != "" {
		m.FileName = &j.FileName
	}
	if j.Encoding != "" {
		m.Detected = &model.DetectedFile{Entity: j, Encoding: j.Encoding, Delimiter: j.Delimiter, LineEnding: j.LineEnding,
			Headers: all(j.Headers, same), IgnoredHeaders: all(j.IgnoredHeaders, same), Rows: absence.FileRows(j)}
	}
	return m
}

func same(s string) string { return s }

func (r detectedFileResolver) Columns(_ context.Context, f *model.DetectedFile) ([]*model.HeaderReading, error) {
	choices, err := columns.Of(f.Entity)
	if err != nil {
		return nil, err
	}
	return toReadings(catalog.Files().Readings(f.Entity.Kind, f.Entity.Headers, choices, nil)), nil
}

func (r bulkJobResolver) Progress(ctx context.Context, j *model.BulkJob) (*model.BulkJobProgress, error) {
	p, err := loader.From(ctx).ProgressByJob.Load(ctx, j.Entity)
	if err != nil {
		return nil, err
	}
	m := &model.BulkJobProgress{ProcessedRows: p.ProcessedRows, TotalRows: p.TotalRows, Percent: p.Percent,
		HashedPasswords: p.HashedPasswords, TotalPasswords: p.TotalPasswords}
	if p.Phase != "" {
		m.Phase = (*model.BulkJobPhase)(&p.Phase)
	}
	return m, nil
}

func (r bulkJobResolver) Waiting(ctx context.Context, j *model.BulkJob) (bool, error) {
	first, err := loader.From(ctx).WaitingByJob.Load(ctx, j.Entity)
	return first != 0, err
}

// WaitingFor is null if the viewer does not see the job that comes first.
func (r bulkJobResolver) WaitingFor(ctx context.Context, j *model.BulkJob) (*model.BulkJob, error) {
	first, err := loader.From(ctx).WaitingByJob.Load(ctx, j.Entity)
	if err != nil || first == 0 {
		return nil, err
	}
	job, err := loader.From(ctx).BulkJobByID.Load(ctx, first)
	return toBulkJob(job), err
}

func (r bulkJobResolver) Organization(ctx context.Context, j *model.BulkJob) (*model.Organization, error) {
	return schoolByID(ctx, j.Entity.OrganizationID)
}

// SubmittedBy names the submitter to everybody who sees the job, even a district
// administrator whom the viewer does not see otherwise.
func (r bulkJobResolver) SubmittedBy(ctx context.Context, j *model.BulkJob) (*model.Educator, error) {
	e, err := loader.From(ctx).SubmitterByID.Load(ctx, j.Entity.SubmittedBy)
	return toEducator(e), err
}

func (r bulkJobResolver) FailedRowsCSVURL(ctx context.Context, j *model.BulkJob) (*string, error) {
	has, err := loader.From(ctx).FailedRowsByJob.Load(ctx, j.Entity.ID)
	if err != nil || !has {
		return nil, err
	}
	url := r.Downloads.FailedRowsURL(ctx, j.Entity)
	return &url, nil
}

func (r bulkJobResolver) Changes(ctx context.Context, j *model.BulkJob, first *int,
	after *string) (*model.BulkJobChangeConnection, error) {
	p, err := r.Importer.Changes(ctx, j.Entity.ID, first, after)
	if err != nil {
		return nil, err
	}
	if selection.Has(ctx, "nodes.student", "edges.node.student") {
		var ids []int
		for _, c := range p.Items {
			if c.StudentID != 0 {
				ids = append(ids, c.StudentID)
			}
		}
		if err := loader.From(ctx).StudentByID.Prime(ctx, ids); err != nil {
			return nil, err
		}
	}
	trail.NoteRead(ctx, trail.Reading{List: "changes", Students: len(p.Items), Organization: j.Entity.OrganizationID})
	nodes := all(p.Items, toChange)
	return &model.BulkJobChangeConnection{JobID: j.Entity.ID, Nodes: nodes, PageInfo: toPageInfo(p),
		Edges: edges(p.Cursors, nodes, func(cursor string, c *model.BulkJobChange) *model.BulkJobChangeEdge {
			return &model.BulkJobChangeEdge{Cursor: cursor, Node: c}
		})}, nil
}

func toChange(c reader.RowChange) *model.BulkJobChange {
	return &model.BulkJobChange{
		Row:       c.Row,
		Label:     c.Label,
		Field:     c.Field,
		Before:    c.Before,
		After:     c.After,
		StudentID: c.StudentID,
	}
}

func (r bulkJobResolver) Problems(ctx context.Context, j *model.BulkJob, first *int, after *string,
	severity *model.ProblemSeverity) (*model.BulkJobProblemConnection, error) {
	p, err := r.Importer.Problems(ctx, j.Entity.ID, first, after, (*bulkjobproblem.Severity)(severity))
	if err != nil {
		return nil, err
	}
	trail.NoteRead(ctx, trail.Reading{List: "problems", Students: len(p.Items), Organization: j.Entity.OrganizationID})
	if err := primeCandidates(ctx, p.Items, "nodes", "edges.node"); err != nil {
		return nil, err
	}
	nodes := all(p.Items, toProblem)
	return &model.BulkJobProblemConnection{JobID: j.Entity.ID, Severity: severity, Nodes: nodes, PageInfo: toPageInfo(p),
		Edges: edges(p.Cursors, nodes, func(cursor string, p *model.BulkJobProblem) *model.BulkJobProblemEdge {
			return &model.BulkJobProblemEdge{Cursor: cursor, Node: p}
		})}, nil
}

// optional is nil for a text that is missing.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func toProblem(p *db.BulkJobProblem) *model.BulkJobProblem {
	return &model.BulkJobProblem{
		Row:          p.Row,
		Column:       optional(p.Column),
		Severity:     model.ProblemSeverity(p.Severity),
		Code:         p.Code,
		Value:        optional(p.Value),
		Message:      p.Message,
		Hint:         optional(p.Hint),
		CandidateIDs: p.Candidates,
	}
}

func (r bulkJobConnectionResolver) TotalCount(ctx context.Context, c *model.BulkJobConnection) (int, error) {
	return c.List.Count(ctx)
}

func (r bulkJobChangeConnectionResolver) TotalCount(ctx context.Context,
	c *model.BulkJobChangeConnection) (int, error) {
	return r.Importer.CountChanges(ctx, c.JobID)
}

func (r bulkJobProblemConnectionResolver) TotalCount(ctx context.Context,
	c *model.BulkJobProblemConnection) (int, error) {
	return r.Importer.CountProblems(ctx, c.JobID, (*bulkjobproblem.Severity)(c.Severity))
}

func (r mutationResolver) SubmitBulkImport(ctx context.Context,
	in model.SubmitBulkImportInput) (*model.BulkJobPayload, error) {
	job, err := r.submit(ctx, in)
	refusals, err := userErrors(ctx, err)
	return &model.BulkJobPayload{Job: toBulkJob(job), UserErrors: refusals}, err
}

func (r mutationResolver) submit(ctx context.Context, in model.SubmitBulkImportInput) (*db.BulkJob, error) {
	organization, err := key(globalid.Organization, in.OrganizationID, "organizationId")
	if err != nil {
		return nil, err
	}
	return r.Importer.Submit(ctx, in.Submission(organization))
}
