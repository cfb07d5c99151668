package sso_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"entgo.io/ent"

	"github.com/openhomeroom/homeroom/graph"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/config"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/passwd"
	"github.com/openhomeroom/homeroom/internal/sso"
	"github.com/openhomeroom/homeroom/internal/testlog"
)

// TestASignInThatHasToWaitIsNoFault lets others use what a sign-in needs at this moment:
// the message says so, and does not report an error of the server.
func TestASignInThatHasToWaitIsNoFault(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		err    error
		status int
	}{
		"others keep it waiting for too long": {fmt.Errorf("find the person: %w", context.DeadlineExceeded),
			http.StatusServiceUnavailable},
		"too many others are at it": {fault.Unavailablef("too many others sign in; try again"),
			http.StatusServiceUnavailable},
		"something is wrong": {errors.New("something is wrong"), http.StatusInternalServerError},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *database.DB) {
				if !d.RowLocks() {
					return // Its transactions have a client of their own, which nothing gets at.
				}
				fixture.New(t, d)
				p := newStrange(t)
				now := func() time.Time { return fixture.Today }
				log := testlog.New(t)
				handler, err := sso.New(sso.Options{
					Providers: []config.Provider{{Name: "p", Label: "P", Issuer: p.URL, ClientID: "homeroom", ClientSecret: "secret",
						Scopes: []string{"openid", "email"}}},
					Secret: []byte("a secret of the tests, 32 bytes."), PublicURL: "http://homeroom.test",
					Identity: identity.New(d, identity.Options{Hasher: passwd.NewHasher(passwd.Cost{Memory: 64, Time: 1}),
						Now: now, Log: log, Audit: audit.New(d, now, log)}),
					SetSession: graph.SetSession, Now: now, Log: log,
				})
				if err != nil {
					t.Fatal(err)
				}
				d.Client(t.Context()).ExternalIdentity.Intercept(ent.InterceptFunc(func(ent.Querier) ent.Querier {
					return ent.QuerierFunc(func(context.Context, ent.Query) (ent.Value, error) { return nil, c.err })
				}))
				status, text := p.signIn(t, handler, nil, func(map[string]any, *signing) {})
				if status != c.status || (status == http.StatusServiceUnavailable) != strings.Contains(text, "Retry-After: ") {
					t.Errorf("%d, want %d: %.400s", status, c.status, text)
				}
			})
		})
	}
}
