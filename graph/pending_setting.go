package graph

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/graph/loader"
	"github.com/openhomeroom/homeroom/graph/model"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/setting"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// pendingSettings returns the changes of an organization that are not in effect yet, for
// viewers who may decide about them.
func (r organizationResolver) pendingSettings(ctx context.Context,
	o *db.Organization) ([]*model.PendingSetting, error) {
	if !viewer.FromContext(ctx).Administers(o.ID, o.DistrictID) {
		return []*model.PendingSetting{}, nil
	}
	pending, err := r.Resolver.Settings.Pending(o)
	return all(pending, func(p setting.Pending) *model.PendingSetting {
		need := (*model.SecondFactorRequirement)(p.Need)
		return &model.PendingSetting{
			Setting:              model.PendingSettingName(p.Name),
			Value:                p.Number,
			SecondFactorRequired: need,
			EffectiveAt:          p.EffectiveAt,
			RequestedAt:          p.AskedAt,
			RequestedByID:        p.By,
		}
	}), err
}

// RequestedBy names the requester to viewers who may decide about the change, even a
// district administrator whom they do not see otherwise.
func (r pendingSettingResolver) RequestedBy(ctx context.Context, p *model.PendingSetting) (*model.Educator, error) {
	e, err := loader.From(ctx).SubmitterByID.Load(ctx, p.RequestedByID)
	return toEducator(e), err
}

func (r mutationResolver) ApprovePendingSetting(ctx context.Context,
	in model.ApprovePendingSettingInput) (*model.ApprovePendingSettingPayload, error) {
	o, refusals, err := r.decideSetting(ctx, in.OrganizationID,
		func(ctx context.Context, id int) (*db.Organization, error) {
			return r.Resolver.Settings.ApprovePending(ctx, id, setting.Name(in.Setting),
				setting.Value{Number: in.Value, Need: (*setting.SecondFactor)(in.SecondFactorRequired)})
		})
	return &model.ApprovePendingSettingPayload{Organization: o, UserErrors: refusals}, err
}

func (r mutationResolver) WithdrawPendingSetting(ctx context.Context,
	in model.WithdrawPendingSettingInput) (*model.WithdrawPendingSettingPayload, error) {
	o, refusals, err := r.decideSetting(ctx, in.OrganizationID,
		func(ctx context.Context, id int) (*db.Organization, error) {
			return r.Resolver.Settings.WithdrawPending(ctx, id, setting.Name(in.Setting))
		})
	return &model.WithdrawPendingSettingPayload{Organization: o, UserErrors: refusals}, err
}

func (r mutationResolver) decideSetting(ctx context.Context, organizationID string,
	decide func(context.Context, int) (*db.Organization, error)) (*model.Organization, []*model.UserError, error) {
	var o *db.Organization
	id, err := key(globalid.Organization, organizationID, "organizationId")
	if err == nil {
		o, err = decide(ctx, id)
	}
	refusals, err := userErrors(ctx, err)
	return toOrganization(o), refusals, err
}
