package identity

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/ent/db/externalidentity"
	"github.com/openhomeroom/homeroom/ent/db/onetimelink"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/credential"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// External is a person as an OpenID provider describes them, in a verified token.
type External struct {
	// Provider is the name of the provider here, for the log.
	Provider string
	// Issuer and Subject identify the provider and the person for good.
	Issuer, Subject string
	// Email counts only if the provider has verified it.
	Email    string
	Verified bool
	// Domains are those of the addresses whose accounts the provider may open; empty for
	// all.
	Domains []string
	// Required is true if the operator requires the provider for these domains. It then
	// counts as a second factor, because it asks for one itself.
	Required bool
}

// standsIn reports whether the provider counts as a second factor.
func (who External) standsIn(e *db.Educator) bool {
	return who.Required && len(who.Domains) > 0 && inDomains(e, who.Domains)
}

// appCodeLifetime is how long an app may take to use its code.
const appCodeLifetime = time.Minute

// The limits of what a provider sends. Longer values are not stored.
const maxExternal = 255

// errNoExternal refuses somebody who comes from a provider. It does not say for which
// reason.
var errNoExternal = fault.Invalidf(
	"no account here can be opened this way; ask your administrator for an account " +
		"with exactly the address that you use there, and check that the address has been confirmed there").
	WithCode("NO_ACCOUNT")

// SignInExternally starts a session for a person from a provider. The first time, the
// account is found by the verified address, and the person is linked to it; from then on
// the link counts, whatever the address. An account with a second factor returns a
// *StepRequired, unless the provider counts as one.
//
// The error is the same for every reason: the address is unknown or not verified; the
// account is disabled, belongs to a program, has no address any more, lies outside the
// domains of the provider, must sign in at another provider, or is linked to another
// person there. The log tells them apart.
func (s *Service) SignInExternally(ctx context.Context, who External) (Session, error) {
	var opened opening
	var step *StepRequired
	system := viewer.AsSystem(ctx, "sign-in by a provider")
	account, err := s.admitExternally(system, who,
		func(ctx context.Context, client *db.Client, e *db.Educator) (err error) {
			opened = opening{
				facts: audit.Facts{"provider": who.Provider}, provider: who.Provider, secondFactor: who.standsIn(e),
			}
			if !opened.secondFactor {
				if step, err = s.secondStep(ctx, client, e, attempt{}, who.Provider); err != nil || step != nil {
					return err
				}
			}
			if err = s.open(ctx, client, e, &opened); err != nil {
				return err
			}
			// As after a right password, so that nobody who guesses can lock the person out.
			return s.remember(ctx, client, *e.EmailKey, viewer.OriginOf(ctx).Network(), e.PasswordHash)
		})
	if err != nil {
		return Session{}, err
	}
	if step != nil {
		s.refused(system, account, step)
		return Session{}, step
	}
	return s.opened(system, opened)
}

// record writes down what somebody does who is just signing in.
func record(ctx context.Context, action audit.Action, e *db.Educator, facts audit.Facts) {
	audit.Record(ctx, audit.Event{
		Action:         action,
		DistrictID:     e.DistrictID,
		OrganizationID: e.DistrictID,
		Target:         audit.On(globalid.Educator, e.ID),
		Facts:          facts,
		Actor:          &audit.Actor{Kind: audit.Educator, ID: e.ID, DistrictID: e.DistrictID, OrganizationID: e.DistrictID},
	})
}

// challengeForm is a SHA-256 in base64url, as in PKCE.
var challengeForm = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

// IsChallenge reports whether a text can be the challenge of an app.
func IsChallenge(text string) bool { return challengeForm.MatchString(text) }

// AppCode is SignInExternally for a mobile app. Instead of a session it creates a code for
// the app, which is passed through the browser. The code works once, within a minute, and
// only with the verifier of the challenge, so another app that intercepts it cannot use
// it.
func (s *Service) AppCode(ctx context.Context, who External, challenge string) (string, error) {
	code, now := newSecret(), s.instant()
	system := viewer.AsSystem(ctx, "sign-in of an app by a provider")
	_, err := s.admitExternally(system, who, func(ctx context.Context, client *db.Client, e *db.Educator) error {
		return client.OneTimeLink.Create().SetEducatorID(e.ID).SetPurpose(onetimelink.PurposeAPP).
			SetTokenHash(hashAppCode(code, challenge)).SetSecondFactor(flag(who.standsIn(e))).SetProvider(who.Provider).
			SetCreatedAt(now).SetExpiresAt(now.Add(appCodeLifetime)).Exec(ctx)
	})
	return code, err
}

func hashAppCode(code, challenge string) string { return hashToken(code + "\x00" + challenge) }

var errAppCode = fault.Conflictf(
	"the code has been used, has expired, or belongs to another sign-in; sign in again").
	WithCode("CODE_ENDED").At("code")

// SignInWithCode uses up a code and starts a session.
func (s *Service) SignInWithCode(ctx context.Context, code, verifier string) (Session, error) {
	if len(code) > maxTyped || len(verifier) > maxTyped {
		return Session{}, errAppCode
	}
	sum := sha256.Sum256([]byte(verifier))
	hash := hashAppCode(code, base64.RawURLEncoding.EncodeToString(sum[:]))
	var opened opening
	var step *StepRequired
	var account *db.Educator
	system := viewer.AsSystem(ctx, "sign-in of an app by its code")
	err := s.inTurn(system, func(ctx context.Context, client *db.Client) error {
		link, err := client.OneTimeLink.Query().
			Where(onetimelink.TokenHash(hash), onetimelink.PurposeEQ(onetimelink.PurposeAPP),
				onetimelink.UsedAtIsNil(), onetimelink.ExpiresAtGT(s.instant())).Only(ctx)
		if err != nil {
			return orElse(ignoreNotFound(err), errAppCode)
		}
		// If several come at once, only one changes the row.
		n, err := client.OneTimeLink.Update().Where(onetimelink.ID(link.ID), onetimelink.UsedAtIsNil()).
			SetUsedAt(s.instant()).Save(ctx)
		if err != nil || n != 1 {
			return orElse(err, errAppCode)
		}
		e, err := s.lockEnabled(ctx, client, educator.ID(link.EducatorID))
		if err != nil || e == nil {
			return orElse(err, errAppCode)
		}
		if s.begunElsewhere(e.EmailKey, link.Provider) {
			return errAppCode
		}
		account, opened = e, opening{
			facts: audit.Facts{"provider": link.Provider, "app": true}, provider: link.Provider,
			secondFactor: link.SecondFactor == 1,
		}
		if !opened.secondFactor {
			if step, err = s.secondStep(ctx, client, e, attempt{}, link.Provider); err != nil || step != nil {
				return err
			}
		}
		return s.open(ctx, client, e, &opened)
	})
	if err != nil {
		return Session{}, err
	}
	if step != nil {
		s.refused(system, account, step)
		return Session{}, step
	}
	return s.opened(system, opened)
}

// admitExternally finds the account of a person and calls admit in the same transaction,
// which does what the person came for.
func (s *Service) admitExternally(system context.Context, who External,
	admit func(context.Context, *db.Client, *db.Educator) error) (account *db.Educator, err error) {
	if who.Issuer == "" || who.Subject == "" || len(who.Issuer) > maxExternal || len(who.Subject) > maxExternal {
		return nil, s.refuseExternal(system, who, nil, "the provider's name for the person is missing or too long")
	}
	// MySQL treats texts that differ only in trailing spaces as equal.
	if strings.HasSuffix(who.Issuer, " ") || strings.HasSuffix(who.Subject, " ") {
		return nil, s.refuseExternal(system, who, nil, "the provider's name for the person ends with a space")
	}
	var reason string
	attempt := func() error {
		return s.inTurn(system, func(ctx context.Context, client *db.Client) (err error) {
			reason = ""
			if account, reason, err = s.external(ctx, client, who); err != nil || reason != "" {
				return err
			}
			return admit(ctx, client, account)
		})
	}
	for range externalAttempts {
		if err = attempt(); !database.IsDuplicate(err) && !errors.Is(err, errUnlinked) {
			break
		}
		// Somebody was linked or unlinked at the same moment: the same person in another tab, or
		// another person, who is refused.
		account = nil
	}
	if database.IsDuplicate(err) || errors.Is(err, errUnlinked) {
		reason, err = "others were linked or unlinked at the same moment, again and again", nil
	}
	if err == nil && reason != "" {
		err = s.refuseExternal(system, who, account, reason)
	}
	if err != nil {
		return nil, err
	}
	return account, nil
}

// externalAttempts is how often a person is looked up again because others are linked and
// unlinked.
const externalAttempts = 3

// errUnlinked is for a person who was unlinked while the account was locked.
var errUnlinked = errors.New("the person was unlinked at the same moment")

// external returns the account of a person, or the reason why there is none. The first
// time, it links the person to the account.
func (s *Service) external(ctx context.Context, client *db.Client, who External) (e *db.Educator,
	reason string, err error) {
	now := s.instant()
	link, err := client.ExternalIdentity.Query().
		Where(externalidentity.Issuer(who.Issuer), externalidentity.Subject(who.Subject)).Only(ctx)
	switch {
	case err == nil && (link.Issuer != who.Issuer || link.Subject != who.Subject):
		// An older row belongs to a name that ends with a space; such names are refused
		// now.
		return nil, "the database takes somebody else of the provider for the person", nil
	case err == nil:
		e, err = s.lockEnabled(ctx, client, educator.ID(link.EducatorID))
		if err != nil || e == nil {
			return nil, "the account is disabled", err
		}
		if reason := s.closedTo(who, e); reason != "" {
			return e, reason, nil
		}
		err = client.ExternalIdentity.UpdateOneID(link.ID).SetLastUsedAt(now).Exec(ctx)
		if db.IsNotFound(err) {
			err = errUnlinked
		}
		return e, "", err
	case !db.IsNotFound(err):
		return nil, "", err
	case !who.Verified || who.Email == "" || len(who.Email) > maxTyped:
		return nil, "the provider has not verified the address", nil
	}
	e, similar, err := withAddress(ctx, client, who.Email)
	switch {
	case err != nil:
		return nil, "", err
	case e == nil && similar != nil:
		return similar, "the address is only similar to that of the account", nil
	case e != nil:
		e, err = s.lockEnabled(ctx, client, educator.ID(e.ID), educator.Email(e.Email))
	}
	if err != nil || e == nil {
		return nil, "no account that is enabled has the address", err
	}
	if reason := s.closedTo(who, e); reason != "" {
		return e, reason, nil
	}
	// The account is locked now, but the same person in another tab may have been first.
	linked, err := client.ExternalIdentity.Query().
		Where(externalidentity.EducatorID(e.ID), externalidentity.Issuer(who.Issuer)).Only(ctx)
	switch {
	case err == nil && linked.Subject == who.Subject:
		return e, "", nil
	case err == nil:
		return e, "the account is linked to another person of the provider", nil
	case !db.IsNotFound(err):
		return nil, "", err
	}
	record(ctx, audit.AccountLinked, e, audit.Facts{"provider": who.Provider})
	return e, "", client.ExternalIdentity.Create().SetEducatorID(e.ID).SetIssuer(who.Issuer).SetSubject(who.Subject).
		SetCreatedAt(now).SetLastUsedAt(now).Exec(ctx)
}

func (s *Service) refuseExternal(ctx context.Context, who External, e *db.Educator, reason string) error {
	id := 0
	event := audit.Event{
		Action: audit.SignInRefused, Code: errNoExternal.Code, Facts: audit.Facts{"provider": who.Provider, "reason": reason},
		Actor: &audit.Actor{Kind: audit.Anonymous},
	}
	if e != nil {
		id = e.ID
		event.DistrictID, event.OrganizationID, event.Target = e.DistrictID, e.DistrictID, audit.On(globalid.Educator, e.ID)
	}
	s.log.WarnContext(ctx, "a sign-in by a provider was refused", "provider", who.Provider, "reason",
		reason, "educator", id)
	s.audit.Refused(ctx, event)
	return errNoExternal
}

// closedTo returns why a provider may not open an account, or nothing. If a provider is
// required, neither a password nor another provider opens the account. Nothing opens an
// account without an address: the operator's commands would not find it either.
func (s *Service) closedTo(who External, e *db.Educator) string {
	switch {
	case e.EmailKey == nil:
		return "the account no longer has an address"
	case !inDomains(e, who.Domains):
		return "the account is in no domain of the provider"
	case !who.standsIn(e) && s.guard.Provider(*e.EmailKey) != "":
		return "the account has to sign in at another provider"
	default:
		return ""
	}
}

func inDomains(e *db.Educator, domains []string) bool {
	if len(domains) == 0 {
		return true
	}
	// A provider vouches for exactly its domains, so nothing is folded here.
	own := fold.Domain(e.Email[strings.LastIndex(e.Email, "@")+1:])
	return e.EmailKey != nil && slices.ContainsFunc(domains,
		func(domain string) bool { return fold.Domain(domain) == own })
}

// domainOf is the domain of an address by its key, in the form of Guard.
func domainOf(emailKey string) string { return fold.DomainOfKey(emailKey) }

// byProviderOnly returns the error for addresses that must sign in through a provider, or
// nil. It reveals nothing about accounts, because only the domain decides.
func (s *Service) byProviderOnly(emailKey string) error {
	if label := s.guard.Provider(emailKey); label != "" {
		return fault.Invalidf("people with this address sign in with %s, not with a password here", label).
			WithCode("SIGN_IN_WITH_PROVIDER").At("email")
	}
	return nil
}

// begunElsewhere reports whether an address must sign in through a provider, and something
// was begun in another way, for example before the provider was required. What was begun
// at a provider has its name.
func (s *Service) begunElsewhere(emailKey *string, provider string) bool {
	if emailKey == nil || !s.guard.Any() {
		return false
	}
	domain := domainOf(*emailKey)
	return s.guard.Provider(domain) != "" && !slices.Contains(s.namesOf[domain], provider)
}

// Unlink removes the links of an account to persons at providers, for the operator, and
// ends their sessions. The next person with the verified address is linked anew.
func (s *Service) Unlink(ctx context.Context, email string) (n int, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context, client *db.Client) error {
		e, err := named(ctx, client, email)
		if err != nil {
			return err
		}
		n, err = client.ExternalIdentity.Delete().Where(externalidentity.EducatorID(e.ID)).Exec(ctx)
		if err == nil && n > 0 {
			if err := credential.Changed(ctx, client, s.instant(), e.ID); err != nil {
				return err
			}
			audit.Record(ctx, audit.Event{
				Action: audit.AccountUnlinked, DistrictID: e.DistrictID, OrganizationID: e.DistrictID,
				Target: audit.On(globalid.Educator, e.ID), Facts: audit.Facts{"persons": n},
			})
		}
		return err
	})
	return n, err
}
