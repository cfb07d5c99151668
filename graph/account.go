package graph

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/graph/model"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

func (r viewerResolver) Sessions(ctx context.Context, _ *model.Viewer) ([]*model.Session, error) {
	list, err := r.Identity.Sessions(ctx)
	current := viewer.FromContext(ctx).SessionID
	return all(list, func(s *db.Session) *model.Session {
		return &model.Session{
			ID:         globalid.Encode(globalid.Session, s.ID),
			CreatedAt:  s.CreatedAt,
			LastUsedAt: s.LastUsedAt,
			ExpiresAt:  s.ExpiresAt,
			Address:    known(s.Address),
			UserAgent:  known(s.UserAgent),
			Current:    s.ID == current,
		}
	}), err
}

// known returns nil for an empty text, which stands for something unknown.
func known(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func (r mutationResolver) RevokeSession(ctx context.Context, id string) (*model.RevokeSessionsPayload, error) {
	payload := &model.RevokeSessionsPayload{RevokedIds: []string{}}
	k, err := key(globalid.Session, id, "id")
	if err == nil {
		if err = r.Identity.RevokeSession(ctx, k); err == nil {
			payload.RevokedIds = append(payload.RevokedIds, id)
		}
	}
	payload.UserErrors, err = userErrors(ctx, err)
	return payload, err
}

func (r mutationResolver) RevokeOtherSessions(ctx context.Context) (*model.RevokeSessionsPayload, error) {
	ended, err := r.Identity.RevokeOtherSessions(ctx)
	refusals, err := userErrors(ctx, err)
	return &model.RevokeSessionsPayload{UserErrors: refusals, RevokedIds: all(ended, func(id int) string {
		return globalid.Encode(globalid.Session, id)
	})}, err
}

func (r mutationResolver) RequestPasswordReset(ctx context.Context,
	email string) (*model.RequestPasswordResetPayload, error) {
	refusals, err := userErrors(ctx, r.Identity.RequestPasswordReset(ctx, email))
	return &model.RequestPasswordResetPayload{UserErrors: refusals}, err
}

func (r mutationResolver) SetPasswordByLink(ctx context.Context,
	in model.SetPasswordByLinkInput) (*model.SetPasswordByLinkPayload, error) {
	devices, err := r.Identity.SetPasswordByLink(ctx, in.Token, in.Password)
	if err == nil {
		keepDevices(ctx, devices)
	}
	refusals, err := userErrors(ctx, err)
	return &model.SetPasswordByLinkPayload{UserErrors: refusals}, err
}

func (r mutationResolver) ChangePassword(ctx context.Context,
	in model.ChangePasswordInput) (*model.ChangePasswordPayload, error) {
	payload := &model.ChangePasswordPayload{}
	devices, err := r.Identity.ChangePassword(ctx, in.CurrentPassword, in.NewPassword)
	if err == nil {
		keepDevices(ctx, devices)
		payload.UserErrors = []*model.UserError{}
		payload.Viewer, err = r.currentViewer(ctx)
		return payload, err
	}
	payload.UserErrors, err = userErrors(ctx, err)
	return payload, err
}

func (r mutationResolver) InviteEducator(ctx context.Context,
	in model.InviteEducatorInput) (*model.InviteEducatorPayload, error) {
	var e *db.Educator
	organization, err := key(globalid.Organization, in.OrganizationID, "organizationId")
	if err == nil {
		e, err = r.Identity.Invite(ctx, identity.NewEducator{
			Email:          in.Email,
			FirstName:      in.FirstName,
			LastName:       in.LastName,
			Role:           viewer.Role(in.Role),
			OrganizationID: organization,
		})
	}
	refusals, err := userErrors(ctx, err)
	return &model.InviteEducatorPayload{Educator: toEducator(e), UserErrors: refusals}, err
}
