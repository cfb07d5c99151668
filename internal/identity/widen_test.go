package identity_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/accounthand"
	"github.com/openhomeroom/homeroom/ent/db/passkey"
	"github.com/openhomeroom/homeroom/ent/db/recoverycode"
	"github.com/openhomeroom/homeroom/ent/db/roleassignment"
	"github.com/openhomeroom/homeroom/internal/credential"
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
			{"a role where only the school that has set the password is", account("He One", h.SouthAdmin, hold.ByPassword),
				viewer.Teacher, h.South, true},
			{"a role that adds nothing to another one", h.promoted(account("No One", h.SouthAdmin, hold.ByPassword)),
				viewer.Teacher, h.North, false},
			{"a role that adds something to another one", h.promoted(account("So One", h.SouthAdmin, hold.ByPassword)),
				viewer.Teacher, h.South, true},
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
		t.Run("a password that is set by a link is of whoever has named the address, and of nobody else", func(t *testing.T) {
			e := account("Li One", h.NorthAdmin, hold.ByAddress)
			if err := hold.NoteWay(fixture.System(), h.Client(), h.clock(), hold.ByPassword, []int{h.DistrictAdmin.ID},
				e.ID); err != nil {
				t.Fatal(err)
			}
			if err := h.SetPasswordByLink(from(home), h.link(t, e, "INVITE"), "a password of my own"); err != nil {
				t.Fatal(err)
			}
			ways := map[int]hold.Way{}
			for _, a := range h.Client().AccountHand.Query().Where(accounthand.EducatorID(e.ID)).AllX(fixture.System()) {
				ways[a.HandID] = hold.Way(a.Ways)
			}
			if ways[h.NorthAdmin.ID] != hold.ByAddress|hold.ByLink || ways[h.DistrictAdmin.ID] != 0 {
				t.Errorf("they come in by %v", ways)
			}
		})
	})
}

// promoted makes a teacher of North its administrator, and nothing else.
func (h *house) promoted(e *db.Educator) *db.Educator {
	h.Client().RoleAssignment.Delete().Where(roleassignment.EducatorID(e.ID)).ExecX(fixture.System())
	h.Client().RoleAssignment.Create().SetEducatorID(e.ID).SetOrganizationID(h.North.ID).SetDistrictID(h.Alpha.ID).
		SetRole(roleassignment.RoleSCHOOL_ADMIN).ExecX(fixture.System())
	return e
}

// TestAHandCountsWithAllBehindIt has accounts that were created by somebody who
// administers everything that they then have. It checks whether that still counts if the
// person no longer does, or if somebody who could use the person's account does not.
func TestAHandCountsWithAllBehindIt(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		system := fixture.System()
		note := func(hand int, in ...int) {
			t.Helper()
			if err := hold.Note(system, h.Client(), h.clock(), []int{hand}, in...); err != nil {
				t.Fatal(err)
			}
		}
		admin := func(name string) *db.Educator { return h.Educator(t, h.Alpha, name, viewer.DistrictAdmin, h.Alpha) }
		program := func(by *db.Educator) (*db.ServiceKey, int) {
			k, _, err := h.CreateKey(h.As(t, by), identity.NewKey{Name: "Nightly", OrganizationID: h.Alpha.ID,
				Scopes: []viewer.Scope{viewer.RosterImport}, ExpiresAt: h.clock().Add(24 * time.Hour)})
			if err != nil {
				t.Fatal(err)
			}
			return k, *k.AgentID
		}
		for name, c := range map[string]struct {
			hand func() int
			ends bool
		}{
			"the district": {func() int { return admin("OneA Admin").ID }, false},
			"somebody who is disabled": {func() int {
				return admin("OneB Admin").Update().SetDisabled(1).SaveX(system).ID
			}, true},
			"a program": {func() int { _, id := program(admin("OneC Admin")); return id }, false},
			"a program whose maker is none": {func() int {
				who := admin("OneD Admin")
				_, id := program(who)
				who.Update().SetDisabled(1).ExecX(system)
				return id
			}, true},
			"a program whose key was revoked": {func() int {
				who := admin("OneE Admin")
				k, id := program(who)
				if _, err := h.RevokeKey(h.As(t, who), k.ID); err != nil {
					t.Fatal(err)
				}
				return id
			}, true},
			"somebody whom a school has made": {func() int {
				id := admin("OneF Admin").ID
				note(h.NorthAdmin.ID, id)
				return id
			}, true},
			"somebody whom a school could use once": {func() int {
				id := admin("OneG Admin").ID
				note(h.NorthAdmin.ID, id)
				note(h.DistrictAdmin.ID, id)
				return id
			}, false},
			"somebody whom somebody has made whom a school has made": {func() int {
				first, second := admin("OneH Admin").ID, admin("TwoH Admin").ID
				note(h.NorthAdmin.ID, second)
				note(second, first)
				return first
			}, true},
			"two who have made each other": {func() int {
				first, second := admin("OneI Admin").ID, admin("TwoI Admin").ID
				note(first, second)
				note(second, first)
				return first
			}, false},
			"the last of a long chain": {func() int {
				last := admin("OneJ Admin").ID
				for i := range 40 {
					next := admin(fmt.Sprintf("J%d Next", i)).ID
					note(last, next)
					last = next
				}
				return last
			}, true},
		} {
			t.Run(name, func(t *testing.T) {
				e := h.Educator(t, h.Alpha, strings.ReplaceAll(name, " ", "")+" Person", viewer.Teacher, h.North)
				e = e.Update().SetPasswordHash(h.hash(t)).SaveX(system)
				note(c.hand(), e.ID)
				_, ended, err := h.AddTelling(system, identity.NewEducator{Email: e.Email, FirstName: "Pe", LastName: "Rson",
					Role: viewer.SchoolAdmin, OrganizationID: h.South.ID})
				if err != nil || ended != c.ends {
					t.Errorf("%t, %v", ended, err)
				}
			})
		}
	})
}

// TestFactorsOfANarrowerHandEnd has factors set up before and after a school could come in.
func TestFactorsOfANarrowerHandEnd(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		for _, c := range []struct {
			name       string
			set, after bool
			role       viewer.Role
			at         *db.Organization
			left       bool
		}{
			{"set up since", true, true, viewer.DistrictAdmin, h.Alpha, false},
			{"set up before", true, false, viewer.DistrictAdmin, h.Alpha, true},
			{"nobody else has a hand", false, true, viewer.DistrictAdmin, h.Alpha, true},
			{"not more than the school has", true, true, viewer.SchoolAdmin, h.North, true},
		} {
			t.Run(c.name, func(t *testing.T) {
				e := h.Educator(t, h.Alpha, strings.ReplaceAll(c.name, " ", "")+" Factor", viewer.Teacher, h.North)
				e = e.Update().SetPasswordHash(h.hash(t)).SaveX(fixture.System())
				note := func() {
					if err := hold.Note(fixture.System(), h.Client(), h.clock(), []int{h.NorthAdmin.ID}, e.ID); c.set && err != nil {
						t.Fatal(err)
					}
				}
				if c.set && c.after {
					note()
				}
				h.pass(time.Minute)
				h.register(t, h.in(t, e, home))
				h.pass(time.Minute)
				if c.set && !c.after {
					note()
				}
				if _, err := h.AddEducator(fixture.System(), identity.NewEducator{Email: e.Email, FirstName: "Fa",
					LastName: "Ctor", Role: c.role, OrganizationID: c.at.ID}); err != nil {
					t.Fatal(err)
				}
				keys := h.Client().Passkey.Query().Where(passkey.EducatorID(e.ID)).CountX(fixture.System())
				codes := h.Client().RecoveryCode.Query().Where(recoverycode.EducatorID(e.ID)).CountX(fixture.System())
				if keys+codes > 0 != c.left || keys == 0 != (codes == 0) {
					t.Errorf("%d passkeys and %d codes are left", keys, codes)
				}
			})
		}
	})
}

// TestRecoveryCodesDoNotStayAlone has somebody replace a passkey since a school could come in.
// The codes are older, and end together with the passkey.
func TestRecoveryCodesDoNotStayAlone(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		in := h.in(t, h.NorthTeacher, home)
		_, old, _ := h.register(t, in)
		h.pass(time.Minute)
		if err := hold.Note(fixture.System(), h.Client(), h.clock(), []int{h.NorthAdmin.ID}, h.NorthTeacher.ID); err != nil {
			t.Fatal(err)
		}
		h.pass(time.Minute)
		h.register(t, in)
		h.Client().Passkey.DeleteOneID(old.ID).ExecX(fixture.System())
		if _, err := h.AddEducator(fixture.System(), identity.NewEducator{Email: h.NorthTeacher.Email, FirstName: "Ta",
			LastName: "Ra", Role: viewer.DistrictAdmin, OrganizationID: h.Alpha.ID}); err != nil {
			t.Fatal(err)
		}
		if keys, codes := h.factorsOf(h.NorthTeacher); keys+codes > 0 {
			t.Errorf("%d passkeys and %d codes are left", keys, codes)
		}
	})
}

func (h *house) factorsOf(e *db.Educator) (keys, codes int) {
	return h.Client().Passkey.Query().Where(passkey.EducatorID(e.ID)).CountX(fixture.System()),
		h.Client().RecoveryCode.Query().Where(recoverycode.EducatorID(e.ID)).CountX(fixture.System())
}

// TestANewAddressComesWithItsRoles gives an account without a password, whose address a school
// has named, another address. What it gets at the same time counts as well.
func TestANewAddressComesWithItsRoles(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		for name, at := range map[string]func(h *house) *db.Organization{
			"nothing":                nil,
			"a role of the school":   func(h *house) *db.Organization { return h.North },
			"a role somewhere else":  func(h *house) *db.Organization { return h.South },
			"a role at the district": func(h *house) *db.Organization { return h.Alpha },
		} {
			h := newHouse(t, dbtest.Open(t, d.Kind()))
			if err := hold.NoteWay(fixture.System(), h.Client(), h.clock(), hold.ByAddress, []int{h.NorthAdmin.ID},
				h.NorthTeacher.ID); err != nil {
				t.Fatal(err)
			}
			h.pass(time.Minute)
			h.register(t, h.in(t, h.NorthTeacher, home))
			h.Client().Educator.UpdateOneID(h.NorthTeacher.ID).ClearPasswordHash().ExecX(fixture.System())
			var grants []credential.Grant
			if at != nil {
				o := at(h)
				grants = append(grants, credential.Grant{EducatorID: h.NorthTeacher.ID, Assignment: viewer.Assignment{
					Role: viewer.SchoolAdmin, OrganizationID: o.ID, DistrictID: h.Alpha.ID}})
			}
			err := h.DB.InTx(fixture.System(), func(ctx context.Context, client *db.Client) error {
				_, err := credential.Readdress(ctx, client, h.clock(), []int{h.DistrictAdmin.ID}, []int{h.NorthTeacher.ID}, nil,
					grants)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			keys, codes := h.factorsOf(h.NorthTeacher)
			ends := name == "a role somewhere else" || name == "a role at the district"
			if (keys+codes == 0) != ends {
				t.Errorf("%s: %d passkeys and %d codes are left", name, keys, codes)
			}
		}
	})
}
