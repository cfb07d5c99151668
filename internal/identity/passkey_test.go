package identity_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/passkey"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/factor"
	"github.com/openhomeroom/homeroom/internal/factortest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/testlog"
)

// register adds a passkey to an account.
func (h *house) register(t *testing.T, in identity.Session) (*factortest.Device, *db.Passkey, []string) {
	t.Helper()
	d := factortest.NewDevice(origin)
	step, err := h.BeginPasskey(as(in))
	if err != nil {
		t.Fatal(err)
	}
	p, codes, err := h.FinishPasskey(as(in), testlog.Secret(step.Token), d.Create(t, step.Options), "My phone")
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range codes {
		testlog.Secret(code)
	}
	return d, p, codes
}

// open signs in with a passkey alone.
func (h *house) open(t *testing.T, s *identity.Service, d *factortest.Device) (identity.Session, error) {
	t.Helper()
	step, err := h.BeginPasskeySignIn(from("192.0.2.1"))
	if err != nil {
		t.Fatal(err)
	}
	return s.FinishPasskeySignIn(from("192.0.2.1"), testlog.Secret(step.Token), d.Sign(t, step.Options))
}

func TestPasskeys(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		nora, saul := h.NorthAdmin, h.SouthAdmin
		other := h.in(t, nora, "192.0.2.7")
		in := h.in(t, nora, "192.0.2.1")
		phone, row, codes := h.register(t, in)
		t.Run("the first factor brings recovery codes and ends the other sessions", func(t *testing.T) {
			if _, err := h.Authenticate(context.Background(), other.Token); len(codes) != 10 ||
				!errors.Is(err, identity.ErrSession) {
				t.Errorf("%d codes; the other session: %v", len(codes), err)
			}
			if row.Name != "My phone" || row.EducatorID != nora.ID {
				t.Errorf("%+v", row)
			}
		})
		t.Run("it is a second factor", func(t *testing.T) {
			step := h.step(t, nora)
			if len(step.Methods) != 2 || step.Methods[0] != identity.Passkey {
				t.Fatalf("methods %v", step.Methods)
			}
			answer := identity.Answer{Passkey: phone.Sign(t, step.Passkey)}
			session, err := h.server().CompleteSignIn(from("192.0.2.1"), step.Token, answer)
			if err != nil || session.Viewer.EducatorID != nora.ID {
				t.Fatal(err)
			}
			if _, err := h.CompleteSignIn(from("192.0.2.1"), step.Token, answer); code(err) != "CHALLENGE_ENDED" {
				t.Errorf("again: %v", err)
			}
			if _, err := h.CompleteSignIn(from("192.0.2.1"), h.step(t, nora).Token, answer); code(err) != "WRONG_PASSKEY" {
				t.Errorf("what was signed for another step: %v", err)
			}
		})
		t.Run("it is a sign-in of its own, on whatever server, once", func(t *testing.T) {
			step, err := h.BeginPasskeySignIn(from("192.0.2.9"))
			if err != nil {
				t.Fatal(err)
			}
			answer := phone.Sign(t, step.Options)
			session, err := h.server().FinishPasskeySignIn(from("192.0.2.9"), step.Token, answer)
			if err != nil || session.Viewer.EducatorID != nora.ID || !session.Viewer.IsAdmin() {
				t.Fatal(err)
			}
			testlog.Secret(session.Token)
			if _, err := h.FinishPasskeySignIn(from("192.0.2.9"), step.Token, answer); code(err) != "CHALLENGE_ENDED" {
				t.Errorf("again: %v", err)
			}
		})
		t.Run("what is not as it should be opens nothing", func(t *testing.T) {
			for what, change := range map[string]func(d *factortest.Device){
				"a page of another origin":            func(d *factortest.Device) { d.Site.Origin = "https://homeroom.example.org.evil.example" },
				"another domain":                      func(d *factortest.Device) { d.Site.ID = "evil.example" },
				"another key":                         func(d *factortest.Device) { d.Key.Key = factortest.NewKey().Key },
				"a passkey that nobody has":           func(d *factortest.Device) { d.Key = factortest.NewKey() },
				"a device that nobody touched":        func(d *factortest.Device) { d.Auth.Options.UserNotPresent = true },
				"a device that did not ask who it is": func(d *factortest.Device) { d.Auth.Options.UserNotVerified = true },
				"another user handle":                 func(d *factortest.Device) { d.Auth.Options.UserHandle = []byte("somebody else") },
				"no user handle":                      func(d *factortest.Device) { d.Auth.Options.UserHandle = nil },
				"a count that goes backwards":         func(d *factortest.Device) { d.Key.Counter = 0 },
			} {
				t.Run(what, func(t *testing.T) {
					copied := *phone
					change(&copied)
					if _, err := h.open(t, h.Service, &copied); code(err) != "WRONG_PASSKEY" {
						t.Errorf("%v", err)
					}
				})
			}
			for _, nonsense := range []string{"", "{}", "null", `{"id":"x"}`, string(make([]byte, 100_000))} {
				step, err := h.BeginPasskeySignIn(from("192.0.2.1"))
				if err != nil {
					t.Fatal(err)
				}
				if _, err := h.FinishPasskeySignIn(from("192.0.2.1"), step.Token, nonsense); code(err) != "WRONG_PASSKEY" {
					t.Errorf("%.20q: %v", nonsense, err)
				}
			}
			if _, err := h.open(t, h.Service, phone); err != nil {
				t.Errorf("the right one: %v", err)
			}
		})
		t.Run("a step of one kind, or of one person, is none of another", func(t *testing.T) {
			theirs := h.in(t, saul, "192.0.2.3")
			registration, err := h.BeginPasskey(as(theirs))
			if err != nil {
				t.Fatal(err)
			}
			d := factortest.NewDevice(origin)
			response := d.Create(t, registration.Options)
			if _, _, err := h.FinishPasskey(as(in), registration.Token, response, ""); code(err) != "CHALLENGE_ENDED" {
				t.Errorf("somebody else finishes: %v", err)
			}
			again := h.in(t, saul, "192.0.2.3")
			if _, _, err := h.FinishPasskey(as(again), registration.Token, response, ""); code(err) != "CHALLENGE_ENDED" {
				t.Errorf("another session finishes: %v", err)
			}
			if _, err := h.FinishPasskeySignIn(from("192.0.2.1"), registration.Token, response); code(err) != "CHALLENGE_ENDED" {
				t.Errorf("as a sign-in: %v", err)
			}
			proof, err := h.BeginProof(as(in))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := h.CompleteSignIn(from("192.0.2.1"), proof.Token,
				identity.Answer{Passkey: phone.Sign(t, proof.Options)}); code(err) != "CHALLENGE_ENDED" {
				t.Errorf("a proof as a sign-in: %v", err)
			}
			if _, err := h.BeginProof(as(theirs)); code(err) != "NO_SECOND_FACTOR" {
				t.Errorf("a proof without a passkey: %v", err)
			}
			if _, _, err := h.FinishPasskey(as(theirs), registration.Token, response, ""); err != nil {
				t.Errorf("its person finishes: %v", err)
			}
			if _, err := h.CompleteSignIn(from("192.0.2.1"), h.step(t, nora).Token,
				identity.Answer{Passkey: d.Sign(t, h.step(t, saul).Passkey)}); code(err) != "WRONG_PASSKEY" {
				t.Errorf("somebody else's passkey: %v", err)
			}
		})
		t.Run("a passkey belongs to one account", func(t *testing.T) {
			step, err := h.BeginPasskey(as(in))
			if err != nil {
				t.Fatal(err)
			}
			copied := *phone
			if _, _, err := h.FinishPasskey(as(in), step.Token, copied.Create(t, step.Options),
				""); code(err) != "PASSKEY_EXISTS" {
				t.Errorf("twice: %v", err)
			}
		})
		t.Run("it is a proof", func(t *testing.T) {
			h.pass(11 * time.Minute)
			if err := h.RemovePasskey(as(in), row.ID); code(err) != "PROOF_REQUIRED" {
				t.Fatalf("without: %v", err)
			}
			proof, err := h.BeginProof(as(in))
			if err != nil {
				t.Fatal(err)
			}
			p := identity.Proof{Challenge: proof.Token, Answer: identity.Answer{Passkey: phone.Sign(t, proof.Options)}}
			if err := h.Prove(as(in), p); err != nil {
				t.Fatal(err)
			}
			if err := h.Prove(as(in), p); code(err) != "CHALLENGE_ENDED" {
				t.Errorf("again: %v", err)
			}
		})
		t.Run("it is renamed and removed by its person alone", func(t *testing.T) {
			theirs := h.Client().Passkey.Query().Where(passkey.EducatorID(saul.ID)).OnlyX(fixture.System())
			if _, err := h.RenamePasskey(as(in), theirs.ID, "Mine"); code(err) != "NOT_FOUND" {
				t.Errorf("somebody else's: %v", err)
			}
			if err := h.RemovePasskey(as(in), theirs.ID); code(err) != "NOT_FOUND" {
				t.Errorf("somebody else's: %v", err)
			}
			if p, err := h.RenamePasskey(as(in), row.ID, " Old phone "); err != nil || p.Name != "Old phone" {
				t.Errorf("%+v: %v", p, err)
			}
			if err := h.RemovePasskey(as(in), row.ID); err != nil {
				t.Fatal(err)
			}
			if _, err := h.open(t, h.Service, phone); code(err) != "WRONG_PASSKEY" {
				t.Errorf("removed: %v", err)
			}
			h.in(t, nora, "192.0.2.1")
		})
		t.Run("a disabled account stays closed", func(t *testing.T) {
			tablet, _, _ := h.register(t, h.in(t, nora, "192.0.2.1"))
			step, err := h.BeginPasskeySignIn(from("192.0.2.1"))
			if err != nil {
				t.Fatal(err)
			}
			if err := h.SetDisabled(fixture.System(), nora.Email, true); err != nil {
				t.Fatal(err)
			}
			if _, err := h.FinishPasskeySignIn(from("192.0.2.1"), step.Token,
				tablet.Sign(t, step.Options)); code(err) != "WRONG_PASSKEY" {
				t.Errorf("disabled in between: %v", err)
			}
		})
	})
}

func TestPasskeySignInsOfANetwork(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		phone, _, _ := h.register(t, h.in(t, h.NorthAdmin, "192.0.2.9"))
		begun, err := h.BeginPasskeySignIn(from("192.0.2.1"))
		if err != nil {
			t.Fatal(err)
		}
		for n := 1; n < 100; n++ {
			if _, err := h.BeginPasskeySignIn(from("192.0.2.1")); err != nil {
				t.Fatalf("%d are begun, and then: %v", n, err)
			}
		}
		if _, err := h.BeginPasskeySignIn(from("192.0.2.1")); code(err) != "RATE_LIMITED" {
			t.Errorf("one more is begun: %v", err)
		}
		if _, err := h.BeginPasskeySignIn(from("192.0.2.2")); err != nil {
			t.Errorf("from elsewhere: %v", err)
		}
		if _, err := h.FinishPasskeySignIn(from("192.0.2.1"), begun.Token, phone.Sign(t, begun.Options)); err != nil {
			t.Fatal(err)
		}
		if _, err := h.BeginPasskeySignIn(from("192.0.2.1")); err != nil {
			t.Errorf("after one has come to its end: %v", err)
		}
	})
}

func TestPasskeysNeedAName(t *testing.T) {
	t.Parallel()
	for address, works := range map[string]bool{
		"https://homeroom.example.org": true, "https://homeroom.example.org:8443": true, "http://localhost:8080": true, "https://localhost": true,
		"http://homeroom.example.org": false, "http://127.0.0.1:8080": false, "https://192.0.2.1": false, "https://[2001:db8::1]": false, "": false,
	} {
		if _, err := factor.NewSite("Homeroom", address, nil); works != (err == nil) ||
			err != nil && !errors.Is(err, factor.ErrNoDomain) {
			t.Errorf("%q: %v", address, err)
		}
	}
}

// TestPasskeysOfFurtherPages registers passkeys at pages other than the server's own.
func TestPasskeysOfFurtherPages(t *testing.T) {
	t.Parallel()
	pages := map[string]bool{
		origin:                             true,
		"https://app.homeroom.example.org": true,
		"https://evilhomeroom.example.org": false,
		"https://example.org":              false,
	}
	site, err := factor.NewSite("Homeroom", origin, slices.Collect(maps.Keys(pages)))
	if err != nil {
		t.Fatal(err)
	}
	for page, works := range pages {
		owner := factor.Owner{Account: 1, Name: "nora@example.com", Title: "Nora North"}
		asked, err := site.Register(owner)
		if err != nil {
			t.Fatal(err)
		}
		d := factortest.NewDevice(origin)
		d.Site.Origin = page
		if _, err := site.Registered(owner, asked.State, d.Create(t, asked.Options)); (err == nil) != works {
			t.Errorf("at %s: %v", page, err)
		}
	}
}
