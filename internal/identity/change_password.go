package identity

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/credential"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/passwd"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

var errNoPassword = fault.Conflictf("your account has no password; ask for a link on the sign-in page").
	WithCode("NO_PASSWORD").At("currentPassword")

// ChangePassword replaces the password of the viewer's own account and ends its other
// sessions. The limits of signing in apply to the old password. It is nobody's hand in the
// account, and removes none: whoever has set the old password knows it, and could have
// changed it as well. Only a link removes such a hand (hold.NoteLink). The result is
// Session.Devices.
func (s *Service) ChangePassword(ctx context.Context, old, typed string) (devices string, err error) {
	v := viewer.FromContext(ctx)
	system := viewer.AsSystem(ctx, "password that somebody changes")
	account, err := s.db.Client(system).Educator.Get(system, v.EducatorID)
	if err != nil {
		return "", err
	}
	if account.EmailKey != nil {
		if err := s.byProviderOnly(*account.EmailKey); err != nil {
			return "", err
		}
	}
	if account.PasswordHash == "" {
		return "", errNoPassword
	}
	if err := s.checkPasswordOf(system, account, typed); err != nil {
		if f := fault.From(err); f != nil {
			return "", f.At("newPassword")
		}
		return "", err
	}
	try, err := s.verifyOwn(system, account, old, "currentPassword")
	if err != nil {
		return "", err
	}
	hash, err := s.hasher.Hash(ctx, typed)
	if err != nil {
		return "", err
	}
	err = s.inTurn(system, func(ctx context.Context, client *db.Client) error {
		// Somebody else may set the password or disable the account meanwhile.
		e, err := s.lockEnabled(ctx, client, educator.ID(account.ID), educator.PasswordHash(account.PasswordHash))
		if err != nil || e == nil {
			return orElse(err, ErrSession)
		}
		own, err := s.ownSession(ctx, client, v)
		if err != nil {
			return err
		}
		if err := giveBack(ctx, client, try.taken); err != nil {
			return err
		}
		if err := client.Educator.UpdateOneID(e.ID).SetPasswordHash(hash).Exec(ctx); err != nil {
			return err
		}
		recordAbout(ctx, audit.PasswordSet, e, audit.Facts{"byOwner": true})
		if err := credential.ChangedByOwner(ctx, client, s.instant(), e.ID, own.ID); err != nil || e.EmailKey == nil {
			return err
		}
		devices = s.devices(ctx, *e.EmailKey, hash)
		return s.remember(ctx, client, *e.EmailKey, viewer.OriginOf(ctx).Network(), hash)
	})
	if err != nil {
		return "", err
	}
	s.tell(ctx, account.ID, "the password of your account was changed, and its other sessions were signed out")
	return devices, nil
}

// verifyOwn checks the password of the caller's own account, which was typed into a field.
// The limits of signing in apply; what it has taken is to be given back.
func (s *Service) verifyOwn(system context.Context, account *db.Educator, typed, field string) (attempt, error) {
	if typed == "" {
		return attempt{}, fault.Invalidf("give your password").WithCode("REQUIRED").At(field)
	}
	if len(typed) > passwd.MaxBytes {
		return attempt{}, errSignIn.At(field)
	}
	try, err := s.admit(system, fold.Address(account.Email), account.PasswordHash)
	if err != nil {
		return try, err
	}
	right, err := s.verify(system, typed, account.PasswordHash, try)
	switch {
	case err != nil:
		return try, err
	case !right && try.refusal != nil:
		return try, try.refusal
	case !right:
		return try, fault.Invalidf("the password is wrong").WithCode("WRONG_CREDENTIALS").At(field)
	default:
		return try, nil
	}
}
