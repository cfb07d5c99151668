package graph

import (
	"context"

	"github.com/openhomeroom/homeroom/graph/loader"
	"github.com/openhomeroom/homeroom/graph/model"
	"github.com/openhomeroom/homeroom/graph/selection"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

func (r queryResolver) Viewer(ctx context.Context) (*model.Viewer, error) {
	return r.currentViewer(ctx)
}

// currentViewer shows the viewer of the context.
func (r *Resolver) currentViewer(ctx context.Context) (*model.Viewer, error) {
	v := viewer.FromContext(ctx)
	e, err := loader.From(ctx).EducatorByID.Load(ctx, v.EducatorID)
	if err != nil {
		return nil, err
	}
	// The roles are known, so their organizations are read together.
	if selection.Has(ctx, "roles.organization", "viewer.roles.organization") {
		if err := loader.From(ctx).OrganizationByID.Prime(ctx,
			all(v.Assignments, func(a viewer.Assignment) int { return a.OrganizationID })); err != nil {
			return nil, err
		}
	}
	roles := all(v.Assignments, func(a viewer.Assignment) *model.RoleAssignment {
		return &model.RoleAssignment{Role: model.Role(a.Role), OrganizationID: a.OrganizationID}
	})
	return &model.Viewer{Educator: toEducator(e), Roles: roles}, nil
}

func (r viewerResolver) Organizations(ctx context.Context, _ *model.Viewer) ([]*model.Organization, error) {
	if viewer.FromContext(ctx).BeforeSecondFactor {
		return []*model.Organization{}, nil
	}
	list, err := r.Roster.Organizations(ctx)
	if err != nil {
		return nil, err
	}
	return all(list, toOrganization), primeOrganizations(ctx, list, "")
}

func (r roleAssignmentResolver) Organization(ctx context.Context,
	a *model.RoleAssignment) (*model.Organization, error) {
	return organizationByID(ctx, a.OrganizationID)
}

func (r educatorResolver) Roles(ctx context.Context, e *model.Educator) ([]*model.RoleAssignment, error) {
	list, err := loader.From(ctx).RolesByEducator.Load(ctx, e.Key)
	return all(list, toRole), err
}

func (r educatorResolver) Groups(ctx context.Context, e *model.Educator) ([]*model.Group, error) {
	list, err := loader.From(ctx).GroupsByEducator.Load(ctx, e.Key)
	return all(list, toGroup), err
}
