package identity_test

import (
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/accounthand"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/hold"
	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// TestWhatTheOperatorWidensEnds has the operator give roles to accounts whose credentials
// somebody else has set.
func TestWhatTheOperatorWidensEnds(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		account := func(name string, by *db.Educator, way hold.Way) *db.Educator {
			e := h.Educator(t, h.Alpha, name, viewer.Teacher, h.North)
			if err := hold.NoteWay(fixture.System(), h.Client(), h.clock(), way, []int{by.ID}, e.ID); err != nil {
				t.Fatal(err)
			}
			return e.Update().SetPasswordHash(h.hash(t)).SaveX(fixture.System())
		}
		for _, c := range []struct {
			name string
			e    *db.Educator
			role viewer.Role
			at   *db.Organization
			ends bool
		}{
			{"a password that the school has set", account("Pa One", h.NorthAdmin, hold.ByPassword),
				viewer.DistrictAdmin, h.Alpha, true},
			{"an address that the school has set", account("Ad One", h.NorthAdmin, hold.ByAddress),
				viewer.DistrictAdmin, h.Alpha, true},
			{"a password that the district has set", account("Di One", h.DistrictAdmin, hold.Both),
				viewer.DistrictAdmin, h.Alpha, false},
			{"a role at the school", account("Sc One", h.NorthAdmin, hold.Both), viewer.SchoolAdmin, h.North, false},
			{"a role at another school", account("Ot One", h.NorthAdmin, hold.Both), viewer.Teacher, h.South, true},
		} {
			t.Run(c.name, func(t *testing.T) {
				session := h.in(t, c.e, home)
				got, ended, err := h.AddTelling(fixture.System(), identity.NewEducator{Email: c.e.Email, FirstName: "Any",
					LastName: "Body", Role: c.role, OrganizationID: c.at.ID})
				if err != nil || ended != c.ends || (got.PasswordHash == "") != c.ends {
					t.Errorf("%+v, %t, %v", got, ended, err)
				}
				if _, err := h.Viewer(fixture.System(), c.e.ID); err != nil {
					t.Error(err)
				}
				if n := h.Client().Session.Query().CountX(fixture.System()); (n == 0) != c.ends {
					t.Errorf("%d sessions, of %v", n, session)
				}
				h.Client().Session.Delete().ExecX(fixture.System())
			})
		}
		t.Run("somebody who teaches at another school is not invited by the school of the role", func(t *testing.T) {
			e := h.Educator(t, h.Alpha, "Bo Both", viewer.Teacher, h.North)
			invite := func() error {
				_, err := h.Invite(h.As(t, h.NorthAdmin), identity.NewEducator{Email: e.Email, FirstName: "Bo", LastName: "Both",
					Role: viewer.Teacher, OrganizationID: h.North.ID})
				return err
			}
			if err := invite(); err != nil {
				t.Fatal(err)
			}
			h.Teach(t, e, h.Chemistry)
			if err := invite(); code(err) != "EMAIL_TAKEN" {
				t.Error(err)
			}
		})
		t.Run("a password that the person sets by a link is nobody else's", func(t *testing.T) {
			e := account("Li One", h.NorthAdmin, hold.Both)
			if err := h.SetPasswordByLink(from(home), h.link(t, e, "INVITE"), "a password of my own"); err != nil {
				t.Fatal(err)
			}
			ways := h.Client().AccountHand.Query().Where(accounthand.EducatorID(e.ID)).OnlyX(fixture.System()).Ways
			if hold.Way(ways) != hold.ByAddress {
				t.Errorf("the school comes in by %d", ways)
			}
		})
	})
}
