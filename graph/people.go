package graph

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/graph/loader"
	"github.com/openhomeroom/homeroom/graph/model"
	"github.com/openhomeroom/homeroom/graph/selection"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/page"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

func (r queryResolver) Educators(ctx context.Context, organizationID string, filter *model.EducatorFilter,
	orderBy *model.EducatorOrder, first *int, after *string, last *int,
	before *string) (*model.EducatorConnection, error) {
	organization, err := key(globalid.Organization, organizationID, "organizationId")
	if err != nil {
		return nil, err
	}
	f := identity.PeopleFilter{}
	if filter != nil {
		f.Disabled, f.Invited = filter.Disabled, filter.Invited
		f.Roles = all(filter.Roles, func(role model.Role) viewer.Role { return viewer.Role(role) })
		if filter.Search != nil {
			f.Search = *filter.Search
		}
	}
	list, err := r.Identity.People(ctx, organization, f)
	if err != nil {
		return nil, err
	}
	c := &model.EducatorConnection{List: list}
	if !selection.Has(ctx, "nodes", "edges", "pageInfo") {
		return c, nil
	}
	if orderBy == nil {
		orderBy = &model.EducatorOrder{Field: model.EducatorOrderFieldName, Direction: model.SortDirectionAsc}
	}
	p, err := list.Page(ctx, page.Args{First: first, After: after, Last: last, Before: before}, string(orderBy.Field),
		orderBy.Direction == model.SortDirectionDesc)
	if err != nil {
		return nil, err
	}
	if err := primeEducators(ctx, p.Items, "nodes", "edges.node"); err != nil {
		return nil, err
	}
	c.Nodes = all(p.Items, toEducator)
	c.Edges = edges(p.Cursors, c.Nodes, func(cursor string, e *model.Educator) *model.EducatorEdge {
		return &model.EducatorEdge{Cursor: cursor, Node: e}
	})
	c.PageInfo = toPageInfo(p)
	return c, nil
}

// primeEducators is primeStudents for educators.
func primeEducators(ctx context.Context, educators []*db.Educator, prefixes ...string) error {
	l := loader.From(ctx)
	ids := all(educators, func(e *db.Educator) int { return e.ID })
	if selection.Has(ctx, selection.Under(prefixes, "groups")...) {
		if err := l.GroupsByEducator.Prime(ctx, ids); err != nil {
			return err
		}
	}
	if selection.Has(ctx, selection.Under(prefixes, "invitation")...) {
		if err := l.InvitationByEducator.Prime(ctx, ids); err != nil {
			return err
		}
	}
	if !selection.Has(ctx, selection.Under(prefixes, "roles")...) {
		return nil
	}
	if err := l.RolesByEducator.Prime(ctx, ids); err != nil {
		return err
	}
	var at []int
	for _, id := range ids {
		roles, err := l.RolesByEducator.Load(ctx, id)
		if err != nil {
			return err
		}
		at = append(at, all(roles, func(r *db.RoleAssignment) int { return r.OrganizationID })...)
	}
	if selection.Has(ctx, selection.Under(prefixes, "roles.organization")...) {
		return l.OrganizationByID.Prime(ctx, at)
	}
	return nil
}

func (r educatorConnectionResolver) TotalCount(ctx context.Context, c *model.EducatorConnection) (int, error) {
	return c.List.Count(ctx)
}

func (r educatorResolver) Invitation(ctx context.Context, e *model.Educator) (*model.Invitation, error) {
	link, err := loader.From(ctx).InvitationByEducator.Load(ctx, e.Key)
	if err != nil || link == nil {
		return nil, err
	}
	return &model.Invitation{SentAt: link.CreatedAt, ExpiresAt: link.ExpiresAt}, nil
}

func (r educatorResolver) Disabled(ctx context.Context, e *model.Educator) (*bool, error) {
	if !viewer.FromContext(ctx).IsAdmin() {
		return nil, nil
	}
	return &e.Off, nil
}

func (r mutationResolver) DisableEducator(ctx context.Context, educatorID string) (*model.EducatorPayload, error) {
	return r.disable(ctx, educatorID, true)
}

func (r mutationResolver) EnableEducator(ctx context.Context, educatorID string) (*model.EducatorPayload, error) {
	return r.disable(ctx, educatorID, false)
}

func (r mutationResolver) disable(ctx context.Context, educatorID string,
	disabled bool) (*model.EducatorPayload, error) {
	return changeEducator(ctx, educatorID, func(id int) (*db.Educator, error) {
		return r.Identity.Disable(ctx, id, disabled)
	})
}

func (r mutationResolver) ResendInvitation(ctx context.Context, educatorID string) (*model.EducatorPayload, error) {
	return changeEducator(ctx, educatorID, func(id int) (*db.Educator, error) {
		return r.Identity.ResendInvitation(ctx, id)
	})
}

func (r mutationResolver) WithdrawInvitation(ctx context.Context,
	educatorID string) (*model.EducatorPayload, error) {
	return changeEducator(ctx, educatorID, func(id int) (*db.Educator, error) {
		return r.Identity.WithdrawInvitation(ctx, id)
	})
}

func (r mutationResolver) SetEducatorRole(ctx context.Context,
	in model.SetEducatorRoleInput) (*model.EducatorPayload, error) {
	role := viewer.Role(in.Role)
	return r.setRole(ctx, in.EducatorID, in.OrganizationID, &role)
}

func (r mutationResolver) EndEducatorRole(ctx context.Context,
	in model.EndEducatorRoleInput) (*model.EducatorPayload, error) {
	return r.setRole(ctx, in.EducatorID, in.OrganizationID, nil)
}

func (r mutationResolver) setRole(ctx context.Context, educatorID, organizationID string,
	role *viewer.Role) (*model.EducatorPayload, error) {
	return changeEducator(ctx, educatorID, func(id int) (*db.Educator, error) {
		organization, err := key(globalid.Organization, organizationID, "organizationId")
		if err != nil {
			return nil, err
		}
		return r.Identity.SetRole(ctx, id, organization, role)
	})
}

// changeEducator answers with an account that change has changed.
func changeEducator(ctx context.Context, educatorID string,
	change func(id int) (*db.Educator, error)) (*model.EducatorPayload, error) {
	var e *db.Educator
	id, err := key(globalid.Educator, educatorID, "educatorId")
	if err == nil {
		e, err = change(id)
	}
	if err != nil {
		e = nil
	}
	refusals, err := userErrors(ctx, err)
	return &model.EducatorPayload{Educator: toEducator(e), UserErrors: refusals}, err
}
