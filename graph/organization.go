package graph

import (
	"context"

	"homeroom/ent/db"
	"homeroom/graph/loader"
	"homeroom/graph/model"
	"homeroom/internal/globalid"
)

func (r queryResolver) Organization(ctx context.Context, id string) (*model.Organization, error) {
	k, ok := globalid.Key(globalid.Organization, id)
	if !ok {
		return nil, nil
	}
	o, err := loader.From(ctx).OrganizationByID.Load(ctx, k)
	if err != nil || o == nil {
		return nil, err
	}
	return toOrganization(o), primeOrganizations(ctx, []*db.Organization{o}, "")
}

// organizationByID returns nil for an organization outside of the purview.
func organizationByID(ctx context.Context, id int) (*model.Organization, error) {
	o, err := loader.From(ctx).OrganizationByID.Load(ctx, id)
	return toOrganization(o), err
}

// schoolByID returns the school of something in the purview; see the loader.
func schoolByID(ctx context.Context, id int) (*model.Organization, error) {
	o, err := loader.From(ctx).SchoolByID.Load(ctx, id)
	return toOrganization(o), err
}

func (r organizationResolver) Parent(ctx context.Context, o *model.Organization) (*model.Organization, error) {
	if o.Entity.ParentID == nil {
		return nil, nil
	}
	return organizationByID(ctx, *o.Entity.ParentID)
}

func (r organizationResolver) Children(ctx context.Context, o *model.Organization) ([]*model.Organization, error) {
	if o.Type == model.OrganizationTypeSchool {
		return []*model.Organization{}, nil
	}
	list, err := loader.From(ctx).SchoolsByDistrict.Load(ctx, o.Entity.ID)
	if err != nil {
		return nil, err
	}
	return all(list, toOrganization), primeOrganizations(ctx, list, "")
}

func (r organizationResolver) SchoolYear(ctx context.Context, o *model.Organization) (*model.SchoolYear, error) {
	s, err := loader.From(ctx).Settings.Load(ctx, o.Entity.ID)
	return &model.SchoolYear{StartsOn: s.Year.StartsOn, EndsOn: s.Year.EndsOn, Inherited: s.YearInherited}, err
}

func (r organizationResolver) UsageGoalMinutesPerWeek(ctx context.Context, o *model.Organization) (int, error) {
	s, err := loader.From(ctx).Settings.Load(ctx, o.Entity.ID)
	return s.GoalMinutesPerWeek, err
}

func (r organizationResolver) StudentCount(ctx context.Context, o *model.Organization) (int, error) {
	return loader.From(ctx).StudentCount.Load(ctx, o.Entity.ID)
}
