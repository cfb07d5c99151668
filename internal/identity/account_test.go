package identity_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/onetimelink"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// SetPasswordByLink uses a link in a browser that keeps nothing.
func (h *house) SetPasswordByLink(ctx context.Context, secret, password string) error {
	_, err := h.Service.SetPasswordByLink(ctx, secret, password)
	return err
}

// link makes a link for somebody and returns its secret.
func (h *house) link(t *testing.T, who *db.Educator, purpose onetimelink.Purpose) string {
	t.Helper()
	address, err := h.Link(fixture.System(), who.ID, purpose)
	_, secret, found := strings.Cut(address, "https://homeroom.example.org/account/set-password#")
	if err != nil || !found {
		t.Fatalf("%q, %v", address, err)
	}
	return secret
}

// delivered lets the mails be sent that are waiting, and returns all there are.
func (h *house) delivered(t *testing.T, atLeast int) []identity.Mail {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() { _ = h.Run(ctx) }()
	for deadline := time.Now().Add(5 * time.Minute); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		h.mu.Lock()
		mails := h.mails
		h.mu.Unlock()
		if len(mails) >= atLeast {
			return mails
		}
	}
	t.Fatalf("no %d mails were sent", atLeast)
	return nil
}

func TestLinks(t *testing.T) {
	t.Parallel()
	const ended = "LINK_ENDED"
	for name, test := range map[string]func(t *testing.T, h *house){
		"a link sets the password once and ends the sessions and other links": func(t *testing.T, h *house) {
			session := h.in(t, h.NorthAdmin, home)
			one, two := h.link(t, h.NorthAdmin, "RESET"), h.link(t, h.NorthAdmin, "RESET")
			foreign := h.in(t, h.SouthAdmin, home)
			if err := h.SetPasswordByLink(from(home), one, "a new password"); err != nil {
				t.Fatal(err)
			}
			if h.alive(t, session) || !h.alive(t, foreign) {
				t.Error("the session goes on, or that of somebody else has ended")
			}
			for _, secret := range []string{one, two} {
				if err := h.SetPasswordByLink(from(home), secret, "yet another"); code(err) != ended {
					t.Errorf("again: %v", err)
				}
			}
			if _, err := h.SignIn(from(home), "nora@example.com", "a new password"); err != nil {
				t.Error(err)
			}
		},
		"of ten who use a link at once, one sets the password": func(t *testing.T, h *house) {
			secret := h.link(t, h.NorthAdmin, "RESET")
			var done atomic.Int32
			var all sync.WaitGroup
			for range 10 {
				all.Go(func() {
					if err := h.SetPasswordByLink(from(home), secret, "a new password"); err == nil {
						done.Add(1)
					} else if code(err) != ended {
						t.Error(err)
					}
				})
			}
			if all.Wait(); done.Load() != 1 {
				t.Errorf("%d did", done.Load())
			}
		},
		"a link ends with its time: an hour, and a week for an invitation": func(t *testing.T, h *house) {
			reset, invite := h.link(t, h.NorthAdmin, "RESET"), h.link(t, h.NorthAdmin, "INVITE")
			h.pass(time.Hour)
			if err := h.SetPasswordByLink(from(home), reset, "a new password"); code(err) != ended {
				t.Errorf("after an hour: %v", err)
			}
			h.pass(7*24*time.Hour - time.Hour)
			if err := h.SetPasswordByLink(from(home), invite, "a new password"); code(err) != ended {
				t.Errorf("after a week: %v", err)
			}
		},
		"a password that is too short or too long uses no link up": func(t *testing.T, h *house) {
			secret := h.link(t, h.NorthAdmin, "RESET")
			for bad, want := range map[string]string{
				"1234567":                "PASSWORD_TOO_SHORT",
				strings.Repeat("ö", 257): "PASSWORD_TOO_LONG",
			} {
				err := h.SetPasswordByLink(from(home), secret, bad)
				if code(err) != want || strings.Contains(err.Error(), bad) {
					t.Errorf("%d bytes: %v", len(bad), err)
				}
			}
			if err := h.SetPasswordByLink(from(home), secret, strings.Repeat("schönöde", 32)); err != nil {
				t.Error(err)
			}
		},
		"a disabled account has no use of its link": func(t *testing.T, h *house) {
			secret := h.link(t, h.NorthAdmin, "RESET")
			h.NorthAdmin.Update().SetDisabled(1).ExecX(fixture.System())
			if err := h.SetPasswordByLink(from(home), secret, "a new password"); code(err) != ended {
				t.Error(err)
			}
		},
		"who sets the password may sign in, whatever a stranger tries": func(t *testing.T, h *house) {
			for i := range 10 {
				guess(h.Service, "nora@example.com", "192.0.2."+string(rune('0'+i)), 50)
			}
			if err := h.SetPasswordByLink(from(home), h.link(t, h.NorthAdmin, "RESET"), password); err != nil {
				t.Fatal(err)
			}
			h.in(t, h.NorthAdmin, home)
		},
		"a request is answered in the same way for everybody": func(t *testing.T, h *house) {
			h.SouthAdmin.Update().SetDisabled(1).ExecX(fixture.System())
			for _, email := range []string{"nobody@example.com", "saul@example.com", "NORA@example.com"} {
				counted, counter := database.WithCounter(from(home))
				if err := h.RequestPasswordReset(counted, email); err != nil || counter.Statements() == 0 {
					t.Errorf("%s: %d statements, %v", email, counter.Statements(), err)
				}
			}
			mails := h.delivered(t, 1)
			if len(mails) != 1 || mails[0].To != "nora@example.com" || !strings.Contains(mails[0].Text, "once, for 1 hour") {
				t.Errorf("%+v", mails)
			}
		},
		"without a mail server everybody is told so": func(t *testing.T, h *house) {
			s := identity.New(h.DB,
				identity.Options{Hasher: h.hasher, Audit: audit.New(h.DB, h.clock, slog.New(slog.DiscardHandler)), Now: h.clock})
			for _, email := range []string{"nobody@example.com", "nora@example.com"} {
				if err := s.RequestPasswordReset(from(home), email); fault.KindOf(err) != fault.Unavailable {
					t.Errorf("%s: %v", email, err)
				}
			}
		},
		"a secret is not in the database": func(t *testing.T, h *house) {
			secret := h.link(t, h.NorthAdmin, "RESET")
			for _, row := range h.Client().OneTimeLink.Query().AllX(fixture.System()) {
				if strings.Contains(row.TokenHash, secret) || len(row.TokenHash) != 64 {
					t.Errorf("stored %s", row.TokenHash)
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *database.DB) { test(t, newHouse(t, d)) })
		})
	}
}

func TestInvitations(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		north, south := as(h.in(t, h.NorthAdmin, home)), as(h.in(t, h.SouthAdmin, home))
		district := as(h.in(t, h.DistrictAdmin, home))
		ida := identity.NewEducator{
			Email:          "ida@example.com",
			FirstName:      "Ida",
			LastName:       "New",
			Role:           viewer.Teacher,
			OrganizationID: h.North.ID,
		}

		t.Run("are refused that make no sense", func(t *testing.T) {
			for want, change := range map[string]func(*identity.NewEducator){
				"BAD_EMAIL":          func(e *identity.NewEducator) { e.Email = "Ida <ida@example.com>" },
				"EMAIL_TAKEN":        func(e *identity.NewEducator) { e.Email = "Bela@example.com" },
				"REQUIRED":           func(e *identity.NewEducator) { e.FirstName = " " },
				"BAD_USER_INPUT":     func(e *identity.NewEducator) { e.Role = "PRINCIPAL" },
				"WRONG_ORGANIZATION": func(e *identity.NewEducator) { e.Role = viewer.DistrictAdmin },
				"NOT_FOUND":          func(e *identity.NewEducator) { e.OrganizationID = h.South.ID },
			} {
				in := ida
				change(&in)
				if _, err := h.Invite(north, in); code(err) != want {
					t.Errorf("%v; want %s", err, want)
				}
			}
		})
		t.Run("may be repeated until there is a password", func(t *testing.T) {
			for range 2 {
				if _, err := h.Invite(north, ida); err != nil {
					t.Fatal(err)
				}
			}
			if mails := h.delivered(t, 2); mails[0].To != "ida@example.com" ||
				!strings.Contains(mails[1].Text, "once, for 7 days") {
				t.Errorf("%+v", mails)
			}
		})
		t.Run("of somebody with a role elsewhere come from who can give that role", func(t *testing.T) {
			in := ida
			in.OrganizationID = h.South.ID
			if _, err := h.Invite(south, in); code(err) != "EMAIL_TAKEN" {
				t.Errorf("the other school: %v", err)
			}
			if _, err := h.Invite(district, in); err != nil {
				t.Errorf("the district: %v", err)
			}
		})
	})
}

func TestDisablingAnAccount(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		session, secret := h.in(t, h.NorthAdmin, home), h.link(t, h.NorthAdmin, "RESET")
		set := func(disabled bool) {
			t.Helper()
			if err := h.SetDisabled(fixture.System(), "NORA@example.com", disabled); err != nil {
				t.Fatal(err)
			}
		}
		set(true)
		set(false)
		if h.alive(t, session) {
			t.Error("a session has outlived it")
		}
		if err := h.SetPasswordByLink(from(home), secret, "a new password"); code(err) != "LINK_ENDED" {
			t.Errorf("a link has outlived it: %v", err)
		}
		h.in(t, h.NorthAdmin, home)
		if err := h.SetDisabled(fixture.System(), "nobody@example.com", true); fault.KindOf(err) != fault.NotFound {
			t.Error(err)
		}
	})
}

func TestAccountsOfProgramsAreNobodys(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		// A file may give the account an address; it must not open it.
		h.NorthAdmin.Update().SetService(1).ExecX(fixture.System())
		if _, err := h.SignIn(from(home), "nora@example.com", password); code(err) != wrong {
			t.Errorf("sign-in: %v", err)
		}
		if err := h.SetPasswordByLink(from(home), h.link(t, h.NorthAdmin, "RESET"),
			"a new password"); code(err) != "LINK_ENDED" {
			t.Errorf("link: %v", err)
		}
	})
}
