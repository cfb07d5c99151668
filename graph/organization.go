package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/graph/loader"
	"github.com/openhomeroom/homeroom/graph/model"
	"github.com/openhomeroom/homeroom/graph/problem"
	"github.com/openhomeroom/homeroom/graph/trail"
	"github.com/openhomeroom/homeroom/internal/calendar"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/setting"
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

// organizationByID returns nil for an organization that the viewer does not see.
func organizationByID(ctx context.Context, id int) (*model.Organization, error) {
	o, err := loader.From(ctx).OrganizationByID.Load(ctx, id)
	return toOrganization(o), err
}

// schoolByID returns the school of something that the viewer sees; see the loader.
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
	return &model.SchoolYear{StartsOn: s.Year.StartsOn, EndsOn: s.Year.EndsOn, Inherited: s.Inherited.Year}, err
}

func (r organizationResolver) UsageGoalMinutesPerWeek(ctx context.Context, o *model.Organization) (int, error) {
	s, err := loader.From(ctx).Settings.Load(ctx, o.Entity.ID)
	return s.GoalMinutesPerWeek, err
}

func (r organizationResolver) Settings(ctx context.Context,
	o *model.Organization) (*model.OrganizationSettings, error) {
	s, err := loader.From(ctx).Settings.Load(ctx, o.Entity.ID)
	if err != nil {
		return nil, err
	}
	pending, err := r.pendingSettings(ctx, o.Entity)
	if err != nil {
		return nil, err
	}
	number := func(value int, inherited bool) *model.NumberSetting {
		return &model.NumberSetting{Value: value, Inherited: inherited}
	}
	return &model.OrganizationSettings{
		SchoolYear: &model.SchoolYear{
			StartsOn:  s.Year.StartsOn,
			EndsOn:    s.Year.EndsOn,
			Inherited: s.Inherited.Year,
		},
		UsageGoalMinutesPerWeek: number(s.GoalMinutesPerWeek, s.Inherited.GoalMinutesPerWeek),
		TimeZone:                &model.TextSetting{Value: s.TimeZone.String(), Inherited: s.Inherited.TimeZone},
		PasswordMinLength:       number(s.PasswordMinLength, s.Inherited.PasswordMinLength),
		PasswordRequired:        &model.SwitchSetting{Value: s.PasswordRequired, Inherited: s.Inherited.PasswordRequired},
		HoldDeletedPercent:      number(s.HoldDeletedPercent, s.Inherited.HoldDeletedPercent),
		HoldChangedPercent:      number(s.HoldChangedPercent, s.Inherited.HoldChangedPercent),
		RetentionDays:           number(s.RetentionDays, s.Inherited.RetentionDays),
		JobDays:                 number(s.JobDays, s.Inherited.JobDays),
		Pending:                 pending,
		SecondFactorRequired: &model.SecondFactorSetting{
			Value: model.SecondFactorRequirement(s.SecondFactorRequired), Inherited: s.Inherited.SecondFactorRequired,
		},
	}, nil
}

func (r mutationResolver) UpdateOrganizationSettings(ctx context.Context,
	in model.UpdateOrganizationSettingsInput) (*model.UpdateOrganizationSettingsPayload, error) {
	payload := &model.UpdateOrganizationSettingsPayload{UserErrors: []*model.UserError{}}
	id, err := key(globalid.Organization, in.OrganizationID, "organizationId")
	if err == nil {
		var changed *db.Organization
		var refusals []*fault.Error
		changed, refusals, err = r.Resolver.Settings.Update(ctx, toSettingsChange(id, in))
		for _, f := range refusals {
			trail.NoteFault(ctx, f)
		}
		payload.Organization, payload.UserErrors = toOrganization(changed), all(refusals, problem.UserError)
	}
	if err != nil {
		payload.UserErrors, err = userErrors(ctx, err)
	}
	return payload, err
}

func toSettingsChange(id int, in model.UpdateOrganizationSettingsInput) setting.Change {
	ch := setting.Change{
		OrganizationID:     id,
		GoalMinutesPerWeek: toField(in.UsageGoalMinutesPerWeek),
		TimeZone:           toField(in.TimeZone),
		PasswordMinLength:  toField(in.PasswordMinLength),
		PasswordRequired:   toField(in.PasswordRequired),
		HoldDeletedPercent: toField(in.HoldDeletedPercent),
		HoldChangedPercent: toField(in.HoldChangedPercent),
		RetentionDays:      toField(in.RetentionDays),
		JobDays:            toField(in.JobDays),
	}
	if need, given := in.SecondFactorRequired.ValueOK(); given {
		ch.SecondFactorRequired.Set = true
		if need != nil {
			value := setting.SecondFactor(*need)
			ch.SecondFactorRequired.Value = &value
		}
	}
	year, given := in.SchoolYear.ValueOK()
	ch.Year.Set = given
	if year != nil {
		ch.Year.Value = &calendar.Year{StartsOn: year.StartsOn, EndsOn: year.EndsOn}
	}
	return ch
}

// toField tells a value that is left out from null.
func toField[T any](in graphql.Omittable[*T]) setting.Field[T] {
	value, given := in.ValueOK()
	return setting.Field[T]{Set: given, Value: value}
}

func (r organizationResolver) StudentCount(ctx context.Context, o *model.Organization) (int, error) {
	return loader.From(ctx).StudentCount.Load(ctx, o.Entity.ID)
}
