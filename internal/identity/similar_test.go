package identity_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// readdressed gives an account another address.
func (h *house) readdressed(who *db.Educator, email string) *db.Educator {
	return who.Update().SetEmail(email).SetEmailKey(fold.Address(email)).SaveX(fixture.System())
}

// TestWhatIsMeantForOneAddressReachesNoSimilarOne has pairs of addresses with one key and
// two mailboxes: what somebody means for the first must not reach the second.
func TestWhatIsMeantForOneAddressReachesNoSimilarOne(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		h.Client().Educator.Update().ClearPasswordHash().ExecX(fixture.System())
		system := fixture.System()
		for _, pair := range [][4]string{
			{"straße@example.com", "strasse@example.com", "ß", "ss"},
			{"nora@straße.example", "nora@strasse.example", "ß", "ss"},
			{"nora@strasse.example", "nora@xn--strae-oqa.example", "", ""},
			{"kim@example.com", "\u212aim@example.com", "k", "\u212a"},
			{"fiona@example.com", "ﬁona@example.com", "fi", "ﬁ"},
		} {
			meant, there := pair[0], pair[1]
			h.pass(time.Hour)
			h.readdressed(h.NorthTeacher, there)
			invite := func(ctx context.Context, at int) error {
				_, err := h.Invite(ctx, identity.NewEducator{
					Email: meant, FirstName: "A", LastName: "B", Role: viewer.Teacher, OrganizationID: at,
				})
				return err
			}
			for who, ctx := range map[string]context.Context{
				"the district": h.As(t, h.DistrictAdmin), "the school": h.As(t, h.NorthAdmin), "the operator": system,
			} {
				err := invite(ctx, h.North.ID)
				f := fault.From(err)
				if code(err) != "EMAIL_TAKEN" || !strings.Contains(f.Message, there) ||
					!strings.Contains(f.Message, pair[2]) || !strings.Contains(f.Message, pair[3]) {
					t.Errorf("%s invites %q, %q is there: %v", who, meant, there, err)
				}
			}
			for who, do := range map[string]func() error{
				"another school":   func() error { return invite(h.As(t, h.SouthAdmin), h.South.ID) },
				"another district": func() error { return invite(h.As(t, h.BetaAdmin), h.East.ID) },
			} {
				err := do()
				if code(err) != "EMAIL_TAKEN" || strings.Contains(err.Error(), there) {
					t.Errorf("%s invites %q, %q is there: %v", who, meant, there, err)
				}
			}
			_, add := h.AddEducator(system, identity.NewEducator{
				Email: meant, FirstName: "A", LastName: "B", Role: viewer.Teacher, OrganizationID: h.South.ID,
			})
			if code(add) != "EMAIL_TAKEN" {
				t.Errorf("the operator adds %q: %v", meant, add)
			}
			_, unlink := h.Unlink(system, meant)
			for what, err := range map[string]error{
				"disable": h.SetDisabled(system, meant, true), "reset": h.ResetFactorsOf(system, meant), "unlink": unlink,
			} {
				if fault.KindOf(err) != fault.NotFound || !strings.Contains(err.Error(), there) {
					t.Errorf("%s %q: %v", what, meant, err)
				}
			}
			if _, err := h.SignInExternally(system, identity.External{
				Provider: "p", Issuer: "https://p.example", Subject: meant, Email: meant, Verified: true,
			}); code(err) != "NO_ACCOUNT" {
				t.Errorf("a provider names %q: %v", meant, err)
			}
			if err := h.RequestPasswordReset(from(home), meant); err != nil {
				t.Fatal(err)
			}
			identity.Deliver(context.Background(), h.Service)
			h.mu.Lock()
			if len(h.mails) > 0 {
				t.Errorf("what is meant for %q is sent to %q", meant, h.mails[0].To)
			}
			h.mails = nil
			h.mu.Unlock()
		}
		if n := h.Client().Educator.Query().CountX(system); n != 6 {
			t.Errorf("%d accounts", n)
		}
	})
}

// TestADomainInEveryFormIsOneAccount writes the domain of one mailbox in two forms, also
// of an account from before its key was the same for both.
func TestADomainInEveryFormIsOneAccount(t *testing.T) {
	t.Parallel()
	const unicode, ascii = "ida@müller.example", "Ida@XN--MLLER-KVA.example"
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		for _, c := range []struct{ what, there, written, key string }{
			{"the other form", unicode, ascii, fold.Address(unicode)},
			{"the other way round", ascii, unicode, fold.Address(ascii)},
			{"from before", ascii, unicode, fold.Key(ascii)},
			{"from before, the same form", ascii, ascii, fold.Key(ascii)},
		} {
			h := newHouse(t, dbtest.Open(t, d.Kind()))
			ctx := h.As(t, h.DistrictAdmin)
			in := identity.NewEducator{
				Email: c.there, FirstName: "Ida", LastName: "Inn", Role: viewer.Teacher, OrganizationID: h.North.ID,
			}
			e, err := h.Invite(ctx, in)
			if err != nil {
				t.Fatal(err)
			}
			if *e.EmailKey != fold.Address(c.there) {
				t.Errorf("%s: the key is %q", c.what, *e.EmailKey)
			}
			h.Client().Educator.UpdateOneID(e.ID).SetEmailKey(c.key).ExecX(fixture.System())
			in.Email, in.OrganizationID = c.written, h.South.ID
			again, err := h.Invite(ctx, in)
			if err != nil || again.ID != e.ID {
				t.Errorf("%s: %v, %v", c.what, again, err)
			}
			h.Client().Educator.UpdateOneID(e.ID).SetPasswordHash(h.hash(t)).ExecX(fixture.System())
			in1, err := h.SignIn(from(home), c.written, password)
			if err != nil || in1.Viewer.EducatorID != e.ID {
				t.Errorf("%s: %v", c.what, err)
			}
			if err := h.RequestPasswordReset(from(home), c.written); err != nil {
				t.Error(err)
			}
			identity.Deliver(context.Background(), h.Service)
			if len(h.mails) != 3 {
				t.Errorf("%s: %d mails", c.what, len(h.mails))
			}
			for _, m := range h.mails {
				if m.To != c.there {
					t.Errorf("%s: a mail to %q", c.what, m.To)
				}
			}
			if s, err := h.SignInExternally(from(home), identity.External{
				Provider: "p", Issuer: "https://p.example", Subject: "1", Email: c.written, Verified: true,
			}); err != nil || s.Viewer.EducatorID != e.ID {
				t.Errorf("%s: a provider: %v", c.what, err)
			}
			if err := h.SetDisabled(fixture.System(), c.written, true); err != nil {
				t.Errorf("%s: %v", c.what, err)
			}
			if n := h.Client().Educator.Query().Where(educator.FirstName("Ida")).CountX(fixture.System()); n != 1 {
				t.Errorf("%s: %d accounts", c.what, n)
			}
		}
	})
}
