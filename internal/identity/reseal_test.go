package identity_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/totpsecret"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/identity"
)

var (
	secondKey = []byte("another secret of the tests, 32.")
	thirdKey  = []byte("a third secret of the tests, 32.")
)

// withKeys is a server with a secret key and those before it.
func (h *house) withKeys(keys ...[]byte) *identity.Service {
	h.keys = keys
	defer func() { h.keys = nil }()
	return h.server()
}

func goOn(context.Context) error { return nil }

// needs are how many apps need each of the old keys of a server, and at last how many
// no key of it opens.
func needs(t *testing.T, s *identity.Service) []int {
	t.Helper()
	u, err := s.KeyUse(fixture.System())
	if err != nil {
		t.Fatal(err)
	}
	return append(u.Needed, u.Missing)
}

// reseals makes a server encrypt again, and returns how many apps it has done.
func reseals(t *testing.T, s *identity.Service) int {
	t.Helper()
	n, err := s.Reseal(context.Background(), goOn)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestSecondFactorsOutliveTheirKey(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		nora, saul := h.NorthAdmin, h.SouthAdmin
		apps := map[int]app{}
		for _, who := range []*db.Educator{nora, saul} {
			apps[who.ID] = h.setUp(t, h.in(t, who, "192.0.2.1"))
		}
		opens := func(t *testing.T, s *identity.Service, who *db.Educator) {
			t.Helper()
			h.pass(time.Minute)
			if _, err := h.complete(s, h.step(t, who), apps[who.ID].at(h.clock())); err != nil {
				t.Errorf("%s: %v", who.Email, err)
			}
		}
		both, alone := h.withKeys(secondKey, firstKey), h.withKeys(secondKey)
		t.Run("a server with both keys opens what the old one has encrypted, a step as well", func(t *testing.T) {
			// The steps of the house are posed with the old key.
			opens(t, both, nora)
			if got := needs(t, both); !slices.Equal(got, []int{2, 0}) {
				t.Errorf("%v are needed", got)
			}
			if got := needs(t, alone); !slices.Equal(got, []int{2}) {
				t.Errorf("%v without the old key", got)
			}
		})
		t.Run("who is set up meanwhile needs the new key alone", func(t *testing.T) {
			h.Service = both
			apps[h.NorthTeacher.ID] = h.setUp(t, h.in(t, h.NorthTeacher, "192.0.2.1"))
			if got := needs(t, both); !slices.Equal(got, []int{2, 0}) {
				t.Errorf("%v are needed", got)
			}
		})
		t.Run("a row that was copied to another account is left as it is", func(t *testing.T) {
			row := h.Client().TotpSecret.Query().Where(totpsecret.EducatorID(nora.ID)).OnlyX(fixture.System())
			copied := h.Client().TotpSecret.Create().SetEducatorID(h.DistrictAdmin.ID).SetSecret(row.Secret).SetLastStep(0).
				SaveX(fixture.System())
			if n := reseals(t, both); n != 2 {
				t.Errorf("%d were encrypted anew", n)
			}
			if got := needs(t, both); !slices.Equal(got, []int{0, 1}) {
				t.Errorf("%v are needed", got)
			}
			h.Client().TotpSecret.DeleteOne(copied).ExecX(fixture.System())
		})
		t.Run("afterwards nobody needs the old key", func(t *testing.T) {
			if n := reseals(t, both); n != 0 {
				t.Errorf("%d were encrypted twice", n)
			}
			if got := append(needs(t, both), needs(t, alone)...); !slices.Equal(got, []int{0, 0, 0}) {
				t.Errorf("%v are needed", got)
			}
			h.Service = alone
			for _, who := range []*db.Educator{nora, saul, h.NorthTeacher} {
				opens(t, alone, who)
			}
		})
		t.Run("a server that does not have the key says so, and counts no attempt", func(t *testing.T) {
			h.Service = h.withKeys(firstKey)
			for range 8 {
				_, err := h.complete(h.Service, h.step(t, nora), apps[nora.ID].at(h.clock()))
				if code(err) != "UNAVAILABLE" {
					t.Fatal(err)
				}
			}
			if _, err := h.complete(h.Service, h.step(t, nora), apps[nora.ID].codes[0]); err != nil {
				t.Errorf("a recovery code: %v", err)
			}
			if n := reseals(t, h.Service); n != 0 {
				t.Errorf("a server without old keys has encrypted %d", n)
			}
		})
		t.Run("of several old keys the one is told that is needed", func(t *testing.T) {
			last := h.withKeys(thirdKey, firstKey, secondKey)
			if got := needs(t, last); !slices.Equal(got, []int{0, 3, 0}) {
				t.Errorf("%v are needed", got)
			}
			if n := reseals(t, last); n != 3 {
				t.Errorf("%d were encrypted anew", n)
			}
			h.Service = h.withKeys(thirdKey)
			opens(t, h.Service, saul)
		})
	})
}

// TestReencryptionGoesOnWhereItWasStopped stops a server after each piece, and has people
// change their apps meanwhile.
func TestReencryptionGoesOnWhereItWasStopped(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		many := make([]*db.EducatorCreate, 450)
		for i := range many {
			many[i] = h.Client().Educator.Create().SetDistrictID(h.Alpha.ID).SetFirstName("Person").SetLastName(fmt.Sprint(i)).
				SetSortName(fmt.Sprint(i))
		}
		people := h.Client().Educator.CreateBulk(many...).SaveX(fixture.System())
		secrets := make([]*db.TotpSecretCreate, len(people))
		for i, e := range people {
			secrets[i] = h.Client().TotpSecret.Create().SetEducatorID(e.ID).
				SetSecret(identity.SealTOTP(h.Service, e.ID, "secret")).SetLastStep(0)
		}
		h.Client().TotpSecret.CreateBulk(secrets...).ExecX(fixture.System())
		stop := errors.New("stopped")
		both, done := h.withKeys(secondKey, firstKey), 0
		for pieces := 1; pieces <= 2; pieces++ {
			seen := 0
			n, err := both.Reseal(context.Background(), func(context.Context) error {
				if seen++; seen < pieces {
					return nil
				}
				return stop
			})
			if !errors.Is(err, stop) || n < 200 || n > 201 { // One has moved up to the end of the first piece.
				t.Fatalf("%d were encrypted anew: %v", n, err)
			}
			done += n
			// A server that only has the old key sets up an app that replaces another one.
			who := people[pieces].ID
			h.Client().TotpSecret.Delete().Where(totpsecret.EducatorID(who)).ExecX(fixture.System())
			h.Client().TotpSecret.Create().SetEducatorID(who).SetSecret(identity.SealTOTP(h.Service, who, "other")).
				SetLastStep(0).ExecX(fixture.System())
			done--
			if left := needs(t, both)[0]; left != len(people)-done {
				t.Errorf("%d still need the old key, want %d", left, len(people)-done)
			}
		}
		if n := reseals(t, both); n != len(people)-done {
			t.Errorf("%d were encrypted anew at last, want %d", n, len(people)-done)
		}
		if got := needs(t, h.withKeys(secondKey)); !slices.Equal(got, []int{0}) {
			t.Errorf("%v need another key", got)
		}
	})
}
