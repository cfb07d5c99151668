package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/graph/model"
	"github.com/openhomeroom/homeroom/graph/problem"
	"github.com/openhomeroom/homeroom/graph/selection"
	"github.com/openhomeroom/homeroom/graph/trail"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// settingUp lists the fields, besides those that need no session, that are allowed to
// somebody who must have a second factor and has none.
var settingUp = map[string]bool{
	"viewer":                    true,
	"revokeSession":             true,
	"revokeOtherSessions":       true,
	"beginPasskeyProof":         true,
	"proveIdentity":             true,
	"beginTotpEnrollment":       true,
	"confirmTotpEnrollment":     true,
	"beginPasskeyRegistration":  true,
	"finishPasskeyRegistration": true,
}

var errSetUp = fault.Forbiddenf("your organization requires a second factor; set one up first").
	WithCode("SECOND_FACTOR_SETUP_REQUIRED")

// onlySettingUp refuses everything except setting up a second factor if a required one is
// missing. The viewer has no roles then, so the policies deny the same.
func onlySettingUp(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	if !viewer.FromContext(ctx).BeforeSecondFactor {
		return next(ctx)
	}
	for _, f := range rootFields(graphql.GetOperationContext(ctx)) {
		if !open[f.Name] && !settingUp[f.Name] {
			trail.NoteFault(ctx, errSetUp)
			return problem.Refused(errSetUp)
		}
	}
	return next(ctx)
}

func (r viewerResolver) SecondFactors(ctx context.Context, _ *model.Viewer) (*model.SecondFactors, error) {
	return r.secondFactors(ctx)
}

func (r *Resolver) secondFactors(ctx context.Context) (*model.SecondFactors, error) {
	f, err := r.Identity.SecondFactors(ctx)
	if err != nil {
		return nil, err
	}
	shown := &model.SecondFactors{
		Required: f.Required, SetupRequired: viewer.FromContext(ctx).BeforeSecondFactor, RecoveryCodesLeft: f.RecoveryCodes,
		ProvedUntil: f.ProvedUntil, PasskeyOrigin: known(r.Identity.PasskeyOrigin()), Passkeys: all(f.Passkeys, toPasskey),
	}
	if f.TOTP != nil {
		shown.Totp = &model.TotpFactor{CreatedAt: f.TOTP.CreatedAt, LastUsedAt: f.TOTP.LastUsedAt}
	}
	return shown, nil
}

func toPasskey(p *db.Passkey) *model.Passkey {
	return &model.Passkey{
		ID:         globalid.Encode(globalid.Passkey, p.ID),
		Name:       p.Name,
		CreatedAt:  p.CreatedAt,
		LastUsedAt: p.LastUsedAt,
		BackedUp:   p.BackedUp == 1,
	}
}

// changed answers with the factors after a change.
func (r mutationResolver) changed(ctx context.Context, codes []string, err error) (*model.SecondFactorsPayload, error) {
	if err != nil {
		refusals, err := userErrors(ctx, err)
		return &model.SecondFactorsPayload{UserErrors: refusals}, err
	}
	f, err := r.secondFactors(ctx)
	return &model.SecondFactorsPayload{SecondFactors: f, RecoveryCodes: codes, UserErrors: []*model.UserError{}}, err
}

// added is changed for a new factor. From now on the session may do everything.
func (r mutationResolver) added(ctx context.Context, codes []string, err error) (*model.SecondFactorsPayload, error) {
	if asker := viewer.FromContext(ctx); err == nil && asker.BeforeSecondFactor {
		v, err := r.Identity.Viewer(ctx, asker.EducatorID)
		if err != nil {
			return nil, err
		}
		asker.BeforeSecondFactor, asker.Assignments = false, v.Assignments
	}
	return r.changed(ctx, codes, err)
}

// begun answers with the request to the browser.
func (r mutationResolver) begun(ctx context.Context, step identity.PasskeyStep,
	err error) (*model.PasskeyCeremonyPayload, error) {
	if err != nil {
		refusals, err := passkeyErrors(ctx, err)
		return &model.PasskeyCeremonyPayload{UserErrors: refusals}, err
	}
	return &model.PasskeyCeremonyPayload{UserErrors: []*model.UserError{}, Ceremony: &model.PasskeyCeremony{
		Challenge: step.Token, ExpiresAt: step.ExpiresAt, Options: step.Options, Origin: step.Origin,
	}}, nil
}

// passkeyErrors is userErrors, except that somebody is told if the server has no name for
// passkeys.
func passkeyErrors(ctx context.Context, err error) ([]*model.UserError, error) {
	if f := fault.From(err); f != nil && f.Code == "PASSKEYS_UNAVAILABLE" {
		return []*model.UserError{problem.UserError(f)}, nil
	}
	return userErrors(ctx, err)
}

func (r mutationResolver) CompleteSignIn(ctx context.Context,
	in model.CompleteSignInInput) (*model.SignInPayload, error) {
	s, err := r.Identity.CompleteSignIn(ctx, in.Challenge,
		identity.Answer{Code: given(in.Code), Passkey: given(in.Passkey)})
	return r.signedIn(ctx, s, err)
}

func (r mutationResolver) BeginPasskeySignIn(ctx context.Context) (*model.PasskeyCeremonyPayload, error) {
	step, err := r.Identity.BeginPasskeySignIn(ctx)
	return r.begun(ctx, step, err)
}

func (r mutationResolver) FinishPasskeySignIn(ctx context.Context,
	in model.PasskeySignInInput) (*model.SignInPayload, error) {
	s, err := r.Identity.FinishPasskeySignIn(ctx, in.Challenge, in.Response)
	return r.signedIn(ctx, s, err)
}

func (r mutationResolver) BeginPasskeyProof(ctx context.Context) (*model.PasskeyCeremonyPayload, error) {
	step, err := r.Identity.BeginProof(ctx)
	return r.begun(ctx, step, err)
}

func (r mutationResolver) ProveIdentity(ctx context.Context,
	in model.ProveIdentityInput) (*model.SecondFactorsPayload, error) {
	err := r.Identity.Prove(ctx, identity.Proof{
		Password:  given(in.Password),
		Challenge: given(in.Challenge),
		Answer:    identity.Answer{Code: given(in.Code), Passkey: given(in.Passkey)},
	})
	return r.changed(ctx, nil, err)
}

func (r mutationResolver) BeginTotpEnrollment(ctx context.Context) (*model.BeginTotpEnrollmentPayload, error) {
	t, c, err := r.Identity.BeginTOTP(ctx)
	if err != nil {
		refusals, err := userErrors(ctx, err)
		return &model.BeginTotpEnrollmentPayload{UserErrors: refusals}, err
	}
	payload := &model.BeginTotpEnrollmentPayload{
		Challenge:  &c.Token,
		Secret:     &t.Secret,
		URI:        &t.URI,
		UserErrors: []*model.UserError{},
	}
	if selection.Has(ctx, "qrCode") {
		picture, err := t.Picture()
		if err != nil {
			return nil, err
		}
		payload.QRCode = &picture
	}
	return payload, nil
}

func (r mutationResolver) ConfirmTotpEnrollment(ctx context.Context,
	in model.ConfirmTotpEnrollmentInput) (*model.SecondFactorsPayload, error) {
	codes, err := r.Identity.ConfirmTOTP(ctx, in.Challenge, in.Code)
	return r.added(ctx, codes, err)
}

func (r mutationResolver) RemoveTotp(ctx context.Context) (*model.SecondFactorsPayload, error) {
	return r.changed(ctx, nil, r.Identity.RemoveTOTP(ctx))
}

func (r mutationResolver) BeginPasskeyRegistration(ctx context.Context) (*model.PasskeyCeremonyPayload, error) {
	step, err := r.Identity.BeginPasskey(ctx)
	return r.begun(ctx, step, err)
}

func (r mutationResolver) FinishPasskeyRegistration(ctx context.Context,
	in model.FinishPasskeyRegistrationInput) (*model.SecondFactorsPayload, error) {
	_, codes, err := r.Identity.FinishPasskey(ctx, in.Challenge, in.Response, given(in.Name))
	return r.added(ctx, codes, err)
}

func (r mutationResolver) RenamePasskey(ctx context.Context, id, name string) (*model.SecondFactorsPayload, error) {
	k, err := key(globalid.Passkey, id, "id")
	if err == nil {
		_, err = r.Identity.RenamePasskey(ctx, k, name)
	}
	return r.changed(ctx, nil, err)
}

func (r mutationResolver) RemovePasskey(ctx context.Context, id string) (*model.SecondFactorsPayload, error) {
	k, err := key(globalid.Passkey, id, "id")
	if err == nil {
		err = r.Identity.RemovePasskey(ctx, k)
	}
	return r.changed(ctx, nil, err)
}

func (r mutationResolver) RegenerateRecoveryCodes(ctx context.Context) (*model.SecondFactorsPayload, error) {
	codes, err := r.Identity.RegenerateRecoveryCodes(ctx)
	return r.changed(ctx, codes, err)
}

func (r mutationResolver) ResetSecondFactors(ctx context.Context,
	educatorID string) (*model.ResetSecondFactorsPayload, error) {
	var e *db.Educator
	k, err := key(globalid.Educator, educatorID, "educatorId")
	if err == nil {
		e, err = r.Identity.ResetFactors(ctx, k)
	}
	refusals, err := userErrors(ctx, err)
	return &model.ResetSecondFactorsPayload{Educator: toEducator(e), UserErrors: refusals}, err
}

// given returns an optional argument, or an empty text.
func given(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
