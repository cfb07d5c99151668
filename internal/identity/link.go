package identity

import (
	"context"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/ent/db/onetimelink"
	"github.com/openhomeroom/homeroom/ent/db/predicate"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// LinkPath is the page at which a link is used.
const LinkPath = "/account/set-password"

var linkLifetimes = map[onetimelink.Purpose]time.Duration{
	onetimelink.PurposeINVITE: 7 * 24 * time.Hour,
	onetimelink.PurposeRESET:  time.Hour,
}

// Link makes a link by which an educator sets the password, once. The secret
// stands behind the #, which browsers keep to themselves: it reaches neither the
// log of a proxy nor another site.
func (s *Service) Link(system context.Context, educatorID int, purpose onetimelink.Purpose) (string, error) {
	return s.linkTo(system, purpose, educator.ID(educatorID))
}

// linkTo is Link for an account as it has to be still. It is locked: whoever changes its
// address or its password at this moment ends the link, or there is none.
func (s *Service) linkTo(system context.Context, purpose onetimelink.Purpose,
	which ...predicate.Educator) (string, error) {
	secret, now := newSecret(), s.instant()
	err := s.db.InTx(system, func(ctx context.Context, client *db.Client) error {
		query := client.Educator.Query().Where(which...)
		if s.db.RowLocks() {
			query.ForUpdate()
		}
		e, err := query.Only(ctx)
		if err != nil {
			return err
		}
		recordAbout(ctx, audit.LinkMade, e, audit.Facts{"purpose": string(purpose)})
		return client.OneTimeLink.Create().SetEducatorID(e.ID).SetPurpose(purpose).SetTokenHash(hashToken(secret)).
			SetCreatedAt(now).SetExpiresAt(now.Add(linkLifetimes[purpose])).Exec(ctx)
	})
	return s.linkBase + LinkPath + "#" + secret, err
}

// RequestPasswordReset sends a link to an address, if it is that of an account.
// The answer is the same, after the same work, if it is not.
func (s *Service) RequestPasswordReset(ctx context.Context, email string) error {
	if len(email) > maxTyped {
		return fault.Invalidf("this is not an address").At("email")
	}
	if s.send == nil {
		return errNoMail
	}
	if err := s.byProviderOnly(fold.Key(email)); err != nil {
		return err
	}
	key := fold.Key(email)
	system := viewer.AsSystem(ctx, "request for a new password")
	if _, err := s.takeInNetwork(system, key, "a link has been asked for too often",
		bucket{mark("reset", key), resetRate}); err != nil {
		return err
	}
	// Whether there is such an account is not looked up before the answer; the link
	// that is made for one has an entry of its own.
	if err := s.audit.Now(ctx, audit.Event{Action: audit.LinkRequested}); err != nil {
		return err
	}
	return s.enqueue(delivery{emailKey: key, purpose: onetimelink.PurposeRESET})
}

var errLink = fault.Conflictf("the link has been used, or its time is over; ask for a new one").
	WithCode("LINK_ENDED").At("token")

// SetPasswordByLink uses a link up: it sets the password of its educator, and ends
// all sessions and other links. The network from which it is used is known from
// then on, and so is the browser, which keeps what is returned as Session.Devices, so
// that a stranger who guesses passwords cannot keep the educator from signing in.
func (s *Service) SetPasswordByLink(ctx context.Context, secret, password string) (devices string, err error) {
	if err := CheckPassword(password); err != nil {
		return "", err
	}
	system := viewer.AsSystem(ctx, "password set by a link")
	usable := func(client *db.Client) *db.OneTimeLinkQuery {
		return client.OneTimeLink.Query().Where(onetimelink.TokenHash(hashToken(secret)), onetimelink.UsedAtIsNil(),
			onetimelink.PurposeIn(onetimelink.PurposeINVITE, onetimelink.PurposeRESET),
			onetimelink.ExpiresAtGT(s.instant()), onetimelink.HasEducatorWith(educator.Disabled(0), educator.Service(0)))
	}
	// Nothing is hashed for somebody who has no link.
	held, err := usable(s.db.Client(system)).WithEducator().Only(system)
	if err != nil {
		return "", orElse(ignoreNotFound(err), errLink)
	}
	if key := held.Edges.Educator.EmailKey; key != nil {
		if err := s.byProviderOnly(*key); err != nil {
			return "", err
		}
	}
	if err := s.checkPasswordOf(system, held.Edges.Educator, password); err != nil {
		return "", err
	}
	hash, err := s.hasher.Hash(ctx, password)
	if err != nil {
		return "", err
	}
	err = s.inTurn(system, func(ctx context.Context, client *db.Client) error {
		link, err := usable(client).WithEducator().Only(ctx)
		if db.IsNotFound(err) {
			return errLink
		}
		if err != nil {
			return err
		}
		// Of several who come at once, one changes the row.
		n, err := client.OneTimeLink.Update().Where(onetimelink.ID(link.ID), onetimelink.UsedAtIsNil()).
			SetUsedAt(s.instant()).Save(ctx)
		if err != nil || n != 1 {
			return orElse(err, errLink)
		}
		if err := s.setPassword(ctx, client, link.Edges.Educator, hash); err != nil {
			return err
		}
		if key := link.Edges.Educator.EmailKey; key != nil {
			devices = s.devices(ctx, *key, hash)
			return s.remember(ctx, client, *key, viewer.OriginOf(ctx).Network(), hash)
		}
		return nil
	})
	return devices, err
}

// setPassword changes a password and ends whatever was opened with the old one. An
// address whose accounts sign in at a provider gets none, by whatever way.
func (s *Service) setPassword(ctx context.Context, client *db.Client, e *db.Educator, hash string) error {
	key := ""
	if e.EmailKey != nil {
		key = *e.EmailKey
	}
	if err := s.guard.refuseDomain(Change{EducatorID: e.ID, Old: key, New: key, Password: true}); err != nil {
		return err
	}
	if err := client.Educator.UpdateOneID(e.ID).SetPasswordHash(hash).Exec(ctx); err != nil {
		return err
	}
	recordAbout(ctx, audit.PasswordSet, e, nil)
	return CredentialsChanged(ctx, client, s.instant(), e.ID)
}

func orElse(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}
