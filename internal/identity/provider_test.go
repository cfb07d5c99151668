package identity_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/auditevent"
	"github.com/openhomeroom/homeroom/ent/db/externalidentity"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// known returns a person from a provider with the address of an account.
func known(subject string, e *db.Educator) identity.External {
	return identity.External{
		Provider: "p",
		Issuer:   "https://p.example.org",
		Subject:  subject,
		Email:    e.Email,
		Verified: true,
	}
}

func TestSignInExternally(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		is := func(t *testing.T, who identity.External, want *db.Educator) {
			t.Helper()
			session, err := h.SignInExternally(from("192.0.2.1"), who)
			switch {
			case want == nil && code(err) != "NO_ACCOUNT":
				t.Errorf("%+v gets %v", who, err)
			case want != nil && (err != nil || session.Viewer.EducatorID != want.ID || session.Token == ""):
				t.Errorf("%+v gets %+v, %v; want %s", who, session, err, want.Email)
			}
		}
		nora, saul := h.NorthAdmin, h.SouthAdmin

		t.Run("an address in other letters finds the account, and the session is like any other", func(t *testing.T) {
			who := known("1", nora)
			who.Email = "NORA@Example.com"
			is(t, who, nora)
			session, err := h.SignInExternally(from("192.0.2.9"), who)
			if err != nil {
				t.Fatal(err)
			}
			list, err := h.Sessions(as(session))
			if err != nil || len(list) != 2 || list[0].Address != "192.0.2.9" || list[0].UserAgent != "test" {
				t.Errorf("sessions %+v, %v", list, err)
			}
			if done, err := h.SignOut(as(session)); !done || err != nil {
				t.Errorf("sign out: %t, %v", done, err)
			}
		})
		t.Run("the network is known from then on, so that strangers who guess keep nobody out", func(t *testing.T) {
			for i := range 40 {
				if _, err := h.SignIn(from(fmt.Sprintf("198.51.100.%d", i)), nora.Email, "wrong"); err == nil {
					t.Fatal("the wrong password is right")
				}
			}
			if _, err := h.SignIn(from("192.0.2.1"), nora.Email, password); err != nil {
				t.Errorf("from where the provider has signed in: %v", err)
			}
			if _, err := h.SignIn(from("203.0.113.1"), nora.Email, password); code(err) != "RATE_LIMITED" {
				t.Errorf("from elsewhere: %v; the limit has not been reached", err)
			}
		})
		t.Run("subjects differ by case and by issuer", func(t *testing.T) {
			is(t, known("a", saul), saul)
			is(t, known("A", saul), nil)
			other := known("a", nora)
			other.Issuer = "https://q.example.org"
			is(t, other, nora)
			is(t, known("a ", saul), nil)
			is(t, known("c ", h.Educator(t, h.Alpha, "Cora Blank", viewer.Teacher, h.North)), nil)
			other.Issuer += " "
			is(t, other, nil)
			// A link from before such names were refused.
			tess := h.Educator(t, h.Alpha, "Tess Blank", viewer.Teacher, h.North)
			h.Client().ExternalIdentity.Create().SetEducatorID(tess.ID).SetIssuer(known("b", tess).Issuer).SetSubject("b ").
				SetLastUsedAt(fixture.Today).ExecX(fixture.System())
			who := known("b", tess)
			who.Verified = false
			is(t, who, nil)
		})
		t.Run("an address that is not verified, not there, or not an account that somebody uses opens nothing",
			func(t *testing.T) {
				unverified := known("2", h.NorthTeacher)
				unverified.Verified = false
				is(t, unverified, nil)
				nobody := known("3", h.NorthTeacher)
				nobody.Email = ""
				is(t, nobody, nil)
				nobody.Email = "%@example.com"
				is(t, nobody, nil)
				program := h.SouthTeacher.Update().SetService(1).SaveX(fixture.System())
				is(t, known("4", program), nil)
				is(t, identity.External{Provider: "p", Issuer: "https://p.example.org", Email: nora.Email, Verified: true}, nil)
				if n := h.Client().ExternalIdentity.Query().Where(externalidentity.SubjectIn("2", "3", "4", "")).
					CountX(fixture.System()); n != 0 {
					t.Errorf("%d of them are linked", n)
				}
			})
		t.Run("an address that is only similar is another mailbox", func(t *testing.T) {
			for _, c := range []struct{ theirs, ours string }{
				{"\u017faul@example.net", "saul@example.net"}, {"\u212aim@example.net", "kim@example.net"}, {"gro\u00df@example.net", "gross@example.net"},
				{"saul@ex\u00e1mple.net", "saul@example.net"}, {"jos\u00e9@example.net", "jose@example.net"},
			} {
				e := h.Educator(t, h.Beta, "Similar Address", viewer.Teacher, h.East)
				e = e.Update().SetEmail(c.ours).SetEmailKey(fold.Key(c.ours)).SaveX(fixture.System())
				who := known("similar to "+c.theirs, e)
				who.Email = c.theirs
				is(t, who, nil)
				who.Email = strings.ToUpper(c.ours)
				is(t, who, e)
				h.Client().Educator.UpdateOne(e).ClearEmailKey().SetEmail("").ExecX(fixture.System())
			}
			e := h.Educator(t, h.Beta, "Jos\u00e9 Address", viewer.Teacher, h.East)
			e = e.Update().SetEmail("jose\u0301@example.net").SetEmailKey(fold.Key("jose\u0301@example.net")).
				SaveX(fixture.System())
			who := known("jose", e)
			who.Email = "JOS\u00c9@example.net"
			is(t, who, e)
		})
		t.Run("a disabled account is closed to who is linked to it, and open again when it is enabled", func(t *testing.T) {
			is(t, known("5", h.BetaAdmin), h.BetaAdmin)
			if err := h.SetDisabled(fixture.System(), h.BetaAdmin.Email, true); err != nil {
				t.Fatal(err)
			}
			is(t, known("5", h.BetaAdmin), nil)
			if err := h.SetDisabled(fixture.System(), h.BetaAdmin.Email, false); err != nil {
				t.Fatal(err)
			}
			is(t, known("5", h.BetaAdmin), h.BetaAdmin)
		})
		t.Run("a provider loses an account whose address has left its domains, or is gone", func(t *testing.T) {
			who := known("6", h.NorthTeacher)
			who.Domains = []string{"example.com"}
			is(t, who, h.NorthTeacher)
			h.NorthTeacher.Update().SetEmail("tara@elsewhere.org").SetEmailKey("tara@elsewhere.org").ExecX(fixture.System())
			is(t, who, nil)
			who.Domains = nil
			is(t, who, h.NorthTeacher)
			h.NorthTeacher.Update().SetEmail("").ClearEmailKey().ExecX(fixture.System())
			is(t, who, nil)
			h.NorthTeacher.Update().SetEmail("tara@elsewhere.org").SetEmailKey("tara@elsewhere.org").ExecX(fixture.System())
			is(t, who, h.NorthTeacher)
		})
		t.Run("what happened stands in the audit trail", func(t *testing.T) {
			count := func(action audit.Action, target int) int {
				return h.Client().AuditEvent.Query().Where(auditevent.Action(string(action)), auditevent.TargetID(target)).
					CountX(fixture.System())
			}
			if in, linked := count(audit.SignedIn, h.BetaAdmin.ID),
				count(audit.AccountLinked, h.BetaAdmin.ID); in != 2 || linked != 1 {
				t.Errorf("signed in %d times, linked %d times", in, linked)
			}
			if refused := count(audit.SignInRefused, saul.ID); refused != 1 {
				t.Errorf("refused %d times", refused)
			}
			opened, err := h.SignInExternally(from("192.0.2.1"), known("5", h.BetaAdmin))
			if err != nil {
				t.Fatal(err)
			}
			if n, err := h.Unlink(fixture.System(), h.BetaAdmin.Email); n != 1 || err != nil ||
				count(audit.AccountUnlinked, h.BetaAdmin.ID) != 1 {
				t.Errorf("unlinked %d, %v", n, err)
			}
			if _, err := h.Authenticate(context.Background(), opened.Token); !errors.Is(err, identity.ErrSession) {
				t.Errorf("what the person has opened goes on: %v", err)
			}
		})
		t.Run("of many who come at once for one account, one person is linked", func(t *testing.T) {
			var wait sync.WaitGroup
			var mu sync.Mutex
			in := map[string]int{}
			for i := range 12 {
				wait.Go(func() {
					subject := []string{"x", "y", "z"}[i%3]
					_, err := h.SignInExternally(from("192.0.2.1"), known(subject, h.DistrictAdmin))
					mu.Lock()
					defer mu.Unlock()
					if err == nil {
						in[subject]++
					} else if code(err) != "NO_ACCOUNT" {
						t.Errorf("%s: %v", subject, err)
					}
				})
			}
			wait.Wait()
			if len(in) != 1 {
				t.Errorf("signed in: %v", in)
			}
			for subject, n := range in {
				if n != 4 {
					t.Errorf("%s signed in %d times", subject, n)
				}
			}
		})
	})
}

func TestAppCode(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		const verifier = "only the app knows this"
		sum := sha256.Sum256([]byte(verifier))
		challenge := base64.RawURLEncoding.EncodeToString(sum[:])
		made := func(t *testing.T) string {
			t.Helper()
			c, err := h.AppCode(from("192.0.2.1"), known("1", h.NorthAdmin), challenge)
			if err != nil || !identity.IsChallenge(challenge) {
				t.Fatal(err)
			}
			return c
		}
		use := func(appCode, verifier string) string {
			_, err := h.SignInWithCode(from("192.0.2.1"), appCode, verifier)
			return code(err)
		}
		t.Run("a code works once, with its verifier", func(t *testing.T) {
			c := made(t)
			for i, step := range []struct{ verifier, want string }{{"", "CODE_ENDED"}, {challenge, "CODE_ENDED"}, {verifier, ""},
				{verifier, "CODE_ENDED"}} {
				if got := use(c, step.verifier); got != step.want {
					t.Errorf("step %d: %q, want %q", i, got, step.want)
				}
			}
		})
		t.Run("a code is good for a minute", func(t *testing.T) {
			c := made(t)
			h.pass(61 * time.Second)
			if got := use(c, verifier); got != "CODE_ENDED" {
				t.Errorf("got %q", got)
			}
		})
		t.Run("a code sets no password", func(t *testing.T) {
			c := made(t)
			for _, secret := range []string{c, c + "\x00" + challenge} {
				if got := code(h.SetPasswordByLink(from("192.0.2.1"), secret, "another password")); got != "LINK_ENDED" {
					t.Errorf("got %q", got)
				}
			}
		})
		t.Run("a code of an account that has been disabled opens nothing", func(t *testing.T) {
			c := made(t)
			if err := h.SetDisabled(fixture.System(), h.NorthAdmin.Email, true); err != nil {
				t.Fatal(err)
			}
			if got := use(c, verifier); got != "CODE_ENDED" {
				t.Errorf("got %q", got)
			}
		})
	})
}

func TestWhereAProviderIsRequired(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		link, err := h.Link(fixture.System(), h.NorthAdmin.ID, "INVITE")
		if err != nil {
			t.Fatal(err)
		}
		h.providerOf = map[string]string{"example.com": "Google"}
		h.Service = h.server()
		const want = "SIGN_IN_WITH_PROVIDER"
		for _, email := range []string{h.NorthAdmin.Email, "nobody@EXAMPLE.com"} {
			if _, err := h.SignIn(from("192.0.2.1"), email, password); code(err) != want {
				t.Errorf("%s by password: %v", email, err)
			}
			if err := h.RequestPasswordReset(from("192.0.2.1"), email); code(err) != want {
				t.Errorf("%s asks for a link: %v", email, err)
			}
		}
		if err := h.SetPasswordByLink(from("192.0.2.1"), link[len(link)-43:], "another password"); code(err) != want {
			t.Errorf("by a link: %v", err)
		}
		if _, err := h.SignIn(from("192.0.2.1"), "nobody@sub.example.com", password); code(err) != "WRONG_CREDENTIALS" {
			t.Errorf("another domain: %v", err)
		}
		theirs := known("1", h.NorthAdmin)
		theirs.Domains, theirs.Required = []string{"example.com"}, true
		if _, err := h.SignInExternally(from("192.0.2.1"), theirs); err != nil {
			t.Errorf("by the provider: %v", err)
		}
		// Somebody who has a mailbox of the domain for a moment can get it verified at
		// another provider.
		other := identity.External{
			Provider: "other",
			Issuer:   "https://other.example.org",
			Subject:  "7",
			Email:    h.NorthAdmin.Email,
			Verified: true,
		}
		closed := func(how string, who identity.External) {
			if _, err := h.SignInExternally(from("192.0.2.1"), who); code(err) != "NO_ACCOUNT" {
				t.Errorf("by another provider, %s: %v", how, err)
			}
			if _, err := h.AppCode(from("192.0.2.1"), who, challengeOf("verifier")); code(err) != "NO_ACCOUNT" {
				t.Errorf("by another provider in an app, %s: %v", how, err)
			}
		}
		closed("for the first time", other)
		inDomain := other
		inDomain.Domains = []string{"example.com"}
		closed("whose domain it is as well", inDomain)
		linked := other
		linked.Subject = "8"
		h.Client().ExternalIdentity.Create().SetEducatorID(h.SouthAdmin.ID).SetIssuer(linked.Issuer).
			SetSubject(linked.Subject).
			SetLastUsedAt(h.clock()).SetCreatedAt(h.clock()).ExecX(fixture.System())
		closed("to which an account was linked before", linked)
	})
}
