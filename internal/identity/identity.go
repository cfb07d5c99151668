// Package identity knows who is asking. It signs educators in and out, turns the token of
// a session or a service key into the viewer of a request, and manages accounts:
// invitations, passwords, second factors and sessions. Its README has the rules and the
// tests that hold them.
package identity

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"log/slog"
	"time"

	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/credential"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/passwd"
	"github.com/openhomeroom/homeroom/internal/probe"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// maxTyped limits what is hashed for a stranger, in bytes.
const maxTyped = 1024

// takeBackPatience is how long the service tries to give back what an attempt took without
// trying a password.
const takeBackPatience = 10 * time.Second

// Service signs educators in and out.
type Service struct {
	db       *database.DB
	hasher   *passwd.Hasher
	lifetime time.Duration
	idle     time.Duration
	now      func() time.Time
	log      *slog.Logger
	audit    *audit.Service
	probes   *probe.Counter
	send     func(ctx context.Context, m Mail) error
	linkBase string
	outbox   *outbox
	// tryingOne limits the password attempts on one account, trying limits those on all
	// accounts, and entering limits the transactions of people who sign in.
	tryingOne, trying, entering *queue
	// guard knows the label of the required provider, by the domain of addresses.
	guard credential.Guard
	// namesOf maps the same domains to the names of their providers.
	namesOf map[string][]string
	factors Factors
}

// Options are what a Service needs from the rest of the program.
type Options struct {
	Hasher *passwd.Hasher
	// Audit records refusals.
	Audit *audit.Service
	// Probes counts the answers that reveal that an address is taken.
	Probes *probe.Counter
	// Lifetime is how long a session lasts, and Idle how long it lasts without use. Zero
	// stands for 12 and 2 hours.
	Lifetime, Idle time.Duration
	// Send delivers a mail. It is nil if no mail server is configured.
	Send func(ctx context.Context, m Mail) error
	// LinkBase is the address at which people reach the server. Links begin with it.
	LinkBase string
	// ProviderOf is the required provider of each domain of addresses: accounts with such
	// an address sign in there and nowhere else; see package sso.
	ProviderOf map[string]string
	// NamesOf maps these domains to the names of the providers at which a session must
	// begin.
	NamesOf map[string][]string
	// Factors is for second factors.
	Factors Factors
	Now     func() time.Time
	Log     *slog.Logger
}

// New returns the service of a database.
func New(d *database.DB, o Options) *Service {
	if o.Lifetime <= 0 {
		o.Lifetime = 12 * time.Hour
	}
	if o.Idle <= 0 {
		o.Idle = 2 * time.Hour
	}
	names := make(map[string][]string, len(o.NamesOf))
	for domain, list := range o.NamesOf {
		names[domainOf(domain)] = append(names[domainOf(domain)], list...)
	}
	return &Service{
		db: d, hasher: o.Hasher, lifetime: o.Lifetime, idle: o.Idle, now: o.Now, log: o.Log,
		audit: o.Audit, probes: o.Probes, send: o.Send, linkBase: o.LinkBase, outbox: newOutbox(),
		trying: newQueue(maxTrying, 0), tryingOne: newQueue(maxTryingOne, 0), entering: newQueue(1, maxEntering),
		guard: credential.NewGuard(o.ProviderOf), namesOf: names, factors: o.Factors,
	}
}

var errSignIn = fault.Invalidf("the address or the password is wrong").WithCode("WRONG_CREDENTIALS")

// SignIn starts a session. If the password is right and the account has a second factor,
// it returns a *StepRequired. A wrong password, an unknown address and a disabled account
// give the same error after the same work. After too many attempts the error has the code
// RATE_LIMITED and says when to try again.
func (s *Service) SignIn(ctx context.Context, email, password string) (Session, error) {
	system := viewer.AsSystem(ctx, "sign-in")
	if len(password) > passwd.MaxBytes || len(email) > maxTyped {
		return Session{}, errSignIn
	}
	key := fold.Address(email)
	if err := s.byProviderOnly(key); err != nil {
		s.refused(system, nil, err)
		return Session{}, err
	}
	leave, err := s.try(system, key)
	if err != nil {
		return Session{}, err
	}
	defer leave()
	var hash string
	account, similar, err := withAddress(system, s.db.Client(system), email)
	if err != nil {
		return Session{}, err
	}
	if account == nil {
		account = similar // The password decides.
	}
	if account != nil && account.Disabled == 0 && account.Service == 0 {
		hash = account.PasswordHash
	}
	try, err := s.admit(system, key, hash)
	if err != nil {
		s.refused(system, nil, err)
		return Session{}, err
	}
	right, err := s.verify(system, password, hash, try)
	switch {
	case err != nil:
		return Session{}, err
	case right:
		return s.start(system, account, try)
	case try.refusal != nil:
		s.refused(system, nil, try.refusal)
		return Session{}, try.refusal
	default:
		s.refused(system, account, errSignIn)
		return Session{}, errSignIn
	}
}

// verify reports whether the password of an admitted attempt is right. After too many
// attempts, it checks a password only for a known network or browser. Everything else gets
// try.refusal, and takes about the same time for every account.
func (s *Service) verify(system context.Context, password, hash string, try attempt) (bool, error) {
	if try.refusal != nil && !try.known {
		s.hasher.Pretend(system)
		return false, nil
	}
	right, err := s.hasher.Verify(system, password, hash)
	if err != nil {
		s.takeBack(system, try)
		if try.refusal != nil {
			return false, nil //nolint:nilerr // a refused attempt is told the refusal, whatever else went wrong
		}
	}
	return right, err
}

// takeBack gives back what an attempt took without trying a password. The client may have
// gone away.
func (s *Service) takeBack(system context.Context, try attempt) {
	// If the database hangs, this would otherwise block everybody who signs in.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(system), takeBackPatience)
	defer cancel()
	if err := s.giveBack(ctx, try); err != nil {
		s.log.WarnContext(system, "take back an attempt to sign in", "error", err)
	}
}

// instant is the present moment with the precision of the databases.
func (s *Service) instant() time.Time { return database.Instant(s.now()) }

// newSecret returns 32 random bytes as text.
func newSecret() string {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails
	return base64.RawURLEncoding.EncodeToString(secret)
}

// hashToken is what is stored of a token. A token has 256 random bits, so a fast hash
// without a salt is enough.
func hashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
