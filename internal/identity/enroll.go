package identity

import (
	"context"
	"strconv"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/factorchallenge"
	"github.com/openhomeroom/homeroom/ent/db/recoverycode"
	"github.com/openhomeroom/homeroom/ent/db/totpsecret"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/factor"
	"github.com/openhomeroom/homeroom/internal/fault"
)

// issuer is what authenticator apps and passkey managers call this service.
const issuer = "Homeroom"

// totpBinding ties a secret to its account, so that copying the row to another account
// does not work.
func totpBinding(educatorID int) []byte { return []byte("totp " + strconv.Itoa(educatorID)) }

func (s *Service) openTOTP(row *db.TotpSecret) (string, error) {
	if s.factors.Seal == nil {
		return "", errNoFactors
	}
	secret, err := s.factors.Seal.Open(nil, nil, row.Secret, totpBinding(row.EducatorID))
	if err != nil {
		return "", errOtherKey.Because(err)
	}
	return string(secret), nil
}

// BeginTOTP creates a secret for the viewer's authenticator app. It takes effect when a
// code from the app has been shown.
func (s *Service) BeginTOTP(ctx context.Context) (t factor.TOTP, c Challenge, err error) {
	err = s.change(ctx, func(ctx context.Context, client *db.Client, e *db.Educator, own *db.Session) error {
		if err := s.ownFactors(e); err != nil {
			return err
		}
		if t, err = factor.NewTOTP(issuer, e.Email); err != nil {
			return err
		}
		c, err = s.pose(ctx, client, factorchallenge.PurposeTOTP, &e.ID, &own.ID, state{Secret: t.Secret})
		return err
	})
	return t, c, err
}

// ConfirmTOTP sets up the viewer's authenticator app and replaces the previous one. If it
// is the first factor, it returns recovery codes.
func (s *Service) ConfirmTOTP(ctx context.Context, token, code string) (codes []string, err error) {
	educatorID := 0
	err = s.change(ctx, func(ctx context.Context, client *db.Client, e *db.Educator, own *db.Session) error {
		st, err := s.takeChallenge(ctx, client, token, factorchallenge.PurposeTOTP, own)
		if err != nil {
			return err
		}
		step, right := factor.Step(st.Secret, code, s.now())
		if !right || len(code) > maxTyped {
			return errCode // the step stays open for the next code
		}
		if _, err := client.TotpSecret.Delete().Where(totpsecret.EducatorID(e.ID)).Exec(ctx); err != nil {
			return err
		}
		now := s.instant()
		err = client.TotpSecret.Create().SetEducatorID(e.ID).
			SetSecret(s.factors.Seal.Seal(nil, nil, []byte(st.Secret), totpBinding(e.ID))).
			SetCreatedAt(now).SetLastStep(step).SetLastUsedAt(now).Exec(ctx)
		if err != nil {
			return err
		}
		educatorID = e.ID
		codes, err = s.added(ctx, client, e, own, TOTP, nil)
		return err
	})
	if err == nil {
		s.tell(ctx, educatorID, "an authenticator app was set up for your account")
	}
	return codes, err
}

// RemoveTOTP removes the viewer's authenticator app.
func (s *Service) RemoveTOTP(ctx context.Context) error {
	educatorID := 0
	err := s.change(ctx, func(ctx context.Context, client *db.Client, e *db.Educator, own *db.Session) error {
		educatorID = e.ID
		n, err := client.TotpSecret.Delete().Where(totpsecret.EducatorID(e.ID)).Exec(ctx)
		if err != nil || n == 0 {
			return orElse(err, errNoFactor)
		}
		return s.removed(ctx, client, e, own, TOTP, nil)
	})
	if err == nil {
		s.tell(ctx, educatorID, "the authenticator app of your account was removed")
	}
	return err
}

// RegenerateRecoveryCodes replaces the viewer's recovery codes. The old ones stop working.
func (s *Service) RegenerateRecoveryCodes(ctx context.Context) (codes []string, err error) {
	educatorID := 0
	err = s.change(ctx, func(ctx context.Context, client *db.Client, e *db.Educator, _ *db.Session) error {
		educatorID = e.ID
		methods, err := methodsOf(ctx, client, e.ID)
		if err != nil || len(methods) == 0 {
			return orElse(err, errNoFactor)
		}
		codes, err = s.makeRecoveryCodes(ctx, client, e)
		return err
	})
	if err == nil {
		s.tell(ctx, educatorID, "new recovery codes were made for your account; the old ones no longer work")
	}
	return codes, err
}

func (s *Service) makeRecoveryCodes(ctx context.Context, client *db.Client, e *db.Educator) ([]string, error) {
	if _, err := client.RecoveryCode.Delete().Where(recoverycode.EducatorID(e.ID)).Exec(ctx); err != nil {
		return nil, err
	}
	codes, now := factor.NewRecoveryCodes(), s.instant()
	rows := make([]*db.RecoveryCodeCreate, len(codes))
	for i, code := range codes {
		rows[i] = client.RecoveryCode.Create().SetEducatorID(e.ID).SetCodeHash(factor.HashRecoveryCode(e.ID, code)).
			SetCreatedAt(now)
	}
	recordAbout(ctx, audit.RecoveryCodesMade, e, audit.Facts{"codes": len(codes)})
	return codes, client.RecoveryCode.CreateBulk(rows...).Exec(ctx)
}

// ownFactors refuses factors for an account that must sign in through a provider, because
// the provider has its own.
func (s *Service) ownFactors(e *db.Educator) *fault.Error {
	if e.EmailKey == nil {
		return nil
	}
	if label := s.guard.Provider(*e.EmailKey); label != "" {
		return fault.Conflictf("you sign in with %s, which asks for a second factor itself", label).
			WithCode("SIGN_IN_WITH_PROVIDER")
	}
	return nil
}
