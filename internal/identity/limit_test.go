package identity_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/signinmark"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/identity"
)

const (
	school, home, stranger = "203.0.113.7", "198.51.100.1", "192.0.2.66"
	limited, wrong         = "RATE_LIMITED", "WRONG_CREDENTIALS"
)

// guess tries wrong passwords until one is not tried any more, and returns how
// many were.
func guess(s *identity.Service, email, address string, most int) int {
	for n := range most {
		if _, err := s.SignIn(from(address), email, "guess"); code(err) == limited {
			return n
		}
	}
	return most
}

func TestAttemptsAreLimited(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]func(t *testing.T, h *house){
		"ten wrong passwords from one address, then one a minute": func(t *testing.T, h *house) {
			if n := guess(h.Service, "nora@example.com", stranger, 50); n != 10 {
				t.Errorf("%d were tried", n)
			}
			_, err := h.SignIn(from(stranger), "nora@example.com", password)
			if f := fault.From(err); f == nil || f.Code != limited || !strings.Contains(f.Message, "try again in 60 seconds") {
				t.Errorf("the right password after too many wrong ones: %v", err)
			}
			h.pass(time.Minute)
			if n := guess(h.Service, "nora@example.com", stranger, 50); n != 1 {
				t.Errorf("%d were tried a minute later", n)
			}
		},
		"an address that does not exist is limited in the same way": func(t *testing.T, h *house) {
			if n := guess(h.Service, "nobody@example.com", stranger, 50); n != 10 {
				t.Errorf("%d were tried", n)
			}
		},
		"several servers count together": func(t *testing.T, h *house) {
			other := h.server()
			if n := guess(h.Service, "nora@example.com", stranger, 6) + guess(other, "nora@example.com", stranger, 50); n != 10 {
				t.Errorf("%d were tried", n)
			}
		},
		"attempts at the same moment are counted one by one": func(t *testing.T, h *house) {
			var tried atomic.Int32
			var all sync.WaitGroup
			for range 40 {
				all.Go(func() {
					if _, err := h.SignIn(from(stranger), "nora@example.com", "guess"); code(err) == wrong {
						tried.Add(1)
					} else if code(err) != limited {
						t.Error(err)
					}
				})
			}
			if all.Wait(); tried.Load() != 10 {
				t.Errorf("%d were tried", tried.Load())
			}
		},
		"somebody is not locked out by a stranger elsewhere": func(t *testing.T, h *house) {
			h.in(t, h.NorthAdmin, school)
			for i := range 10 {
				guess(h.Service, "nora@example.com", fmt.Sprintf("192.0.2.%d", i), 50)
			}
			h.in(t, h.NorthAdmin, school)
			if _, err := h.SignIn(from(home), "nora@example.com", password); code(err) != limited {
				t.Errorf("from an address that is not known, in the middle of an attack: %v; want it to wait", err)
			}
			h.pass(30 * time.Second)
			h.in(t, h.NorthAdmin, home)
		},
		"somebody is not locked out by a stranger at the same school": func(t *testing.T, h *house) {
			h.in(t, h.NorthAdmin, school)
			for i := range 30 {
				guess(h.Service, fmt.Sprintf("somebody%d@example.com", i), school, 50)
			}
			h.in(t, h.NorthTeacher, school) // a teacher who has never signed in there
			h.in(t, h.NorthAdmin, school)
			guess(h.Service, "nora@example.com", school, 50)
			h.pass(10 * time.Second)
			h.in(t, h.NorthAdmin, school)
		},
		"each network has a reserve of its own for an account": func(t *testing.T, h *house) {
			for _, network := range []string{school, stranger, home} {
				for i := range 20 { // more than a network has
					guess(h.Service, fmt.Sprintf("somebody%d@example.com", i), network, 50)
				}
				if n := guess(h.Service, "nora@example.com", network, 50); n != 2 {
					t.Errorf("%d were tried in %s", n, network)
				}
			}
		},
		"somebody is not locked out of the own browser by who guesses beside them without an end": func(t *testing.T,
			h *house) {
			nora := h.in(t, h.NorthAdmin, school)
			own := identity.WithDevices(from(school), nora.Devices)
			others := identity.WithDevices(from(school), h.in(t, h.NorthTeacher, school).Devices)
			guessing := func() {
				for range 21 { // ten fill the first limit, ten the spare one
					if _, err := h.SignIn(from(school), "nora@example.com", "guess"); err == nil {
						t.Fatal("the wrong password is right")
					}
				}
			}
			for range 2 {
				guessing()
				for name, ctx := range map[string]context.Context{
					"no":                from(school),
					"another account's": others,
					"a broken":          identity.WithDevices(from(school), "x"+nora.Devices),
				} {
					if _, err := h.SignIn(ctx, "nora@example.com", password); code(err) != limited {
						t.Errorf("with %s token: %v", name, err)
					}
				}
				for _, other := range []*identity.Service{h.Service, h.server()} {
					session, err := other.SignIn(own, "nora@example.com", password)
					if err != nil {
						t.Fatalf("in the own browser: %v", err)
					}
					own = identity.WithDevices(from(school), session.Devices)
				}
				h.pass(10 * time.Second)
			}
			guessing()
			for range 10 {
				if _, err := h.SignIn(own, "nora@example.com", "guess"); code(err) != limited {
					t.Errorf("a wrong password in the own browser: %v", err)
				}
			}
			if _, err := h.SignIn(own, "nora@example.com", password); code(err) != limited {
				t.Errorf("after ten wrong ones in the own browser: %v; want it to wait", err)
			}
			h.pass(91 * 24 * time.Hour)
			guessing()
			if _, err := h.SignIn(own, "nora@example.com", password); code(err) != limited {
				t.Errorf("after a quarter of a year: %v", err)
			}
		},
		"who fills the limit of a school keeps nobody from a passkey and a new password in the own browser": func(
			t *testing.T, h *house) {
			own := identity.WithDevices(from(school), h.in(t, h.NorthAdmin, school).Devices)
			for {
				if _, err := h.BeginPasskeySignIn(from(school)); code(err) == limited {
					break
				} else if err != nil {
					t.Fatal(err)
				}
			}
			if err := h.RequestPasswordReset(from(school), "nora@example.com"); code(err) != limited {
				t.Errorf("a new password in another browser: %v", err)
			}
			if err := h.RequestPasswordReset(own, "tara@example.com"); code(err) != limited {
				t.Errorf("a new password of somebody else: %v", err)
			}
			if err := h.RequestPasswordReset(own, "nora@example.com"); err != nil {
				t.Errorf("a new password: %v", err)
			}
			for i := range 12 {
				if _, err := h.BeginPasskeySignIn(own); i < 9 && err != nil || i > 9 && code(err) != limited {
					t.Errorf("passkey %d: %v", i, err)
				}
			}
		},
		"a browser of several people is known for each of them": func(t *testing.T, h *house) {
			browser := from(school)
			for range 2 {
				for _, who := range []*db.Educator{h.NorthAdmin, h.NorthTeacher} {
					session, err := h.SignIn(browser, who.Email, password)
					if err != nil {
						t.Fatal(err)
					}
					browser = identity.WithDevices(from(school), session.Devices)
				}
			}
			for _, who := range []*db.Educator{h.NorthAdmin, h.NorthTeacher} {
				for range 21 {
					_, _ = h.SignIn(from(school), who.Email, "guess")
				}
				if _, err := h.SignIn(browser, who.Email, password); err != nil {
					t.Errorf("%s: %v", who.Email, err)
				}
			}
		},
		"one machine with many addresses of IPv6 is one": func(t *testing.T, h *house) {
			n := 0
			for i := range 30 {
				n += guess(h.Service, "nora@example.com", fmt.Sprintf("2001:db8::%x", i+1), 1)
			}
			if n != 10 {
				t.Errorf("%d were tried", n)
			}
		},
		"a school of hundreds signs in from one address": func(t *testing.T, h *house) {
			for range 150 {
				h.in(t, h.NorthTeacher, school)
			}
		},
		"a school of hundreds signs in from one address at the same moment": func(t *testing.T, h *house) {
			// More than the limit of a network lets through.
			emails := make([]string, 120)
			h.Client().Educator.MapCreateBulk(emails, func(create *db.EducatorCreate, i int) {
				emails[i] = fmt.Sprintf("teacher%d@example.com", i)
				create.SetCreatedAt(fixture.Today).SetDistrictID(h.NorthTeacher.DistrictID).SetFirstName("Tess").SetLastName("Tam").
					SetSortName("tam tess").
					SetEmail(emails[i]).SetEmailKey(emails[i]).SetPasswordHash(h.hash(t))
			}).ExecX(fixture.System())
			var all sync.WaitGroup
			for _, email := range emails {
				all.Go(func() {
					if _, err := h.SignIn(from(school), email, password); err != nil {
						t.Errorf("%s: %v", email, err)
					}
				})
			}
			all.Wait()
		},
		"a flood from one address keeps nobody elsewhere from signing in": func(t *testing.T, h *house) {
			if !h.DB.RowLocks() {
				return // One transaction writes at a time, whoever it belongs to.
			}
			guess(h.Service, "nobody@example.com", stranger, 1)
			taken := h.Client().SignInMark.Query().IDsX(fixture.System())
			h.in(t, h.NorthAdmin, home)
			var flood sync.WaitGroup
			defer flood.Wait()
			err := h.DB.InTx(fixture.System(), func(ctx context.Context, client *db.Client) error {
				// The rows that the flood has to change cannot be changed while this
				// transaction runs.
				client.SignInMark.Update().Where(signinmark.IDIn(taken...)).AddUntilMs(1).ExecX(ctx)
				for i := range 60 {
					flood.Go(func() { guess(h.Service, fmt.Sprintf("somebody%d@example.com", i), stranger, 1) })
				}
				// More than there are connections wait for it, or would.
				h.in(t, h.NorthAdmin, home)
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		},
		"what is remembered is forgotten": func(t *testing.T, h *house) {
			h.in(t, h.NorthAdmin, school)
			guess(h.Service, "nora@example.com", stranger, 50)
			h.pass(91 * 24 * time.Hour)
			if err := h.Sweep(context.Background()); err != nil {
				t.Fatal(err)
			}
			if n := h.Client().SignInMark.Query().CountX(fixture.System()); n != 0 {
				t.Errorf("%d marks are left", n)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *database.DB) { test(t, newHouse(t, d)) })
		})
	}
}
