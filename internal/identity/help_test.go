package identity_test

import (
	"context"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/factor"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/passwd"
	"github.com/openhomeroom/homeroom/internal/probe"
	"github.com/openhomeroom/homeroom/internal/seal"
	"github.com/openhomeroom/homeroom/internal/testlog"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// password is that of every account of a house.
const password = "correct horse"

// firstKey is the secret key of the servers, unless a test gives them others.
var firstKey = []byte("a secret of the tests, 32 bytes.")

// origin is the address of the servers.
const origin = "https://homeroom.example.org"

// house is a world with people who can sign in, a clock and a mailbox.
type house struct {
	*fixture.World
	*identity.Service
	t      *testing.T
	hasher *passwd.Hasher
	// taken is how many answers a day an account gets that an address is taken, on the servers
	// that are made from now on; 0 for any number.
	taken int
	// providerOf is for the servers that are made from now on.
	providerOf map[string]string
	// keys are the secret key of those servers and the ones before it; if there are none,
	// they use the key of the tests.
	keys [][]byte
	// noSite is true if those servers have no domain name for passkeys.
	noSite bool

	mu    sync.Mutex
	now   time.Time
	mails []identity.Mail
}

func newHouse(t *testing.T, d *database.DB) *house {
	t.Helper()
	h := &house{World: fixture.New(t, d), t: t, now: fixture.Today, hasher: passwd.NewHasher(cheap)}
	h.Service = h.server()
	h.Client().Educator.Update().SetPasswordHash(h.hash(t)).ExecX(fixture.System())
	return h
}

// hash is that of the password.
func (h *house) hash(t *testing.T) string {
	t.Helper()
	hash, err := h.hasher.Hash(context.Background(), testlog.Secret(password))
	if err != nil {
		t.Fatal(err)
	}
	return hash
}

// server is one more server on the same database.
func (h *house) server() *identity.Service {
	keys := h.keys
	if len(keys) == 0 {
		keys = [][]byte{firstKey}
	}
	aead, err := seal.NewReader(keys[0], keys[1:], "second factors")
	if err != nil {
		h.t.Fatal(err)
	}
	site, err := factor.NewSite("Homeroom", origin, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	if h.noSite {
		site = nil
	}
	names := map[string][]string{}
	for domain := range h.providerOf {
		names[domain] = []string{known("", h.NorthAdmin).Provider}
	}
	return identity.New(h.DB, identity.Options{
		Hasher:     h.hasher,
		Audit:      audit.New(h.DB, h.clock, testlog.New(h.t)),
		Probes:     probe.New(h.DB, h.taken, h.clock, testlog.New(h.t)),
		Lifetime:   12 * time.Hour,
		Idle:       2 * time.Hour,
		Now:        h.clock,
		LinkBase:   origin,
		Log:        testlog.New(h.t),
		ProviderOf: h.providerOf,
		NamesOf:    names,
		Factors:    identity.Factors{Seal: aead, Site: site},
		Send: func(_ context.Context, m identity.Mail) error {
			h.mu.Lock()
			defer h.mu.Unlock()
			if _, secret, found := strings.Cut(m.Text, "#"); found {
				testlog.Secret(strings.Fields(secret)[0])
			}
			h.mails = append(h.mails, m)
			return nil
		},
	})
}

func (h *house) clock() time.Time { h.mu.Lock(); defer h.mu.Unlock(); return h.now }

func (h *house) pass(by time.Duration) { h.mu.Lock(); defer h.mu.Unlock(); h.now = h.now.Add(by) }

// from is a request from an address.
func from(address string) context.Context {
	return viewer.WithOrigin(context.Background(), viewer.Origin{Address: netip.MustParseAddr(address), UserAgent: "test"})
}

// in signs in, or fails the test.
func (h *house) in(t *testing.T, who *db.Educator, address string) identity.Session {
	t.Helper()
	session, err := h.SignIn(from(address), who.Email, password)
	if err != nil {
		t.Fatalf("%s cannot sign in: %v", who.Email, err)
	}
	testlog.Secret(session.Token)
	return session
}

// code is the code of an error, or its text.
func code(err error) string {
	switch f := fault.From(err); {
	case err == nil:
		return ""
	case f == nil:
		return err.Error()
	default:
		return f.Code
	}
}

// as returns the context of a request of somebody who has signed in.
func as(session identity.Session) context.Context {
	return viewer.NewContext(context.Background(), session.Viewer)
}
