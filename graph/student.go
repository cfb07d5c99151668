package graph

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/graph/loader"
	"github.com/openhomeroom/homeroom/graph/model"
	"github.com/openhomeroom/homeroom/graph/selection"
	"github.com/openhomeroom/homeroom/graph/trail"
	"github.com/openhomeroom/homeroom/internal/calendar"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/grade"
	"github.com/openhomeroom/homeroom/internal/page"
	"github.com/openhomeroom/homeroom/internal/quote"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/usage"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

func (r queryResolver) Students(ctx context.Context, organizationID *string, filter *model.StudentFilter,
	orderBy *model.StudentOrder, first *int, after *string, last *int, before *string) (*model.StudentConnection, error) {
	organization, err := optionalKey(globalid.Organization, organizationID, "organizationId")
	if err != nil {
		return nil, err
	}
	f, err := toStudentFilter(filter)
	if err != nil {
		return nil, err
	}
	list, err := r.Roster.Students(ctx, organization, f)
	if err != nil {
		return nil, err
	}
	if orderBy == nil {
		orderBy = &model.StudentOrder{Field: model.StudentOrderFieldName, Direction: model.SortDirectionAsc}
	}
	read := trail.Reading{List: "students", Organization: organization, Filters: trail.FilterKinds(filter)}
	return studentPage(ctx, list, page.Args{First: first, After: after, Last: last, Before: before}, *orderBy, read)
}

func (r queryResolver) StudentsCSVURL(ctx context.Context, organizationID string,
	filter *model.StudentFilter) (*string, error) {
	organization, err := key(globalid.Organization, organizationID, "organizationId")
	if err != nil {
		return nil, err
	}
	f, err := toStudentFilter(filter)
	if err != nil {
		return nil, err
	}
	return orNothing(r.Downloads.StudentsURL(ctx, organization, f))
}

// studentPage reads a page and what its selected fields need, and notes the read for the
// audit trail.
func studentPage(ctx context.Context, list *roster.StudentList, args page.Args, order model.StudentOrder,
	read trail.Reading) (*model.StudentConnection, error) {
	c := &model.StudentConnection{List: list}
	if !selection.Has(ctx, "nodes", "edges", "pageInfo") {
		return c, nil
	}
	p, err := list.Page(ctx, args, string(order.Field), order.Direction == model.SortDirectionDesc)
	if err != nil {
		return nil, err
	}
	if err := primeStudents(ctx, p.Items, "nodes", "edges.node"); err != nil {
		return nil, err
	}
	read.Students = len(p.Items)
	trail.NoteRead(ctx, read)
	c.Nodes = all(p.Items, toStudent)
	c.Edges = edges(p.Cursors, c.Nodes, func(cursor string, s *model.Student) *model.StudentEdge {
		return &model.StudentEdge{Cursor: cursor, Node: s}
	})
	c.PageInfo = toPageInfo(p)
	return c, nil
}

func toStudentFilter(in *model.StudentFilter) (f roster.StudentFilter, err error) {
	if in == nil {
		return f, nil
	}
	if f.GroupIDs, err = keys(globalid.Group, in.GroupIds, "filter.groupIds"); err != nil {
		return f, err
	}
	if f.NotInJob, err = optionalKey(globalid.BulkJob, in.NotInJob, "filter.notInJob"); err != nil {
		return f, err
	}
	f.NoGroups = in.NoGroups != nil && *in.NoGroups
	f.Active, f.Synced, f.ProductCodes = in.Active, in.Synced, in.ProductCodes
	if in.Search != nil {
		f.Search = *in.Search
	}
	f.Grades, err = toGrades(in.Grades, "filter.grades")
	return f, err
}

func toGrades(in []string, field string) ([]grade.Grade, error) {
	var list []grade.Grade
	for i, text := range in {
		g, ok := grade.Parse(text)
		if !ok {
			return nil, fault.Invalidf("%s is not a grade; write %s", quote.Text(quote.Short(text)), grade.Wanted).
				WithCode("UNKNOWN_GRADE").At(field, i)
		}
		list = append(list, g)
	}
	return list, nil
}

func (r studentConnectionResolver) TotalCount(ctx context.Context, c *model.StudentConnection) (int, error) {
	return c.List.Count(ctx)
}

func (r studentResolver) Organization(ctx context.Context, s *model.Student) (*model.Organization, error) {
	return schoolByID(ctx, s.OrganizationID)
}

// ViewerCanEdit takes a statement only for a teacher, who may see students of nobody's
// groups.
func (r studentResolver) ViewerCanEdit(ctx context.Context, s *model.Student) (bool, error) {
	if viewer.FromContext(ctx).Administers(s.OrganizationID, s.DistrictID) {
		return true, nil
	}
	return loader.From(ctx).EditableStudents.Load(ctx, s.Key)
}

func (r studentResolver) UsageByWeek(ctx context.Context, s *model.Student, period model.UsagePeriod, from,
	to *calendar.Day) ([]*model.StudentUsageWeek, error) {
	list, err := loader.From(ctx).UsageByWeek.Load(ctx,
		loader.SpanOf(s.Key, s.OrganizationID, usage.Span{Period: usage.Period(period), From: from, To: to}))
	return all(list, func(w usage.StudentWeek) *model.StudentUsageWeek {
		return &model.StudentUsageWeek{WeekEnding: w.Ending, Minutes: w.Minutes}
	}), err
}

func (r studentResolver) Groups(ctx context.Context, s *model.Student) ([]*model.Group, error) {
	list, err := loader.From(ctx).GroupsByStudent.Load(ctx, s.Key)
	return all(list, toGroup), err
}

func (r mutationResolver) CreateStudent(ctx context.Context,
	in model.CreateStudentInput) (*model.CreateStudentPayload, error) {
	st, err := r.createStudent(ctx, in)
	refusals, err := userErrors(ctx, err)
	return &model.CreateStudentPayload{Student: toStudent(st), UserErrors: refusals}, err
}

func (r mutationResolver) createStudent(ctx context.Context, in model.CreateStudentInput) (*db.Student, error) {
	organization, err := key(globalid.Organization, in.OrganizationID, "organizationId")
	if err != nil {
		return nil, err
	}
	groups, err := keys(globalid.Group, in.GroupIds, "groupIds")
	if err != nil {
		return nil, err
	}
	return r.Roster.CreateStudent(ctx, roster.NewStudent{
		OrganizationID: organization, ExternalID: in.ExternalID, FirstName: in.FirstName, LastName: in.LastName,
		Username: in.Username, Password: in.Password, Grade: in.Grade, GroupIDs: groups,
	})
}

func (r mutationResolver) UpdateStudent(ctx context.Context,
	in model.UpdateStudentInput) (*model.UpdateStudentPayload, error) {
	st, err := r.updateStudent(ctx, in)
	refusals, err := userErrors(ctx, err)
	return &model.UpdateStudentPayload{Student: toStudent(st), UserErrors: refusals}, err
}

func (r mutationResolver) updateStudent(ctx context.Context, in model.UpdateStudentInput) (*db.Student, error) {
	id, err := key(globalid.Student, in.ID, "id")
	if err != nil {
		return nil, err
	}
	ch := roster.StudentChange{ID: id, ExternalID: in.ExternalID, FirstName: in.FirstName, LastName: in.LastName,
		Username: in.Username, Password: in.Password, Grade: in.Grade}
	if in.OrganizationID != nil {
		organization, err := key(globalid.Organization, *in.OrganizationID, "organizationId")
		if err != nil {
			return nil, err
		}
		ch.OrganizationID = &organization
	}
	return r.Roster.UpdateStudent(ctx, ch)
}

func (r mutationResolver) DeleteStudents(ctx context.Context,
	in model.DeleteStudentsInput) (*model.DeleteStudentsPayload, error) {
	payload := &model.DeleteStudentsPayload{DeletedIds: []string{}}
	ids, err := keys(globalid.Student, in.StudentIds, "studentIds")
	if err == nil {
		err = r.Roster.DeleteStudents(ctx, ids)
	}
	if err == nil {
		payload.DeletedIds = all(ids, func(id int) string { return globalid.Encode(globalid.Student, id) })
	}
	payload.UserErrors, err = userErrors(ctx, err)
	return payload, err
}
