package identity_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/internal/credential"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// TestAProviderIsRequiredForADomainHoweverItIsWritten writes the domain of an
// installation, and the domains of addresses, in every form in which mail is delivered.
func TestAProviderIsRequiredForADomainHoweverItIsWritten(t *testing.T) {
	t.Parallel()
	const elsewhere = "mueller.example"
	ways := []string{"müller.example", "MÜLLER.Example", "mu\u0308ller.example", "xn--mller-kva.example",
		"XN--Mller-KVA.EXAMPLE", "ｍüller.example", "müller。example", "müller.example.", "xn--mller-kva.example."}
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		for _, configured := range ways {
			h.pass(time.Hour)
			h.providerOf = map[string]string{configured: "Google"}
			s := h.server()
			for i, written := range append(ways, elsewhere) {
				address := fmt.Sprintf("nora%d@%s", i, written)
				h.NorthAdmin.Update().SetEmail(address).SetEmailKey(fold.Key(address)).ExecX(fixture.System())
				want := "SIGN_IN_WITH_PROVIDER"
				if written == elsewhere {
					want = ""
				}
				if _, err := s.SignIn(from(home), address, password); code(err) != want {
					t.Errorf("%s, required for %s: a password: %v, want %q", address, configured, err, want)
				}
				if err := s.RequestPasswordReset(from(fmt.Sprintf("198.51.%d.1", i)), address); code(err) != want {
					t.Errorf("%s, required for %s: a link: %v, want %q", address, configured, err, want)
				}
				if err := s.SetPassword(fixture.System(), h.NorthAdmin.ID, "a password of the operator"); code(err) != want {
					t.Errorf("%s, required for %s: the operator's password: %v, want %q", address, configured, err, want)
				}
				key := fold.Key(address)
				refusal := s.Guard().Refuse(viewer.FromContext(h.As(t, h.DistrictAdmin)),
					credential.Change{EducatorID: h.NorthAdmin.ID, Old: key, New: key, Password: true})
				if (refusal != nil) != (want != "") {
					t.Errorf("%s, required for %s: a file: %v", address, configured, refusal)
				}
				h.NorthAdmin.Update().SetPasswordHash(h.hash(t)).ExecX(fixture.System())
			}
		}
		t.Run("and it opens the accounts of its domain, and of no other one", func(t *testing.T) {
			for i, c := range []struct {
				configured, written string
				opens               bool
			}{
				{"xn--mller-kva.example", "müller.example", true}, {"müller.example", "xn--mller-kva.example", true},
				{"müller.example", "MÜLLER.example", true},
				{"müller.example", "mueller.example", false}, {"müller.example", "muller.example", false},
				// Both have the same key.
				{"straße.example", "strasse.example", false}, {"strasse.example", "straße.example", false},
				{"straße.example", "straße.example", true},
			} {
				address := fmt.Sprintf("nora-%d@%s", i, c.written)
				h.NorthAdmin.Update().SetEmail(address).SetEmailKey(fold.Key(address)).ExecX(fixture.System())
				_, err := h.SignInExternally(context.Background(), identity.External{
					Provider: "p", Issuer: "https://p.example", Subject: fmt.Sprint(i), Email: address, Verified: true,
					Domains: []string{c.configured}, Required: true})
				if (err == nil) != c.opens {
					t.Errorf("a provider of %s, and %s: %v", c.configured, address, err)
				}
				h.Client().ExternalIdentity.Delete().ExecX(fixture.System())
			}
		})
	})
}
