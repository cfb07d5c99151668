package identity_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"sync"
	"testing"

	"entgo.io/ent"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/auditevent"
	"github.com/openhomeroom/homeroom/ent/db/signinmark"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// newcomer is an account of a district without a password and without a role, as a
// file brings it.
func (h *house) newcomer(district *db.Organization, email string) *db.Educator {
	return h.Client().Educator.Create().SetDistrictID(district.ID).SetFirstName("Newt").SetLastName("Comer").
		SetSortName("comer").
		SetEmail(email).SetEmailKey(fold.Key(email)).SaveX(fixture.System())
}

func TestWhoCannotBeInvited(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		district := as(h.in(t, h.DistrictAdmin, home))
		invite := func(ctx context.Context, email string, role viewer.Role, at *db.Organization) string {
			_, err := h.Invite(ctx,
				identity.NewEducator{Email: email, FirstName: "Newt", LastName: "Comer", Role: role, OrganizationID: at.ID})
			return code(err)
		}
		h.newcomer(h.Beta, "beta@example.com")
		t.Run("an account of another district, not even by the operator", func(t *testing.T) {
			for who, ctx := range map[string]context.Context{"an administrator": district, "the operator": fixture.System()} {
				if got := invite(ctx, "beta@example.com", viewer.Teacher, h.North); got != "EMAIL_TAKEN" {
					t.Errorf("%s: %q", who, got)
				}
			}
		})
		t.Run("an account that is disabled, that has a password, or that is a program's", func(t *testing.T) {
			h.newcomer(h.Alpha, "disabled@example.com").Update().SetDisabled(1).ExecX(fixture.System())
			h.newcomer(h.Alpha, "password@example.com").Update().SetPasswordHash("hash").ExecX(fixture.System())
			h.newcomer(h.Alpha, "service@example.com").Update().SetService(1).ExecX(fixture.System())
			for _, email := range []string{"disabled@example.com", "password@example.com", "service@example.com"} {
				if got := invite(district, email, viewer.Teacher, h.North); got != "EMAIL_TAKEN" {
					t.Errorf("%s: %q", email, got)
				}
			}
		})
		t.Run("to a role that is held elsewhere", func(t *testing.T) {
			for _, role := range []viewer.Role{viewer.Teacher, viewer.SchoolAdmin} {
				if got := invite(district, "new@example.com", role, h.Alpha); got != "WRONG_ORGANIZATION" {
					t.Errorf("%s of a district: %q", role, got)
				}
			}
			if got := invite(district, "new@example.com", viewer.DistrictAdmin, h.North); got != "WRONG_ORGANIZATION" {
				t.Errorf("a district's administrator of a school: %q", got)
			}
		})
		t.Run("with an address that does not fit", func(t *testing.T) {
			local := strings.Repeat("a", 60)
			for _, n := range []int{190, 191} {
				email := local + "@" + strings.Repeat("b", 60) + "." + strings.Repeat("c", n-60-1-60-1-4) + ".org"
				want := map[bool]string{true: "", false: "BAD_EMAIL"}[n <= 190]
				if got := invite(district, email, viewer.Teacher, h.North); len(email) != n || got != want {
					t.Errorf("%d characters: %q; want %q", len(email), got, want)
				}
			}
		})
	})
}

// refusals are the codes of the sign-ins that were refused at a district.
func (h *house) refusals(district int) (codes []string) {
	for _, e := range h.Client().AuditEvent.Query().
		Where(auditevent.DistrictID(district), auditevent.Action(string(audit.SignInRefused))).
		Order(db.Asc(auditevent.FieldSeq)).AllX(fixture.System()) {
		codes = append(codes, e.Code)
	}
	return codes
}

func TestASignInThatFailsLeavesAnEntry(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]func(h *house) (email, typed, code string, district int){
		"with a wrong password": func(h *house) (string, string, string, int) {
			return h.NorthAdmin.Email, "wrong", "WRONG_CREDENTIALS", h.Alpha.ID
		},
		"of nobody": func(*house) (string, string, string, int) {
			return "nobody@example.com", password, "WRONG_CREDENTIALS", 0
		},
		"of a disabled account": func(h *house) (string, string, string, int) {
			h.NorthAdmin.Update().SetDisabled(1).ExecX(fixture.System())
			return h.NorthAdmin.Email, password, "WRONG_CREDENTIALS", h.Alpha.ID
		},
		"of an account without a password": func(h *house) (string, string, string, int) {
			return *h.newcomer(h.Alpha, "new@example.com").EmailKey, password, "WRONG_CREDENTIALS", h.Alpha.ID
		},
		"of a program's account": func(h *house) (string, string, string, int) {
			h.NorthAdmin.Update().SetService(1).ExecX(fixture.System())
			return h.NorthAdmin.Email, password, "WRONG_CREDENTIALS", h.Alpha.ID
		},
		"where a provider is required": func(h *house) (string, string, string, int) {
			h.providerOf = map[string]string{"example.com": "Google"}
			h.Service = h.server()
			return h.NorthAdmin.Email, password, "SIGN_IN_WITH_PROVIDER", 0
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *database.DB) {
				h := newHouse(t, d)
				email, typed, want, district := test(h)
				if _, err := h.SignIn(from(home), email, typed); code(err) != want {
					t.Errorf("it was answered with %v; want %s", err, want)
				}
				if got := h.refusals(district); len(got) != 1 || got[0] != want {
					t.Errorf("on record at %d: %v; want %s", district, got, want)
				}
			})
		})
	}
}

// changeAfter changes the world when a sign-in has read the account, and before it
// begins the session.
func (h *house) changeAfter(change func()) {
	var once sync.Once
	h.Client().Educator.Intercept(ent.InterceptFunc(func(next ent.Querier) ent.Querier {
		return ent.QuerierFunc(func(ctx context.Context, q ent.Query) (ent.Value, error) {
			v, err := next.Query(ctx, q)
			once.Do(change)
			return v, err
		})
	}))
}

func TestWhatChangesDuringASignIn(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]string{
		"the password":            "UPDATE educators SET password_hash = 'another' WHERE id = ?",
		"the account is disabled": "UPDATE educators SET disabled = 1 WHERE id = ?",
		"it becomes a program's":  "UPDATE educators SET service = 1 WHERE id = ?",
		"the address":             "UPDATE educators SET email = 'new@example.com', email_key = 'new@example.com' WHERE id = ?",
		"the address is gone":     "UPDATE educators SET email = '', email_key = NULL WHERE id = ?",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *database.DB) {
				h := newHouse(t, d)
				h.changeAfter(func() {
					if _, err := h.Client().ExecContext(context.Background(), change, h.NorthAdmin.ID); err != nil {
						t.Error(err)
					}
				})
				if _, err := h.SignIn(from(home), h.NorthAdmin.Email, password); code(err) != "WRONG_CREDENTIALS" {
					t.Errorf("%v", err)
				}
				if n := h.Client().Session.Query().CountX(fixture.System()); n != 0 {
					t.Errorf("%d sessions have begun", n)
				}
			})
		})
	}
}

func TestWhatIsTypedHasABound(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		tried := func(email, typed string) bool {
			before := h.Client().SignInMark.Query().CountX(fixture.System())
			if _, err := h.SignIn(from(home), email, typed); code(err) != "WRONG_CREDENTIALS" {
				t.Errorf("%v", err)
			}
			return h.Client().SignInMark.Query().CountX(fixture.System()) > before
		}
		for n, want := range map[int]bool{1024: true, 1025: false} {
			if got := tried(h.NorthAdmin.Email+strings.Repeat("x", n-len(h.NorthAdmin.Email)), "wrong"); got != want {
				t.Errorf("an address of %d bytes was tried: %v", n, got)
			}
		}
		if tried(h.SouthAdmin.Email, strings.Repeat("x", 1025)) {
			t.Error("a password of 1025 bytes was tried")
		}
		if !tried(h.SouthAdmin.Email, strings.Repeat("x", 1024)) {
			t.Error("a password of 1024 bytes was not tried")
		}
	})
}

func TestNowhereIsNoKnownNetwork(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		known := func(network string) bool {
			hash := h.Client().Educator.GetX(fixture.System(), h.NorthAdmin.ID).PasswordHash
			sum := sha256.Sum256([]byte("known\x00" + fold.Key(h.NorthAdmin.Email) + "\x00" + network + "\x00" + hash))
			return h.Client().SignInMark.Query().Where(signinmark.Mark(hex.EncodeToString(sum[:]))).ExistX(fixture.System())
		}
		if _, err := h.SignIn(context.Background(), h.NorthAdmin.Email, password); err != nil {
			t.Fatal(err)
		}
		if known("") {
			t.Error("whoever comes from nowhere is known now")
		}
		h.in(t, h.NorthAdmin, home)
		if network := viewer.OriginOf(from(home)).Network(); !known(network) {
			t.Errorf("%s is not known", network)
		}
	})
}

func TestAProviderNamesThePerson(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		for name, test := range map[string]struct {
			issuer, subject string
			want            string
		}{
			"without a subject":           {"https://issuer.example", "", "NO_ACCOUNT"},
			"without an issuer":           {"", "1", "NO_ACCOUNT"},
			"with a subject of 256 bytes": {"https://issuer.example", strings.Repeat("1", 256), "NO_ACCOUNT"},
			"with an issuer of 256 bytes": {strings.Repeat("i", 256), "1", "NO_ACCOUNT"},
			"with 255 bytes each":         {strings.Repeat("i", 255), strings.Repeat("1", 255), ""},
		} {
			who := known("1", h.NorthAdmin)
			who.Issuer, who.Subject = test.issuer, test.subject
			if _, err := h.SignInExternally(from(home), who); code(err) != test.want {
				t.Errorf("%s: %v; want %q", name, err, test.want)
			}
		}
	})
}

func TestNoPasswordLinkIsSentWhereAProviderIsRequired(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		district := as(h.in(t, h.DistrictAdmin, home))
		h.providerOf = map[string]string{"example.com": "Google"}
		h.Service = h.server()
		if _, err := h.Invite(district,
			identity.NewEducator{
				Email:          "new@example.com",
				FirstName:      "Newt",
				LastName:       "Comer",
				Role:           viewer.Teacher,
				OrganizationID: h.North.ID,
			}); err != nil {
			t.Fatal(err)
		}
		if mail := h.delivered(t, 1)[0]; strings.Contains(mail.Text, "#") || !strings.Contains(mail.Text, "Google") {
			t.Errorf("%+v", mail)
		}
		if n := h.Client().OneTimeLink.Query().CountX(fixture.System()); n != 0 {
			t.Errorf("%d links were made", n)
		}
	})
}
