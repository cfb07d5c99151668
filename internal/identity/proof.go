package identity

import (
	"context"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/ent/db/factorchallenge"
	"github.com/openhomeroom/homeroom/ent/db/session"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// proofLifetime is how long somebody may change factors after proving their identity.
const proofLifetime = 10 * time.Minute

var (
	errProof = fault.Forbiddenf("prove your identity again with proveIdentity, or by signing in, and then try again").
			WithCode("PROOF_REQUIRED")
	errNoWay = fault.Invalidf("this account has neither a password nor a second factor; sign out and sign in again").
			WithCode("SIGN_IN_AGAIN")
)

// Proof is how a signed-in person proves their identity again: by a second factor if the
// account has one, otherwise by the password.
type Proof struct {
	Password string
	// Challenge is the one of BeginProof, for a passkey.
	Challenge string
	Answer
}

// fresh returns the viewer's session if the person has proved their identity recently.
func (s *Service) fresh(ctx context.Context, client *db.Client, v *viewer.Viewer) (*db.Session, error) {
	own, err := s.ownSession(ctx, client, v)
	if err != nil {
		return nil, err
	}
	if own.ProvedAt == nil || !own.ProvedAt.Add(proofLifetime).After(s.now()) {
		return nil, errProof
	}
	return own, nil
}

func (s *Service) ownSession(ctx context.Context, client *db.Client, v *viewer.Viewer) (*db.Session, error) {
	own, err := client.Session.Query().
		Where(session.ID(v.SessionID), session.EducatorID(v.EducatorID), session.Not(s.over(s.instant()))).Only(ctx)
	if err != nil {
		return nil, orElse(ignoreNotFound(err), ErrSession)
	}
	return own, nil
}

// BeginProof asks for a signature by one of the viewer's passkeys.
func (s *Service) BeginProof(ctx context.Context) (step PasskeyStep, err error) {
	if s.factors.Site == nil {
		return step, errNoSite
	}
	v := viewer.FromContext(ctx)
	err = s.db.InTx(viewer.AsSystem(ctx, "proof of who somebody is"), func(ctx context.Context, client *db.Client) error {
		own, err := s.ownSession(ctx, client, v)
		if err != nil {
			return err
		}
		e, err := s.lockEnabled(ctx, client, educator.ID(v.EducatorID))
		if err != nil || e == nil {
			return orElse(err, ErrSession)
		}
		asked, err := s.ask(ctx, client, e)
		if err != nil {
			return errNoFactor.Because(err) // there is no passkey to ask
		}
		step, err = s.passkeyStep(ctx, client, factorchallenge.PurposePROOF, &e.ID, &own.ID, asked)
		return err
	})
	return step, err
}

// Prove notes in the viewer's session that the person has proved their identity. The
// limits of signing in apply.
func (s *Service) Prove(ctx context.Context, p Proof) error {
	v := viewer.FromContext(ctx)
	system := viewer.AsSystem(ctx, "proof of who somebody is")
	account, err := s.db.Client(system).Educator.Get(system, v.EducatorID)
	if err != nil {
		return err
	}
	methods, err := methodsOf(system, s.db.Client(system), v.EducatorID)
	switch {
	case err != nil:
		return err
	case len(methods) > 0:
		return s.proveByFactor(system, v, account, p)
	case account.PasswordHash == "":
		return errNoWay
	default:
		return s.proveByPassword(system, v, account, p.Password)
	}
}

func (s *Service) proveByFactor(system context.Context, v *viewer.Viewer, account *db.Educator, p Proof) error {
	if p.Code == "" && p.Passkey == "" {
		return fault.Invalidf("give a code from your app, a recovery code or a passkey").WithCode("REQUIRED").At("code")
	}
	return s.tryFactor(system, account, func(ctx context.Context, client *db.Client, giveBackTry func() error) error {
		e, err := s.lockEnabled(ctx, client, educator.ID(account.ID))
		if err != nil || e == nil {
			return orElse(err, ErrSession)
		}
		own, err := s.ownSession(ctx, client, v)
		if err != nil {
			return err
		}
		var st state
		if p.Passkey != "" {
			if st, err = s.takeChallenge(ctx, client, p.Challenge, factorchallenge.PurposePROOF, own); err != nil {
				return err
			}
		}
		method, err := s.shown(ctx, client, e, p.Answer, st.Ceremony)
		if err != nil {
			return err
		}
		if err := giveBackTry(); err != nil {
			return err
		}
		recordAbout(ctx, audit.IdentityProved, e, audit.Facts{"factor": string(method)})
		return client.Session.UpdateOneID(own.ID).SetProvedAt(s.instant()).SetSecondFactor(1).Exec(ctx)
	})
}

func (s *Service) proveByPassword(system context.Context, v *viewer.Viewer, account *db.Educator,
	password string) error {
	try, err := s.verifyOwn(system, account, password, "password")
	if err != nil {
		return err
	}
	return s.inTurn(system, func(ctx context.Context, client *db.Client) error {
		// A factor or a new password may have been set meanwhile.
		e, err := s.lockEnabled(ctx, client, educator.ID(account.ID), educator.PasswordHash(account.PasswordHash))
		if err != nil || e == nil {
			return orElse(err, ErrSession)
		}
		if methods, err := methodsOf(ctx, client, e.ID); err != nil || len(methods) > 0 {
			return orElse(err, errProof)
		}
		own, err := s.ownSession(ctx, client, v)
		if err != nil {
			return err
		}
		if err := giveBack(ctx, client, try.taken); err != nil {
			return err
		}
		recordAbout(ctx, audit.IdentityProved, e, audit.Facts{"factor": "PASSWORD"})
		return client.Session.UpdateOneID(own.ID).SetProvedAt(s.instant()).Exec(ctx)
	})
}
