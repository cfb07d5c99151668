package graph

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/graph/loader"
	"github.com/openhomeroom/homeroom/graph/model"
	"github.com/openhomeroom/homeroom/graph/selection"
	"github.com/openhomeroom/homeroom/graph/trail"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/page"
	"github.com/openhomeroom/homeroom/internal/roster"
)

func (r queryResolver) Groups(ctx context.Context, organizationID *string, filter *model.GroupFilter,
	orderBy *model.GroupOrder, first *int, after *string, last *int, before *string) (*model.GroupConnection, error) {
	organization, err := optionalKey(globalid.Organization, organizationID, "organizationId")
	if err != nil {
		return nil, err
	}
	f := roster.GroupFilter{}
	if filter != nil {
		if f.EducatorIDs, err = keys(globalid.Educator, filter.EducatorIds, "filter.educatorIds"); err != nil {
			return nil, err
		}
		f.Synced = filter.Synced
		if filter.Search != nil {
			f.Search = *filter.Search
		}
	}
	list, err := r.Roster.Groups(ctx, organization, f)
	if err != nil {
		return nil, err
	}
	if orderBy == nil {
		orderBy = &model.GroupOrder{Field: model.GroupOrderFieldName, Direction: model.SortDirectionAsc}
	}
	return groupPage(ctx, list, page.Args{First: first, After: after, Last: last, Before: before}, *orderBy)
}

func groupPage(ctx context.Context, list *roster.GroupList, args page.Args,
	order model.GroupOrder) (*model.GroupConnection, error) {
	c := &model.GroupConnection{List: list}
	if !selection.Has(ctx, "nodes", "edges", "pageInfo") {
		return c, nil
	}
	p, err := list.Page(ctx, args, string(order.Field), order.Direction == model.SortDirectionDesc)
	if err != nil {
		return nil, err
	}
	if err := primeGroups(ctx, p.Items, "nodes", "edges.node"); err != nil {
		return nil, err
	}
	c.Nodes = all(p.Items, toGroup)
	c.Edges = edges(p.Cursors, c.Nodes, func(cursor string, g *model.Group) *model.GroupEdge {
		return &model.GroupEdge{Cursor: cursor, Node: g}
	})
	c.PageInfo = toPageInfo(p)
	return c, nil
}

func (r groupConnectionResolver) TotalCount(ctx context.Context, c *model.GroupConnection) (int, error) {
	return c.List.Count(ctx)
}

func (r groupResolver) Organization(ctx context.Context, g *model.Group) (*model.Organization, error) {
	return schoolByID(ctx, g.OrganizationID)
}

func (r groupResolver) Educators(ctx context.Context, g *model.Group) ([]*model.Educator, error) {
	list, err := loader.From(ctx).EducatorsByGroup.Load(ctx, g.Key)
	return all(list, toEducator), err
}

func (r groupResolver) Students(ctx context.Context, g *model.Group, first *int, after *string, last *int,
	before *string) (*model.StudentConnection, error) {
	byName := model.StudentOrder{Field: model.StudentOrderFieldName, Direction: model.SortDirectionAsc}
	return studentPage(ctx, r.Roster.StudentsOfGroup(g.Key),
		page.Args{First: first, After: after, Last: last, Before: before}, byName,
		trail.Reading{List: "group.students", Organization: g.OrganizationID})
}

func (r mutationResolver) CreateGroup(ctx context.Context,
	in model.CreateGroupInput) (*model.CreateGroupPayload, error) {
	g, err := r.createGroup(ctx, in)
	refusals, err := userErrors(ctx, err)
	return &model.CreateGroupPayload{Group: toGroup(g), UserErrors: refusals}, err
}

func (r mutationResolver) createGroup(ctx context.Context, in model.CreateGroupInput) (*db.Group, error) {
	organization, err := key(globalid.Organization, in.OrganizationID, "organizationId")
	if err != nil {
		return nil, err
	}
	educators, err := keys(globalid.Educator, in.EducatorIds, "educatorIds")
	if err != nil {
		return nil, err
	}
	students, err := keys(globalid.Student, in.StudentIds, "studentIds")
	if err != nil {
		return nil, err
	}
	return r.Roster.CreateGroup(ctx,
		roster.NewGroup{OrganizationID: organization, Name: in.Name, ExternalID: in.ExternalID,
			EducatorIDs: educators, StudentIDs: students})
}

func (r mutationResolver) UpdateGroup(ctx context.Context,
	in model.UpdateGroupInput) (*model.UpdateGroupPayload, error) {
	g, err := r.updateGroup(ctx, in)
	refusals, err := userErrors(ctx, err)
	return &model.UpdateGroupPayload{Group: toGroup(g), UserErrors: refusals}, err
}

func (r mutationResolver) updateGroup(ctx context.Context, in model.UpdateGroupInput) (*db.Group, error) {
	id, err := key(globalid.Group, in.ID, "id")
	if err != nil {
		return nil, err
	}
	ch := roster.GroupChange{ID: id, Name: in.Name, ExternalID: in.ExternalID}
	if in.EducatorIds != nil {
		if ch.EducatorIDs, err = keys(globalid.Educator, in.EducatorIds, "educatorIds"); err != nil {
			return nil, err
		}
	}
	return r.Roster.UpdateGroup(ctx, ch)
}

func (r mutationResolver) DeleteGroup(ctx context.Context,
	in model.DeleteGroupInput) (*model.DeleteGroupPayload, error) {
	payload := &model.DeleteGroupPayload{}
	id, err := key(globalid.Group, in.ID, "id")
	if err == nil {
		err = r.Roster.DeleteGroup(ctx, id)
	}
	if err == nil {
		payload.DeletedID = &in.ID
	}
	payload.UserErrors, err = userErrors(ctx, err)
	return payload, err
}
