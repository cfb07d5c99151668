package identity_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/auditevent"
	"github.com/openhomeroom/homeroom/ent/db/session"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
)

// sessions creates sessions of an educator; the first one was used longest ago.
func (h *house) sessions(who *db.Educator, n int) {
	h.Client().Session.MapCreateBulk(make([]int, n), func(c *db.SessionCreate, i int) {
		used := h.clock().Add(time.Duration(i-n) * time.Second)
		c.SetEducatorID(who.ID).SetTokenHash(fmt.Sprintf("%d of %d", i, who.ID)).SetCreatedAt(h.clock()).
			SetExpiresAt(h.clock().Add(time.Hour)).SetLastUsedAt(used)
	}).ExecX(fixture.System())
}

// TestAnAccountHasABoundOfSessions signs in to an account with more sessions than allowed,
// like an account from before the limit.
func TestAnAccountHasABoundOfSessions(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		own := func(who *db.Educator) *db.SessionQuery {
			return h.Client().Session.Query().Where(session.EducatorID(who.ID))
		}
		h.sessions(h.NorthAdmin, 130)
		h.sessions(h.SouthAdmin, 130)
		s := h.in(t, h.NorthAdmin, home)
		if n := own(h.NorthAdmin).CountX(fixture.System()); n != 100 || !h.alive(t, s) {
			t.Errorf("%d sessions", n)
		}
		oldest := own(h.NorthAdmin).Order(session.ByLastUsedAt()).FirstX(fixture.System())
		if want := fmt.Sprintf("31 of %d", h.NorthAdmin.ID); oldest.TokenHash != want {
			t.Errorf("the oldest is %s, want %s", oldest.TokenHash, want)
		}
		if n := own(h.SouthAdmin).CountX(fixture.System()); n != 130 {
			t.Errorf("%d sessions of somebody else", n)
		}
		entry := h.Client().AuditEvent.Query().Where(auditevent.Action(string(audit.SignedIn))).OnlyX(fixture.System())
		if !strings.Contains(entry.Facts, `"sessionsEnded":31`) {
			t.Errorf("the trail says %s", entry.Facts)
		}
		// At the limit one session ends, and below it none.
		h.in(t, h.NorthAdmin, home)
		if n := own(h.NorthAdmin).CountX(fixture.System()); n != 100 {
			t.Errorf("%d sessions", n)
		}
		list, err := h.Sessions(h.As(t, h.SouthAdmin))
		if err != nil || len(list) != 100 {
			t.Errorf("a list of %d, %v", len(list), err)
		}
		h.sessions(h.BetaAdmin, 2500)
		ended, err := h.RevokeOtherSessions(as(h.in(t, h.BetaAdmin, home)))
		if err != nil || len(ended) != 99 || own(h.BetaAdmin).CountX(fixture.System()) != 1 {
			t.Errorf("%d ended, %v", len(ended), err)
		}
	})
}

// TestAnAccountBeforeTheBoundEndsItsSessions ends more sessions than one statement takes.
func TestAnAccountBeforeTheBoundEndsItsSessions(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		s := h.in(t, h.NorthAdmin, home)
		h.sessions(h.NorthAdmin, 2500)
		ended, err := h.RevokeOtherSessions(as(s))
		n := h.Client().Session.Query().Where(session.EducatorID(h.NorthAdmin.ID)).CountX(fixture.System())
		if err != nil || len(ended) != 2500 || n != 1 {
			t.Errorf("%d ended and %d are left, %v", len(ended), n, err)
		}
	})
}
