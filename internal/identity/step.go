package identity

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/ent/db/factorchallenge"
	"github.com/openhomeroom/homeroom/ent/db/passkey"
	"github.com/openhomeroom/homeroom/ent/db/recoverycode"
	"github.com/openhomeroom/homeroom/ent/db/totpsecret"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/factor"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// factorRate limits the codes that are tried for one account after the right password. Of
// a million codes, three are right at any moment.
var factorRate = rate{burst: 5, every: 5 * time.Minute}

var (
	errStep = fault.Invalidf("the password is right; now show your second factor").WithCode("SECOND_FACTOR_REQUIRED")
	errCode = fault.Invalidf("the code is wrong or has been used; wait for the next one, or use another way").
		WithCode("WRONG_CODE").At("code")
)

// Step is the second step of a sign-in.
type Step struct {
	Challenge
	Methods []Method
	// Passkey is the request to the browser, as JSON; empty without a passkey.
	Passkey string
}

// StepRequired is the error of a sign-in that is right so far and needs a second factor.
// Its fault has the code SECOND_FACTOR_REQUIRED.
type StepRequired struct{ Step Step }

func (e *StepRequired) Error() string { return errStep.Error() }

func (e *StepRequired) Unwrap() error { return errStep }

// Answer is how somebody shows a second factor: a code from an app, a recovery code, or
// the answer of a browser, as JSON.
type Answer struct{ Code, Passkey string }

// secondStep returns the next step for an account that is locked, or nil if the account
// has no factor. The step remembers the sign-in so far.
func (s *Service) secondStep(ctx context.Context, client *db.Client, e *db.Educator, try attempt,
	provider string) (*StepRequired, error) {
	methods, err := methodsOf(ctx, client, e.ID)
	if err != nil || len(methods) == 0 {
		return nil, err
	}
	st := state{Provider: provider}
	st.takes(try.taken)
	if provider == "" {
		st.Password = hashToken(e.PasswordHash)
	}
	step := Step{Methods: methods}
	if s.factors.Site == nil {
		step.Methods = slices.DeleteFunc(step.Methods, func(m Method) bool { return m == Passkey })
	} else if slices.Contains(methods, Passkey) {
		asked, err := s.ask(ctx, client, e)
		if err != nil {
			return nil, err
		}
		step.Passkey, st.Ceremony = asked.Options, asked.State
	}
	if step.Challenge, err = s.pose(ctx, client, factorchallenge.PurposeSIGN_IN, &e.ID, nil, st); err != nil {
		return nil, err
	}
	return &StepRequired{step}, nil
}

// CompleteSignIn finishes a sign-in with a second factor. After a wrong code the step
// stays open, until there were too many.
func (s *Service) CompleteSignIn(ctx context.Context, token string, answer Answer) (Session, error) {
	system := viewer.AsSystem(ctx, "second step of a sign-in")
	c, err := s.posed(system, s.db.Client(system), token, factorchallenge.PurposeSIGN_IN)
	if err != nil {
		return Session{}, err
	}
	account, err := s.db.Client(system).Educator.Get(system, *c.EducatorID)
	if err != nil {
		return Session{}, err
	}
	opened := opening{secondFactor: true}
	err = s.tryFactor(system, account, func(ctx context.Context, client *db.Client, giveBackTry func() error) error {
		e, err := s.lockEnabled(ctx, client, educator.ID(account.ID))
		if err != nil || e == nil {
			return orElse(err, errChallenge)
		}
		st, err := s.takeChallenge(ctx, client, token, factorchallenge.PurposeSIGN_IN, nil)
		if err != nil {
			return err
		}
		if st.Password != "" && st.Password != hashToken(e.PasswordHash) || s.begunElsewhere(e.EmailKey, st.Provider) {
			return errChallenge
		}
		method, err := s.shown(ctx, client, e, answer, st.Ceremony)
		if err != nil {
			return err
		}
		if err := giveBackTry(); err != nil {
			return err
		}
		if err := giveBack(ctx, client, st.taken()); err != nil {
			return err
		}
		if e.EmailKey != nil {
			if err := s.remember(ctx, client, *e.EmailKey, viewer.OriginOf(ctx).Network(), e.PasswordHash); err != nil {
				return err
			}
		}
		opened.facts = audit.Facts{"factor": string(method)}
		if opened.provider = st.Provider; st.Provider != "" {
			opened.facts["provider"] = st.Provider
		}
		return s.open(ctx, client, e, &opened)
	})
	if err != nil {
		s.refused(system, account, err)
		return Session{}, err
	}
	if opened.facts["factor"] == string(RecoveryCode) {
		s.tell(system, account.ID,
			"one of your recovery codes was used to sign in. If it was not you, tell your administrator at once")
	}
	return s.opened(system, opened)
}

// tryFactor counts an attempt to show a factor of an account, and runs it in a
// transaction. A right factor gives back what the attempt took.
func (s *Service) tryFactor(system context.Context, account *db.Educator,
	try func(ctx context.Context, client *db.Client, giveBackTry func() error) error) error {
	buckets := []bucket{{mark("factor", strconv.Itoa(account.ID)), factorRate}}
	if err := s.take(system, buckets, "too many codes have been tried"); err != nil {
		return err
	}
	err := s.inTurn(system, func(ctx context.Context, client *db.Client) error {
		return try(ctx, client, func() error { return giveBack(ctx, client, buckets) })
	})
	if fault.KindOf(err) == fault.Unavailable { // It has tried no factor.
		s.takeBack(system, attempt{taken: buckets})
	}
	return err
}

// shown checks an answer and uses it up. The account is locked. The ceremony is what a
// passkey was asked to sign.
func (s *Service) shown(ctx context.Context, client *db.Client, e *db.Educator, answer Answer,
	ceremony []byte) (Method, error) {
	switch {
	case len(answer.Passkey) > maxResponse || len(answer.Code) > maxTyped:
		return "", errCode
	case answer.Passkey != "":
		return Passkey, s.signed(ctx, client, e, answer.Passkey, ceremony)
	case factor.IsRecoveryCode(answer.Code):
		n, err := client.RecoveryCode.Delete().
			Where(recoverycode.EducatorID(e.ID), recoverycode.CodeHash(factor.HashRecoveryCode(e.ID, answer.Code))).Exec(ctx)
		if err == nil && n != 1 {
			err = errCode
		}
		return RecoveryCode, err
	default:
		return TOTP, s.shownTOTP(ctx, client, e.ID, answer.Code)
	}
}

// shownTOTP checks a code from an account's app. A code works once, on whichever server.
func (s *Service) shownTOTP(ctx context.Context, client *db.Client, educatorID int, code string) error {
	app, err := client.TotpSecret.Query().Where(totpsecret.EducatorID(educatorID)).Only(ctx)
	if err != nil {
		return orElse(ignoreNotFound(err), errCode)
	}
	secret, err := s.openTOTP(app)
	if err != nil {
		return err
	}
	step, right := factor.Step(secret, code, s.now())
	if !right {
		return errCode
	}
	n, err := client.TotpSecret.Update().Where(totpsecret.ID(app.ID), totpsecret.LastStepLT(step)).SetLastStep(step).
		SetLastUsedAt(s.instant()).Save(ctx)
	if err == nil && n != 1 {
		err = errCode
	}
	return err
}

// signed checks the signature of one of the account's passkeys.
func (s *Service) signed(ctx context.Context, client *db.Client, e *db.Educator, response string,
	ceremony []byte) error {
	if s.factors.Site == nil || len(ceremony) == 0 {
		return errPasskey
	}
	owner, err := ownerOf(ctx, client, e)
	if err != nil {
		return err
	}
	p, err := s.factors.Site.Signed(owner, ceremony, response)
	if err != nil {
		s.log.WarnContext(ctx, "a passkey was refused", "educator", e.ID, "error", err)
		return errPasskey
	}
	return s.usedPasskey(ctx, client, p)
}

// usedPasskey stores the state of a passkey after it has signed. The person has just shown
// the current credentials, so from now on the passkey opens the account alone again.
func (s *Service) usedPasskey(ctx context.Context, client *db.Client, p factor.Passkey) error {
	return client.Passkey.Update().Where(passkey.CredentialHash(hashToken(string(p.ID)))).SetSignCount(int64(p.SignCount)).
		SetBackedUp(flag(p.BackedUp)).SetSecondOnly(0).SetLastUsedAt(s.instant()).Exec(ctx)
}

func flag(yes bool) int8 {
	if yes {
		return 1
	}
	return 0
}

// opened returns a session that has started, in the form that its owner needs.
func (s *Service) opened(system context.Context, o opening) (Session, error) {
	v, err := s.Authenticate(system, o.token)
	return Session{Token: o.token, ExpiresAt: o.expires, Viewer: v, Devices: o.devices}, err
}
