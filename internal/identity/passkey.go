package identity

import (
	"context"
	"strings"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/ent/db/factorchallenge"
	"github.com/openhomeroom/homeroom/ent/db/passkey"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/factor"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

const (
	// maxPasskeys is how many an account may have.
	maxPasskeys = 20
	// maxResponse limits the answer of a browser, in bytes.
	maxResponse = 64 << 10
)

var (
	errNoSite = fault.Unavailablef(
		"passkeys need a server with a domain name; the person who runs it has to set --public-url to https and a domain, " +
			"or open it as localhost on the same machine").WithCode("PASSKEYS_UNAVAILABLE")
	errPasskey = fault.Invalidf("this passkey does not open the account; use another passkey, or another way to sign in").
			WithCode("WRONG_PASSKEY").At("passkey")
	// errSecondOnly is shown only to somebody who has the passkey.
	errSecondOnly = fault.Invalidf(
		"the address or the password of your account has changed; sign in with the password or at your provider, " +
			"and then use this passkey once as the second factor").WithCode("WRONG_PASSKEY").At("passkey")
	errThere = fault.Conflictf("this passkey has already been added").WithCode("PASSKEY_EXISTS").At("response")
)

// PasskeyStep is a request for a browser to sign something.
type PasskeyStep struct {
	Challenge
	// Options is the request to the browser, as JSON.
	Options string
	// Origin is the address at which the passkey works.
	Origin string
}

// PasskeyOrigin is the address at which passkeys work; empty if they do not.
func (s *Service) PasskeyOrigin() string {
	if s.factors.Site == nil {
		return ""
	}
	return s.factors.Site.Origin
}

// ownerOf is an account with its passkeys.
func ownerOf(ctx context.Context, client *db.Client, e *db.Educator) (factor.Owner, error) {
	owner := factor.Owner{Account: e.ID, Name: e.Email, Title: strings.TrimSpace(e.FirstName + " " + e.LastName)}
	list, err := client.Passkey.Query().Where(passkey.EducatorID(e.ID)).Order(passkey.ByID()).All(ctx)
	for _, row := range list {
		p := factor.Passkey{
			ID:             row.CredentialID,
			PublicKey:      row.PublicKey,
			AAGUID:         row.Aaguid,
			BackupEligible: row.BackupEligible == 1,
			BackedUp:       row.BackedUp == 1,
			SignCount:      uint32(row.SignCount),
		}
		if row.Transports != "" {
			p.Transports = strings.Split(row.Transports, ",")
		}
		owner.Passkeys = append(owner.Passkeys, p)
	}
	return owner, err
}

// passkeyStep starts a step that a browser has to answer.
func (s *Service) passkeyStep(ctx context.Context, client *db.Client, purpose factorchallenge.Purpose, educatorID,
	sessionID *int, asked factor.Ceremony, taken ...bucket) (PasskeyStep, error) {
	st := state{Ceremony: asked.State}
	st.takes(taken)
	c, err := s.pose(ctx, client, purpose, educatorID, sessionID, st)
	return PasskeyStep{Challenge: c, Options: asked.Options, Origin: s.factors.Site.Origin}, err
}

// BeginPasskey asks for a new passkey of the viewer.
func (s *Service) BeginPasskey(ctx context.Context) (step PasskeyStep, err error) {
	if s.factors.Site == nil {
		return step, errNoSite
	}
	err = s.change(ctx, func(ctx context.Context, client *db.Client, e *db.Educator, own *db.Session) error {
		if err := s.ownFactors(e); err != nil {
			return err
		}
		owner, err := ownerOf(ctx, client, e)
		switch {
		case err != nil:
			return err
		case len(owner.Passkeys) >= maxPasskeys:
			return fault.Conflictf("you already have %d passkeys; remove one first", maxPasskeys).WithCode("TOO_MANY_PASSKEYS")
		}
		asked, err := s.factors.Site.Register(owner)
		if err != nil {
			return err
		}
		step, err = s.passkeyStep(ctx, client, factorchallenge.PurposePASSKEY, &e.ID, &own.ID, asked)
		return err
	})
	return step, err
}

// FinishPasskey stores a new passkey of the viewer. If it is the first factor, it returns
// recovery codes.
func (s *Service) FinishPasskey(ctx context.Context, token, response, name string) (p *db.Passkey,
	codes []string, err error) {
	if s.factors.Site == nil {
		return nil, nil, errNoSite
	}
	if name, err = checkPasskeyName(name); err != nil {
		return nil, nil, err
	}
	err = s.change(ctx, func(ctx context.Context, client *db.Client, e *db.Educator, own *db.Session) error {
		st, err := s.takeChallenge(ctx, client, token, factorchallenge.PurposePASSKEY, own)
		if err != nil {
			return err
		}
		owner, err := ownerOf(ctx, client, e)
		if err != nil {
			return err
		}
		made, err := s.factors.Site.Registered(owner, st.Ceremony, response)
		if err != nil || len(response) > maxResponse {
			s.log.WarnContext(ctx, "a new passkey was refused", "educator", e.ID, "error", err)
			return fault.Invalidf("the browser's answer cannot be used; begin again").
				WithCode("WRONG_PASSKEY").At("response")
		}
		now := s.instant()
		p, err = client.Passkey.Create().SetEducatorID(e.ID).SetName(name).SetCredentialHash(hashToken(string(made.ID))).
			SetCredentialID(made.ID).
			SetPublicKey(made.PublicKey).SetAaguid(made.AAGUID).SetTransports(strings.Join(made.Transports, ",")).
			SetBackupEligible(flag(made.BackupEligible)).SetBackedUp(flag(made.BackedUp)).SetSignCount(int64(made.SignCount)).
			SetCreatedAt(now).Save(ctx)
		if err != nil {
			return err
		}
		codes, err = s.added(ctx, client, e, own, Passkey, audit.Facts{"passkey": globalid.Encode(globalid.Passkey, p.ID)})
		return err
	})
	if database.IsDuplicate(err) {
		return nil, nil, errThere
	}
	if err == nil {
		s.tell(ctx, p.EducatorID, "a passkey was added to your account")
	}
	return p, codes, err
}

func checkPasskeyName(name string) (string, error) {
	name = roster.Clean(name)
	if name == "" {
		name = "Passkey"
	}
	if err := roster.CheckName(name, "name of the passkey", roster.MaxName); err != nil {
		return "", err.At("name")
	}
	return name, nil
}

var errNoPasskey = fault.NotFoundf("you have no such passkey").At("id")

// RenamePasskey renames one of the viewer's passkeys.
func (s *Service) RenamePasskey(ctx context.Context, id int, name string) (p *db.Passkey, err error) {
	if name, err = checkPasskeyName(name); err != nil {
		return nil, err
	}
	err = s.change(ctx, func(ctx context.Context, client *db.Client, e *db.Educator, _ *db.Session) error {
		n, err := client.Passkey.Update().Where(passkey.ID(id), passkey.EducatorID(e.ID)).SetName(name).Save(ctx)
		if err != nil || n == 0 {
			return orElse(err, errNoPasskey)
		}
		recordAbout(ctx, audit.PasskeyRenamed, e, audit.Facts{"passkey": globalid.Encode(globalid.Passkey, id)})
		p, err = client.Passkey.Get(ctx, id)
		return err
	})
	return p, err
}

// RemovePasskey removes one of the viewer's passkeys.
func (s *Service) RemovePasskey(ctx context.Context, id int) error {
	educatorID := 0
	err := s.change(ctx, func(ctx context.Context, client *db.Client, e *db.Educator, own *db.Session) error {
		educatorID = e.ID
		n, err := client.Passkey.Delete().Where(passkey.ID(id), passkey.EducatorID(e.ID)).Exec(ctx)
		if err != nil || n == 0 {
			return orElse(err, errNoPasskey)
		}
		return s.removed(ctx, client, e, own, Passkey, audit.Facts{"passkey": globalid.Encode(globalid.Passkey, id)})
	})
	if err == nil {
		s.tell(ctx, educatorID, "a passkey was removed from your account")
	}
	return err
}

// BeginPasskeySignIn asks for a passkey without knowing whose it will be. It needs no
// account, so it is limited by network. A completed sign-in does not count, so a whole
// school can sign in from one address.
func (s *Service) BeginPasskeySignIn(ctx context.Context) (step PasskeyStep, err error) {
	if s.factors.Site == nil {
		return step, errNoSite
	}
	system := viewer.AsSystem(ctx, "sign-in with a passkey")
	// The owner of the passkey is not known yet.
	taken, err := s.takeInNetwork(system, "", "too many attempts to sign in")
	if err != nil {
		return step, err
	}
	asked, err := s.factors.Site.AskAnybody()
	if err != nil {
		return step, err
	}
	err = s.inTurn(system, func(ctx context.Context, client *db.Client) error {
		step, err = s.passkeyStep(ctx, client, factorchallenge.PurposePASSKEY_SIGN_IN, nil, nil, asked, taken...)
		return err
	})
	return step, err
}

// FinishPasskeySignIn starts a session for the owner of the passkey that has signed. The
// device has verified its user, so the passkey counts as both factors. Every failure gets
// the same answer.
func (s *Service) FinishPasskeySignIn(ctx context.Context, token, response string) (Session, error) {
	if s.factors.Site == nil {
		return Session{}, errNoSite
	}
	system := viewer.AsSystem(ctx, "sign-in with a passkey")
	if _, err := s.posed(system, s.db.Client(system), token, factorchallenge.PurposePASSKEY_SIGN_IN); err != nil {
		return Session{}, err
	}
	account, err := s.ownerByResponse(system, response)
	if err != nil {
		return Session{}, err
	}
	opened := opening{secondFactor: true, facts: audit.Facts{"factor": string(Passkey)}}
	err = s.inTurn(system, func(ctx context.Context, client *db.Client) error {
		if account == nil {
			return errPasskey
		}
		e, err := s.lockEnabled(ctx, client, educator.ID(account.ID), educator.EmailKeyNotNil())
		if err != nil || e == nil {
			return orElse(err, errPasskey)
		}
		st, err := s.takeChallenge(ctx, client, token, factorchallenge.PurposePASSKEY_SIGN_IN, nil)
		if err != nil {
			return err
		}
		owner, err := ownerOf(ctx, client, e)
		if err != nil {
			return err
		}
		p, err := s.factors.Site.SignedByAnybody(owner, st.Ceremony, response)
		if err != nil {
			s.log.WarnContext(ctx, "a passkey was refused", "educator", e.ID, "error", err)
			return errPasskey
		}
		if err := s.opensAlone(ctx, client, e, p); err != nil {
			return err
		}
		if err := s.usedPasskey(ctx, client, p); err != nil {
			return err
		}
		if err := giveBack(ctx, client, st.taken()); err != nil {
			return err
		}
		if err := s.remember(ctx, client, *e.EmailKey, viewer.OriginOf(ctx).Network(), e.PasswordHash); err != nil {
			return err
		}
		return s.open(ctx, client, e, &opened)
	})
	if err != nil {
		s.refused(system, account, err)
		return Session{}, err
	}
	return s.opened(system, opened)
}

// opensAlone refuses a passkey that has signed but is not enough for its account. Only
// somebody with the passkey learns these reasons.
func (s *Service) opensAlone(ctx context.Context, client *db.Client, e *db.Educator, p factor.Passkey) error {
	if err := s.byProviderOnly(*e.EmailKey); err != nil {
		return err
	}
	secondOnly, err := client.Passkey.Query().
		Where(passkey.CredentialHash(hashToken(string(p.ID))), passkey.SecondOnly(1)).Exist(ctx)
	if err == nil && secondOnly {
		err = errSecondOnly
	}
	return err
}

// ownerByResponse returns the account of the passkey in a response, or nil.
func (s *Service) ownerByResponse(system context.Context, response string) (*db.Educator, error) {
	if len(response) > maxResponse {
		return nil, nil
	}
	id, err := factor.CredentialID(response)
	if err != nil {
		return nil, nil //nolint:nilerr // an unreadable response opens nothing
	}
	p, err := s.db.Client(system).Passkey.Query().Where(passkey.CredentialHash(hashToken(string(id)))).Only(system)
	if err != nil {
		return nil, ignoreNotFound(err)
	}
	e, err := s.db.Client(system).Educator.Get(system, p.EducatorID)
	return e, ignoreNotFound(err)
}
