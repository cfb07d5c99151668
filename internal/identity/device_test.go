package identity_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/testlog"
)

// Each sign-in gives a browser another token with its own limit. Otherwise somebody who
// knew a password for an afternoon could guess the next one as fast as they liked.
func TestABrowserIsKnownByThePasswordOfToday(t *testing.T) {
	t.Parallel()
	const school = "198.51.100.7"
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		limited := func(ctx context.Context, password string) bool {
			t.Helper()
			for range 21 { // ten fill the first limit, ten the spare one
				if _, err := h.SignIn(from(school), "nora@example.com", "guess"); err == nil {
					t.Fatal("the wrong password is right")
				}
			}
			_, err := h.SignIn(ctx, "nora@example.com", password)
			if err != nil && code(err) != "RATE_LIMITED" {
				t.Fatal(err)
			}
			return err != nil
		}
		kept := identity.WithDevices(from(school), testlog.Secret(h.in(t, h.NorthAdmin, school).Devices))
		if limited(kept, password) {
			t.Fatal("the own browser is not known")
		}
		const next = "a password of another day"
		devices, err := h.Service.SetPasswordByLink(from(school), h.link(t, h.NorthAdmin, "RESET"), testlog.Secret(next))
		if err != nil {
			t.Fatal(err)
		}
		if !limited(kept, next) {
			t.Error("a browser is known in which only the password before was right")
		}
		own := identity.WithDevices(from(school), testlog.Secret(devices))
		if limited(own, next) {
			t.Error("the browser in which the link was used is not known")
		}
		if got, err := h.Service.SetPasswordByLink(from(school), "guessed", next); err == nil || got != "" {
			t.Errorf("a link that there is not: %q, %v", got, err)
		}
	})
}

// Somebody who knows an old secret key could make as many known browsers as they liked.
func TestABrowserIsKnownByTheSecretKeyOfToday(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		kept := identity.WithDevices(from(school), testlog.Secret(h.in(t, h.NorthAdmin, school).Devices))
		h.keys = [][]byte{secondKey, firstKey}
		rotated := h.server()
		fill := func() {
			for {
				if _, err := rotated.BeginPasskeySignIn(from(school)); code(err) == limited {
					return
				} else if err != nil {
					t.Fatal(err)
				}
			}
		}
		fill()
		if _, err := rotated.BeginPasskeySignIn(kept); code(err) != limited {
			t.Errorf("in a browser that an old key has made known: %v", err)
		}
		session, err := rotated.SignIn(kept, h.NorthAdmin.Email, password)
		h.pass(10 * time.Second)
		if code(err) == limited {
			session, err = rotated.SignIn(kept, h.NorthAdmin.Email, password)
		}
		if err != nil {
			t.Fatal(err)
		}
		fill()
		if _, err := rotated.BeginPasskeySignIn(identity.WithDevices(from(school),
			testlog.Secret(session.Devices))); err != nil {
			t.Errorf("in one that has signed in since: %v", err)
		}
	})
}

func TestANetworkIsKnownByThePasswordOfToday(t *testing.T) {
	t.Parallel()
	const school, elsewhere = "198.51.100.7", "203.0.113.9"
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		limited := func(address, right string) bool {
			t.Helper()
			for i := range 40 { // more than the account has
				if _, err := h.SignIn(from(fmt.Sprintf("192.0.2.%d", i+1)), "nora@example.com", "guess"); err == nil {
					t.Fatal("the wrong password is right")
				}
			}
			_, err := h.SignIn(from(address), "nora@example.com", right)
			if err != nil && code(err) != "RATE_LIMITED" {
				t.Fatal(err)
			}
			return err != nil
		}
		h.in(t, h.NorthAdmin, elsewhere)
		if limited(elsewhere, password) {
			t.Fatal("a network is not known in which the password was right")
		}
		const next = "a password of another day"
		if _, err := h.Service.SetPasswordByLink(from(school), h.link(t, h.NorthAdmin, "RESET"),
			testlog.Secret(next)); err != nil {
			t.Fatal(err)
		}
		if !limited(elsewhere, next) {
			t.Error("a network is known in which only the password before was right")
		}
		if limited(school, next) {
			t.Error("the network in which the link was used is not known")
		}
	})
}

// TestABrowserKnowsTheLastAccounts signs in to one account more than a browser remembers.
func TestABrowserKnowsTheLastAccounts(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		kept, first := "", ""
		for i := range 9 {
			e := h.newcomer(h.Alpha, fmt.Sprintf("somebody%d@example.com", i))
			h.Client().Educator.UpdateOne(e).SetPasswordHash(h.hash(t)).ExecX(fixture.System())
			for range 2 { // The second token of an account takes the place of the first one.
				s, err := h.SignIn(identity.WithDevices(from(home), kept), e.Email, password)
				if err != nil {
					t.Fatal(err)
				}
				kept = testlog.Secret(s.Devices)
			}
			if i == 0 {
				first = kept
			}
			if n := len(strings.Split(kept, ".")); n != min(i+1, 8) {
				t.Errorf("after %d accounts there are %d tokens", i+1, n)
			}
		}
		if strings.Contains(kept, first) {
			t.Error("the account that was used longest ago is remembered")
		}
	})
}

// TestABrowserIsKnownForNinetyDays has all attempts of an account used up, and signs in from a
// browser that has signed in just less, and just more, than ninety days ago.
func TestABrowserIsKnownForNinetyDays(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		kept := identity.WithDevices(from(school), testlog.Secret(h.in(t, h.NorthAdmin, home).Devices))
		for i, c := range []struct {
			pass time.Duration
			want string
		}{{identity.KnownFor - time.Minute, ""}, {time.Minute, limited}} {
			h.pass(c.pass)
			h.Client().SignInMark.Delete().ExecX(fixture.System()) // What has been guessed, and where the account is known.
			for range 21 {
				if _, err := h.SignIn(from(school), h.NorthAdmin.Email, "guess"); err == nil {
					t.Fatal("the wrong password is right")
				}
			}
			if _, err := h.SignIn(kept, h.NorthAdmin.Email, password); code(err) != c.want && (c.want != "" || err != nil) {
				t.Errorf("time %d: %v; want %q", i+1, err, c.want)
			}
		}
	})
}

// TestANetworkIsKnownForNinetyDays is the same for a network, while others guess everywhere.
func TestANetworkIsKnownForNinetyDays(t *testing.T) {
	t.Parallel()
	const elsewhere = "203.0.113.9"
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		h.in(t, h.NorthAdmin, elsewhere)
		for i, pass := range []time.Duration{identity.KnownFor - time.Hour, time.Hour} {
			h.pass(pass)
			for i := range 40 { // more than the account has
				if _, err := h.SignIn(from(fmt.Sprintf("192.0.2.%d", i+1)), h.NorthAdmin.Email, "guess"); err == nil {
					t.Fatal("the wrong password is right")
				}
			}
			// A right password would make the network known again.
			known := h.Client().SignInMark.Query().AllX(fixture.System())
			_, err := h.SignIn(from(elsewhere), h.NorthAdmin.Email, password)
			if want := []string{"", limited}[i]; want == "" && err != nil || want != "" && code(err) != want {
				t.Errorf("time %d: %v; want %q", i+1, err, want)
			}
			h.Client().SignInMark.Delete().ExecX(fixture.System())
			for _, m := range known {
				h.Client().SignInMark.Create().SetMark(m.Mark).SetUntilMs(m.UntilMs).ExecX(fixture.System())
			}
		}
	})
}
