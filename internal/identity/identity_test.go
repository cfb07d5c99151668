package identity_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/passwd"
	"github.com/openhomeroom/homeroom/internal/testlog"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

var cheap = passwd.Cost{Memory: 64, Time: 1}

func TestSessions(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := fixture.New(t, d)
		var mu sync.Mutex
		now := fixture.Today
		clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
		pass := func(by time.Duration) { mu.Lock(); defer mu.Unlock(); now = now.Add(by) }
		hasher := passwd.NewHasher(cheap)
		s := identity.New(d,
			identity.Options{
				Hasher:   hasher,
				Audit:    audit.New(d, clock, slog.New(slog.DiscardHandler)),
				Lifetime: time.Hour,
				Now:      clock,
				Log:      testlog.New(t),
			})
		ctx := context.Background()
		hash, _ := hasher.Hash(ctx, "secret")
		w.NorthAdmin.Update().SetPasswordHash(hash).ExecX(fixture.System())

		signIn := func(t *testing.T) identity.Session {
			t.Helper()
			session, err := s.SignIn(ctx, "  NORA@Example.com ", "secret")
			if err != nil {
				t.Fatal(err)
			}
			return session
		}
		t.Run("a token is good for its educator with the roles of the moment", func(t *testing.T) {
			session := signIn(t)
			v, err := s.Authenticate(ctx, session.Token)
			if err != nil || v.EducatorID != w.NorthAdmin.ID || !v.Administers(w.North.ID, w.Alpha.ID) ||
				v.Administers(w.South.ID, w.Alpha.ID) {
				t.Errorf("%+v, %v", v, err)
			}
		})
		t.Run("it takes one statement to know who is asking", func(t *testing.T) {
			session := signIn(t)
			counted, counter := database.WithCounter(ctx)
			if _, err := s.Authenticate(counted, session.Token); err != nil || counter.Statements() != 1 {
				t.Errorf("%d statements, %v; want 1", counter.Statements(), err)
			}
		})
		t.Run("a wrong password and unknown and unfinished accounts get the same answer", func(t *testing.T) {
			for _, who := range [][2]string{{"nora@example.com", "Secret"}, {"nobody@example.com", "secret"},
				{"saul@example.com", ""}, {"", ""}, {"nora@example.com", strings.Repeat("x", 5000)}} {
				_, err := s.SignIn(ctx, who[0], who[1])
				if f := fault.From(err); f == nil || f.Code != "WRONG_CREDENTIALS" {
					t.Errorf("%s: %v", who[0], err)
				}
			}
		})
		t.Run("a session ends when it is signed out", func(t *testing.T) {
			session := signIn(t)
			if done, err := s.SignOut(viewer.NewContext(ctx, session.Viewer)); err != nil || !done {
				t.Errorf("%v, %v", done, err)
			}
			if _, err := s.Authenticate(ctx, session.Token); fault.KindOf(err) != fault.Unauthenticated {
				t.Errorf("%v; want the session to have ended", err)
			}
			if done, err := s.SignOut(viewer.NewContext(ctx, session.Viewer)); err != nil || done {
				t.Errorf("a second time: %v, %v", done, err)
			}
		})
		t.Run("a session ends with its time", func(t *testing.T) {
			session := signIn(t)
			pass(time.Hour + time.Second)
			if _, err := s.Authenticate(ctx, session.Token); fault.KindOf(err) != fault.Unauthenticated {
				t.Errorf("%v; want the session to have ended", err)
			}
		})
		t.Run("a disabled account has neither sessions nor a viewer", func(t *testing.T) {
			session := signIn(t)
			w.NorthAdmin.Update().SetDisabled(1).ExecX(fixture.System())
			if _, err := s.Authenticate(ctx, session.Token); fault.KindOf(err) != fault.Unauthenticated {
				t.Errorf("%v; want the session to have ended", err)
			}
			if _, err := s.Viewer(ctx, w.NorthAdmin.ID); err == nil {
				t.Error("the account has a viewer")
			}
			if _, err := s.SignIn(ctx, "nora@example.com", "secret"); err == nil {
				t.Error("the account signed in")
			}
		})
		t.Run("the token is not in the database", func(t *testing.T) {
			w.NorthAdmin.Update().SetDisabled(0).ExecX(fixture.System())
			session := signIn(t)
			for _, row := range d.Client(ctx).Session.Query().AllX(fixture.System()) {
				if strings.Contains(row.TokenHash, session.Token) || len(row.TokenHash) != 64 {
					t.Errorf("stored %s", row.TokenHash)
				}
			}
		})
	})
}
