package identity_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/session"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// alive reports whether a token is still good.
func (h *house) alive(t *testing.T, s identity.Session) bool {
	t.Helper()
	_, err := h.Authenticate(context.Background(), s.Token)
	if err != nil && fault.KindOf(err) != fault.Unauthenticated {
		t.Fatal(err)
	}
	return err == nil
}

func TestSessionsThatNobodyUses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]func(t *testing.T, h *house){
		"a session ends that is not used for two hours": func(t *testing.T, h *house) {
			s := h.in(t, h.NorthAdmin, home)
			h.pass(2*time.Hour - time.Second)
			if !h.alive(t, s) {
				t.Fatal("it ended before")
			}
			h.pass(2 * time.Hour)
			if h.alive(t, s) {
				t.Error("it goes on")
			}
		},
		"a session that is used lasts to its end, and no longer": func(t *testing.T, h *house) {
			s := h.in(t, h.NorthAdmin, home)
			for range 11 {
				h.pass(time.Hour)
				if !h.alive(t, s) {
					t.Fatal("it ended before")
				}
			}
			h.pass(time.Hour)
			if h.alive(t, s) {
				t.Error("it goes on")
			}
		},
		"a session that is only watched is not used": func(t *testing.T, h *house) {
			s := h.in(t, h.NorthAdmin, home)
			for range 3 {
				h.pass(30 * time.Minute)
				if _, err := h.Check(context.Background(), s.Token); err != nil {
					t.Fatal(err)
				}
			}
			h.pass(30 * time.Minute)
			if _, err := h.Check(context.Background(), s.Token); fault.KindOf(err) != fault.Unauthenticated {
				t.Errorf("%v; want the session to have ended", err)
			}
		},
		"the last use is written once a minute": func(t *testing.T, h *house) {
			s := h.in(t, h.NorthAdmin, home)
			for i, want := range []int{1, 1, 2, 1} {
				if i == 2 {
					h.pass(time.Minute)
				}
				counted, counter := database.WithCounter(context.Background())
				if _, err := h.Authenticate(counted, s.Token); err != nil || counter.Statements() != want {
					t.Errorf("request %d took %d statements, %v; want %d", i, counter.Statements(), err, want)
				}
			}
			row := h.Client().Session.Query().Where(session.ID(s.Viewer.SessionID)).OnlyX(fixture.System())
			if !row.LastUsedAt.Equal(h.clock()) {
				t.Errorf("last used at %v; want %v", row.LastUsedAt, h.clock())
			}
		},
		"a database that is busy does not keep a request waiting": func(t *testing.T, h *house) {
			if h.DB.Kind() != database.SQLite {
				return // nobody else writes to the row of a session
			}
			s := h.in(t, h.NorthAdmin, home)
			h.pass(time.Minute)
			busy, answered, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
			go func() {
				defer close(done)
				_ = h.DB.InTx(fixture.System(), func(context.Context, *db.Client) error {
					close(busy)
					<-answered
					return nil
				})
			}()
			<-busy
			if !h.alive(t, s) { // While the other one still writes.
				t.Error("the session has ended")
			}
			close(answered)
			<-done
		},
		"what has ended is removed": func(t *testing.T, h *house) {
			h.in(t, h.NorthAdmin, home)
			h.in(t, h.SouthAdmin, home)
			h.pass(time.Hour)
			kept := h.in(t, h.BetaAdmin, home)
			h.pass(time.Hour + time.Minute)
			if err := h.Sweep(context.Background()); err != nil {
				t.Fatal(err)
			}
			if ids := h.Client().Session.Query().IDsX(fixture.System()); len(ids) != 1 || ids[0] != kept.Viewer.SessionID {
				t.Errorf("%v are left", ids)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *database.DB) { test(t, newHouse(t, d)) })
		})
	}
}

func TestOnesOwnSessions(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		first := h.in(t, h.NorthAdmin, home)
		h.pass(time.Minute)
		second := h.in(t, h.NorthAdmin, "2001:db8::5")
		h.pass(time.Minute)
		third := h.in(t, h.NorthAdmin, school)
		foreign := h.in(t, h.SouthAdmin, home)

		t.Run("are listed with where they came from", func(t *testing.T) {
			list, err := h.Sessions(as(first))
			if err != nil || len(list) != 3 {
				t.Fatalf("%d sessions, %v", len(list), err)
			}
			for i, want := range []string{school, "2001:db8::5", home} {
				if list[i].Address != want || list[i].UserAgent != "test" {
					t.Errorf("session %d is from %q with %q", i, list[i].Address, list[i].UserAgent)
				}
			}
		})
		t.Run("can be ended one by one", func(t *testing.T) {
			if err := h.RevokeSession(as(first), second.Viewer.SessionID); err != nil || h.alive(t, second) ||
				!h.alive(t, first) {
				t.Errorf("%v", err)
			}
			if err := h.RevokeSession(as(first), second.Viewer.SessionID); fault.KindOf(err) != fault.NotFound {
				t.Errorf("a second time: %v", err)
			}
		})
		t.Run("are one's own", func(t *testing.T) {
			if err := h.RevokeSession(as(first), foreign.Viewer.SessionID); fault.KindOf(err) != fault.NotFound ||
				!h.alive(t, foreign) {
				t.Errorf("%v", err)
			}
		})
		t.Run("can be ended but for this one", func(t *testing.T) {
			ended, err := h.RevokeOtherSessions(as(first))
			if err != nil || len(ended) != 1 || ended[0] != third.Viewer.SessionID || h.alive(t, third) || !h.alive(t, first) ||
				!h.alive(t, foreign) {
				t.Errorf("%v, %v", ended, err)
			}
		})
		t.Run("keep of a long name what fits", func(t *testing.T) {
			ctx := viewer.WithOrigin(context.Background(), viewer.Origin{UserAgent: strings.Repeat("ö", 500) + "\x1b[31m"})
			s, err := h.SignIn(ctx, "saul@example.com", password)
			if err != nil {
				t.Fatal(err)
			}
			row := h.Client().Session.GetX(fixture.System(), s.Viewer.SessionID)
			if row.UserAgent != strings.Repeat("ö", 199)+"…" || row.Address != "" {
				t.Errorf("%q, %q", row.UserAgent, row.Address)
			}
		})
	})
}
