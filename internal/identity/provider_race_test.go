package identity_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"entgo.io/ent"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/externalidentity"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/identity"
)

// TestFirstSignInsOfOnePersonAtOnce has a person come from a provider for the first time
// in several tabs at several servers, from several networks, also as an app does.
func TestFirstSignInsOfOnePersonAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		servers := []*identity.Service{h.Service, h.server(), h.server()}
		for round := range 3 {
			var all sync.WaitGroup
			for i := range 12 {
				all.Go(func() {
					who, s := known(fmt.Sprint("person", round), h.NorthAdmin), servers[i%len(servers)]
					who.Issuer = fmt.Sprintf("https://%d.example", round)
					var err error
					if i%4 == 3 {
						_, err = s.AppCode(from(fmt.Sprintf("192.0.2.%d", i)), who, challengeOf("verifier"))
					} else {
						_, err = s.SignInExternally(from(fmt.Sprintf("192.0.2.%d", i)), who)
					}
					if err != nil {
						t.Errorf("round %d: %v", round, err)
					}
				})
			}
			all.Wait()
		}
		n := h.Client().ExternalIdentity.Query().Where(externalidentity.EducatorID(h.NorthAdmin.ID)).
			CountX(fixture.System())
		if n != 3 {
			t.Errorf("%d persons are linked, want one in each round", n)
		}
	})
}

// TestTwoFirstSignInsThatHaveBothFoundNobody stops two sign-ins of one person when each
// has read that nobody is linked.
func TestTwoFirstSignInsThatHaveBothFoundNobody(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		if !d.RowLocks() {
			return // One transaction at a time reads and writes.
		}
		for name, accounts := range map[string]func(h *house) [2]*db.Educator{
			"with one address":   func(h *house) [2]*db.Educator { return [2]*db.Educator{h.NorthAdmin, h.NorthAdmin} },
			"with two addresses": func(h *house) [2]*db.Educator { return [2]*db.Educator{h.NorthAdmin, h.SouthAdmin} },
		} {
			t.Run(name, func(t *testing.T) {
				h := newHouse(t, dbtest.Open(t, d.Kind()))
				servers := []*identity.Service{h.Service, h.server()}
				var read atomic.Int32
				both := make(chan struct{})
				h.Client().ExternalIdentity.Intercept(ent.InterceptFunc(func(next ent.Querier) ent.Querier {
					return ent.QuerierFunc(func(ctx context.Context, q ent.Query) (ent.Value, error) {
						v, err := next.Query(ctx, q)
						switch read.Add(1) {
						case 1:
							<-both
						case 2:
							close(both)
						}
						return v, err
					})
				}))
				var all sync.WaitGroup
				opened := [2]int{}
				for i, e := range accounts(h) {
					all.Go(func() {
						session, err := servers[i].SignInExternally(from(fmt.Sprintf("192.0.2.%d", i)), known("one", e))
						if err != nil {
							t.Errorf("%d: %v", i, err)
							return
						}
						opened[i] = session.Viewer.EducatorID
					})
				}
				all.Wait()
				if n := h.Client().ExternalIdentity.Query().CountX(fixture.System()); n != 1 || opened[0] != opened[1] {
					t.Errorf("%d are linked, %v are opened", n, opened)
				}
			})
		}
	})
}

// TestAPersonWhoIsUnlinkedDuringTheSignIn unlinks somebody when a sign-in has read the
// link, once and every time.
func TestAPersonWhoIsUnlinkedDuringTheSignIn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		if !d.RowLocks() {
			return // One transaction at a time reads and writes.
		}
		for name, c := range map[string]struct {
			times    int32
			verified bool
			want     string
		}{
			"once: the verified address links anew": {1, true, ""},
			"once, without a verified address":      {1, false, "NO_ACCOUNT"},
			"every time, and is linked again":       {100, true, "NO_ACCOUNT"},
		} {
			t.Run(name, func(t *testing.T) {
				h := newHouse(t, dbtest.Open(t, d.Kind()))
				who := known("one", h.NorthAdmin)
				if _, err := h.SignInExternally(from(home), who); err != nil {
					t.Fatal(err)
				}
				exec := func(query string, args ...any) {
					if _, err := h.Client().ExecContext(context.Background(), query, args...); err != nil {
						t.Error(err)
					}
				}
				var read atomic.Int32
				h.Client().ExternalIdentity.Intercept(ent.InterceptFunc(func(next ent.Querier) ent.Querier {
					return ent.QuerierFunc(func(ctx context.Context, q ent.Query) (ent.Value, error) {
						n := read.Add(1)
						if n > 1 && n <= c.times {
							exec("INSERT INTO external_identities (created_at, issuer, subject, last_used_at, educator_id) "+
								"VALUES (?, ?, ?, ?, ?)", h.clock(), who.Issuer, who.Subject, h.clock(), h.NorthAdmin.ID)
						}
						v, err := next.Query(ctx, q)
						if n <= c.times {
							exec("DELETE FROM external_identities")
						}
						return v, err
					})
				}))
				who.Verified = c.verified
				if _, err := h.SignInExternally(from(home), who); code(err) != c.want {
					t.Errorf("%v; want %q", err, c.want)
				}
				if c.times > 1 && read.Load() > 10 {
					t.Errorf("it was tried %d times", read.Load())
				}
			})
		}
	})
}
