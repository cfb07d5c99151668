// Package identity knows who is asking. It signs educators in and out, turns a
// token or a service key into the viewer of a request, and looks after accounts:
// invitations, passwords, sessions.
//
// # What holds
//
//   - A token, a key or the secret of a link is told once and kept as a hash.
//   - An unknown address, a wrong password and a disabled account get the same
//     answer after the same work.
//   - Attempts to sign in are limited, and nobody is locked out by a stranger; see
//     limit.go.
//   - Somebody who comes from a provider is linked to the account with the verified
//     address once; after that the address at the provider decides nothing.
//   - Whose credentials somebody sets is decided in one place, and other credentials
//     end what was opened with the old ones; see Guard and CredentialsChanged.
//   - A disabled account has no sessions, no links and no viewer, at once.
//   - Whoever has a second factor shows it before there is a session; a code, a
//     recovery code and a step are good once, on whatever server. Whoever must have
//     one and has none gets a session that is good for setting one up; see step.go.
package identity

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"log/slog"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// maxTyped bounds what is hashed for a stranger, in bytes.
const maxTyped = 1024

// takeBackPatience is how long an attempt that tried nothing waits to be taken back.
const takeBackPatience = 10 * time.Second

// Service signs in and out.
type Service struct {
	db       *database.DB
	hasher   *Hasher
	lifetime time.Duration
	idle     time.Duration
	now      func() time.Time
	log      *slog.Logger
	audit    *audit.Service
	send     func(ctx context.Context, m Mail) error
	linkBase string
	outbox   chan delivery
	// trying are the attempts with a password, entering the transactions of whoever
	// signs in.
	trying, entering *queue
	// guard knows the label of the provider, by the domain of addresses.
	guard   Guard
	factors Factors
}

// Options are what a Service needs of the rest of the program.
type Options struct {
	Hasher *Hasher
	// Audit records what is refused.
	Audit *audit.Service
	// Lifetime is how long a session lasts, Idle how long it lasts unused. Zero
	// stands for 12 and 2 hours.
	Lifetime, Idle time.Duration
	// Send delivers a mail; nil where no mail server is configured.
	Send func(ctx context.Context, m Mail) error
	// LinkBase is the address under which people reach the server, for links.
	LinkBase string
	// ProviderOf names, for domains of addresses, the provider at which their
	// accounts sign in, and nowhere else; see package sso.
	ProviderOf map[string]string
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
	return &Service{
		db: d, hasher: o.Hasher, lifetime: o.Lifetime, idle: o.Idle, now: o.Now, log: o.Log,
		audit: o.Audit, send: o.Send, linkBase: o.LinkBase, outbox: make(chan delivery, outboxSize),
		trying: newQueue(maxTrying, 0), entering: newQueue(1, maxEntering),
		guard: NewGuard(o.ProviderOf), factors: o.Factors,
	}
}

var errSignIn = fault.Invalidf("the address or the password is not right").WithCode("WRONG_CREDENTIALS")

// SignIn starts a session, or returns a *StepRequired where the password is right and
// the account has a second factor. A wrong password, an unknown address and a disabled
// account give the same error after the same work. Where there have been too many
// attempts the error has the code RATE_LIMITED and says when to try again.
func (s *Service) SignIn(ctx context.Context, email, password string) (Session, error) {
	system := viewer.AsSystem(ctx, "sign-in")
	if len(password) > maxTyped || len(email) > maxTyped {
		return Session{}, errSignIn
	}
	if err := s.byProviderOnly(fold.Key(email)); err != nil {
		s.refused(system, nil, err)
		return Session{}, err
	}
	leave, err := s.try(system)
	if err != nil {
		return Session{}, err
	}
	defer leave()
	var hash string
	account, err := s.db.Client(ctx).Educator.Query().Where(educator.EmailKey(fold.Key(email))).Only(system)
	switch {
	case err == nil && account.Disabled == 0 && account.Service == 0:
		hash = account.PasswordHash
	case err != nil && !db.IsNotFound(err):
		return Session{}, err
	}
	try, err := s.admit(system, fold.Key(email), hash)
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

// verify reports whether a password is right in an attempt that was admitted. Where
// there have been too many attempts it is looked at only where the network is known,
// and everything else takes about the same time, whatever account it is, and is told
// try.refusal.
func (s *Service) verify(system context.Context, password, hash string, try attempt) (bool, error) {
	if try.refusal != nil && !try.known {
		s.hasher.pretend(system)
		return false, nil
	}
	right, err := s.hasher.Verify(system, password, hash)
	if err != nil {
		s.takeBack(system, try)
		if try.refusal != nil {
			return false, nil
		}
	}
	return right, err
}

// takeBack undoes an attempt that tried nothing, and so does not count. The client
// may have gone away.
func (s *Service) takeBack(system context.Context, try attempt) {
	// In a database that hangs it would keep the turn of everybody who signs in.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(system), takeBackPatience)
	defer cancel()
	if err := s.giveBack(ctx, try); err != nil {
		s.log.WarnContext(system, "take back an attempt to sign in", "error", err)
	}
}

// instant is the present moment as the databases keep it.
func (s *Service) instant() time.Time { return database.Instant(s.now()) }

// newSecret returns 32 random bytes as text.
func newSecret() string {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails
	return base64.RawURLEncoding.EncodeToString(secret)
}

// hashToken is what is kept of a token. A token has 256 bits of its own, so that a
// fast hash without a salt is enough.
func hashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
