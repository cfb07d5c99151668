package identity

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/ent/db/passkey"
	"github.com/openhomeroom/homeroom/ent/db/recoverycode"
	"github.com/openhomeroom/homeroom/ent/db/totpsecret"
	"github.com/openhomeroom/homeroom/ent/rule"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/credential"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

var errNoEducator = fault.NotFoundf("there is no such educator among those you may see").At("educatorId")

var errWiderFactors = fault.Forbiddenf(
	"only an administrator of every organization at which the person has a role can reset the second factors").
	At("educatorId")

// ResetFactors removes the factors of somebody who has lost them, and ends the sessions
// and links of the account. The caller must administer every organization at which the
// person has a role, and must have proved their identity recently. Nobody resets their own
// factors.
func (s *Service) ResetFactors(ctx context.Context, educatorID int) (*db.Educator, error) {
	v := viewer.FromContext(ctx)
	seen, err := s.db.Client(ctx).Educator.Query().Where(educator.ID(educatorID), educator.Service(0)).Only(ctx)
	if err != nil {
		return nil, orElse(ignoreNotFound(err), errNoEducator)
	}
	if educatorID == v.EducatorID {
		return nil, fault.Forbiddenf("you cannot reset your own second factors; remove them one by one, or ask another " +
			"administrator").
			At("educatorId")
	}
	err = s.db.InTx(viewer.AsSystem(ctx, "second factors that an administrator resets"),
		func(ctx context.Context, client *db.Client) error {
			// Somebody else may give the person a role at the same moment.
			if _, err := s.locked(ctx, client, educator.ID(educatorID)); err != nil {
				return orElse(ignoreNotFound(err), errNoEducator)
			}
			may, err := client.Educator.Query().Where(educator.ID(educatorID), rule.EducatorsEdited(v)).Exist(ctx)
			if err != nil || !may {
				return orElse(err, errWiderFactors)
			}
			if _, err := s.fresh(ctx, client, v); err != nil {
				return err
			}
			return s.reset(ctx, client, seen)
		})
	if err != nil {
		return nil, err
	}
	s.tell(ctx, educatorID,
		"an administrator removed the second factors of your account, and you were signed out everywhere. "+
			"If you did not ask for it, tell your administrator at once")
	return seen, nil
}

// ResetFactorsOf is ResetFactors for the operator, by address.
func (s *Service) ResetFactorsOf(ctx context.Context, email string) error {
	return s.db.InTx(ctx, func(ctx context.Context, client *db.Client) error {
		e, err := named(ctx, client, email)
		if err != nil {
			return err
		}
		if e.Service != 0 {
			return fault.NotFoundf("no account has this address")
		}
		return s.reset(ctx, client, e)
	})
}

func (s *Service) reset(ctx context.Context, client *db.Client, e *db.Educator) error {
	// Somebody who signs in at this moment is either earlier, and signed out here, or
	// later, and has no step any more.
	if _, err := s.locked(ctx, client, educator.ID(e.ID)); err != nil {
		return err
	}
	methods, err := methodsOf(ctx, client, e.ID)
	if err != nil || len(methods) == 0 {
		return orElse(err, errNoFactor)
	}
	apps, err := client.TotpSecret.Delete().Where(totpsecret.EducatorID(e.ID)).Exec(ctx)
	if err != nil {
		return err
	}
	keys, err := client.Passkey.Delete().Where(passkey.EducatorID(e.ID)).Exec(ctx)
	if err != nil {
		return err
	}
	if _, err := client.RecoveryCode.Delete().Where(recoverycode.EducatorID(e.ID)).Exec(ctx); err != nil {
		return err
	}
	recordAbout(ctx, audit.SecondFactorsReset, e, audit.Facts{"apps": apps, "passkeys": keys})
	return credential.Changed(ctx, client, s.instant(), e.ID)
}
