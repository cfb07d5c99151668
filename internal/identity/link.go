package identity

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/ent/db/onetimelink"
	"github.com/openhomeroom/homeroom/ent/db/predicate"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/credential"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/hold"
	"github.com/openhomeroom/homeroom/internal/passwd"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// LinkPath is the page where a link is used.
const LinkPath = "/account/set-password"

var linkLifetimes = map[onetimelink.Purpose]time.Duration{
	onetimelink.PurposeINVITE: 7 * 24 * time.Hour,
	onetimelink.PurposeRESET:  time.Hour,
}

// Link creates a link with which an educator sets the password, once. The secret comes
// after the #, which browsers do not send, so it reaches neither the log of a proxy nor
// another site.
func (s *Service) Link(system context.Context, educatorID int, purpose onetimelink.Purpose) (string, error) {
	return s.linkTo(system, purpose, educator.ID(educatorID))
}

// linkTo is Link for an account that must still be as expected. The account is locked: a
// simultaneous change of its address or password either ends the link or prevents it.
func (s *Service) linkTo(system context.Context, purpose onetimelink.Purpose,
	which ...predicate.Educator) (string, error) {
	secret, now := newSecret(), s.instant()
	err := s.db.InTx(system, func(ctx context.Context, client *db.Client) error {
		e, err := s.locked(ctx, client, which...)
		if err != nil {
			return err
		}
		recordAbout(ctx, audit.LinkMade, e, audit.Facts{"purpose": string(purpose)})
		return client.OneTimeLink.Create().SetEducatorID(e.ID).SetPurpose(purpose).SetTokenHash(hashToken(secret)).
			SetCreatedAt(now).SetExpiresAt(now.Add(linkLifetimes[purpose])).Exec(ctx)
	})
	return s.linkBase + LinkPath + "#" + secret, err
}

// RequestPasswordReset sends a link to an address, if an account has it. If none has, the
// answer is the same after the same work.
func (s *Service) RequestPasswordReset(ctx context.Context, email string) error {
	if len(email) > maxTyped {
		return fault.Invalidf("this is not an address").At("email")
	}
	if s.send == nil {
		return errNoMail
	}
	key := fold.Address(email)
	if err := s.byProviderOnly(key); err != nil {
		return err
	}
	system := viewer.AsSystem(ctx, "request for a new password")
	if _, err := s.takeInNetwork(system, key, "too many links have been requested"); err != nil {
		return err
	}
	// The answer comes before the account is looked up. The link has an entry of its own in
	// the audit trail.
	if err := s.audit.Now(ctx, audit.Event{Action: audit.LinkRequested}); err != nil {
		return err
	}
	kept, _ := ctx.Value(devicesKey{}).(string)
	return s.enqueue(delivery{email: email, purpose: onetimelink.PurposeRESET, devices: kept,
		by: "network " + viewer.OriginOf(ctx).Network()})
}

// isOneTooMany counts a link for a forgotten password just before it is mailed, and
// reports whether the account has already got enough. Mere requests do not count: a
// stranger who asks for addresses of the mailbox that no account has, with some text after
// a plus, could otherwise use up the mails of its owner. Accounts whose addresses differ
// only after a plus have limits of their own, up to a number; later ones share one, so
// that nobody who makes many of them fills the mailbox. A browser in which the account has
// signed in with its current password has its own limit.
func (s *Service) isOneTooMany(system context.Context, e *db.Educator, devices string) (bool, error) {
	account := fold.Address(e.Email)
	own, err := s.hasOwnLinks(system, e, account)
	if err != nil {
		return false, err
	}
	limit := bucket{mark("reset", mailbox(account)), resetRate}
	if own {
		limit.mark = mark("reset of an account", strconv.Itoa(e.ID))
	}
	err = s.take(system, []bucket{limit}, "")
	if isLimit(err) && s.deviceWith(WithDevices(system, devices), account, e.PasswordHash) != "" {
		err = s.take(system, []bucket{{mark("reset in a known browser", account), resetRate}}, "")
	}
	if isLimit(err) {
		s.log.InfoContext(system, "a mailbox has got several links; one more was not sent", "educator", e.ID)
		return true, nil
	}
	return false, err
}

// ownLinks is how many accounts behind a plus of one mailbox have their own limit for
// links: those that were there first, so that a new one takes nothing from them.
const ownLinks = 4

// hasOwnLinks reports whether links to an account do not count with those of others in the
// same mailbox.
func (s *Service) hasOwnLinks(system context.Context, e *db.Educator, account string) (bool, error) {
	box := mailbox(account)
	if account == box {
		return true, nil
	}
	name, domain, _ := strings.Cut(box, "@")
	n, err := s.db.Client(system).Educator.Query().Where(educator.EmailKeyHasPrefix(name+"+"),
		educator.EmailKeyHasSuffix("@"+domain), educator.IDLT(e.ID)).Count(system)
	return n < ownLinks, err
}

var errLink = fault.Conflictf("the link has been used or has expired; ask for a new one").
	WithCode("LINK_ENDED").At("token")

// SetPasswordByLink uses up a link: it sets the password of the educator, and ends all
// sessions and other links. From then on the network is known, and so is the browser,
// which keeps the returned value as Session.Devices. So a stranger who guesses passwords
// cannot lock the educator out.
func (s *Service) SetPasswordByLink(ctx context.Context, secret, password string) (devices string, err error) {
	if err := passwd.Check(password); err != nil {
		return "", err
	}
	system := viewer.AsSystem(ctx, "password set by a link")
	usable := func(client *db.Client) *db.OneTimeLinkQuery {
		return client.OneTimeLink.Query().Where(onetimelink.TokenHash(hashToken(secret)), onetimelink.UsedAtIsNil(),
			onetimelink.PurposeIn(onetimelink.PurposeINVITE, onetimelink.PurposeRESET),
			onetimelink.ExpiresAtGT(s.instant()), onetimelink.HasEducatorWith(educator.Disabled(0), educator.Service(0)))
	}
	// Nothing is hashed for somebody without a link.
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
		// If several come at once, only one changes the row.
		n, err := client.OneTimeLink.Update().Where(onetimelink.ID(link.ID), onetimelink.UsedAtIsNil()).
			SetUsedAt(s.instant()).Save(ctx)
		if err != nil || n != 1 {
			return orElse(err, errLink)
		}
		if err := s.setPassword(ctx, client, link.Edges.Educator, hash, true); err != nil {
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

// setPassword changes a password and ends everything that was opened with the old one. An
// address whose accounts must sign in through a provider never gets a password. link says
// that the password was set by a link; then whoever has named the address, and reads its
// mail, may have set it.
func (s *Service) setPassword(ctx context.Context, client *db.Client, e *db.Educator, hash string, link bool) error {
	key := ""
	if e.EmailKey != nil {
		key = *e.EmailKey
	}
	if err := s.guard.RefuseDomain(credential.Change{EducatorID: e.ID, Old: key, New: key, Password: true}); err != nil {
		return err
	}
	if err := client.Educator.UpdateOneID(e.ID).SetPasswordHash(hash).Exec(ctx); err != nil {
		return err
	}
	recordAbout(ctx, audit.PasswordSet, e, nil)
	note := func() error { return hold.NoteWay(ctx, client, s.now(), hold.ByPassword, nil, e.ID) }
	if link {
		note = func() error { return hold.NoteLink(ctx, client, e.ID) }
	}
	if err := note(); err != nil {
		return err
	}
	return credential.Changed(ctx, client, s.instant(), e.ID)
}

func orElse(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}
