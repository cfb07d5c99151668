package hold_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/roleassignment"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/hold"
)

// TestWhoIsASecondAdministrator checks, for one person after the other, whether somebody
// may approve who has had a hand in the other's account, or is too new.
func TestWhoIsASecondAdministrator(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	asked := fixture.Today.Add(-time.Hour)
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := fixture.New(t, d)
		c, system := w.Client(), fixture.System()
		n := 0
		// person is an account with a role, both of some moment.
		person := func(account, role time.Time, kind roleassignment.Role, at *db.Organization) *db.Educator {
			n++
			e := c.Educator.Create().SetCreatedAt(account).SetDistrictID(w.Alpha.ID).SetFirstName("P").SetLastName("Q").
				SetSortName("q p").SetPasswordHash("known").SaveX(system)
			c.RoleAssignment.Create().SetCreatedAt(role).SetEducatorID(e.ID).SetOrganizationID(at.ID).
				SetDistrictID(at.DistrictID).SetRole(kind).ExecX(system)
			return e
		}
		old := asked.Add(-400 * day)
		admin := func() *db.Educator { return person(old, old, roleassignment.RoleSCHOOL_ADMIN, w.North) }
		hand := func(hand, in *db.Educator, ago time.Duration) {
			t.Helper()
			if err := hold.Note(system, c, fixture.Today.Add(-ago), []int{hand.ID}, in.ID); err != nil {
				t.Fatal(err)
			}
		}
		reset := func(by, of *db.Educator, ago time.Duration) {
			t.Helper()
			seq := c.AuditEvent.Query().CountX(system) + 1000
			c.AuditEvent.Create().SetCreatedAt(fixture.Today.Add(-ago)).SetDistrictID(w.Alpha.ID).SetSeq(seq).
				SetAction(string(audit.SecondFactorsReset)).
				SetActorKind(string(audit.Educator)).SetActorID(by.ID).SetTargetType(string(globalid.Educator)).SetTargetID(of.ID).
				SetPrevHash("").SetHash("").ExecX(system)
		}
		program := func() *db.Educator {
			n++
			e := c.Educator.Create().SetDistrictID(w.Alpha.ID).SetService(1).SetFirstName("S").SetLastName("IS").
				SetSortName("is s").SaveX(system)
			c.ServiceKey.Create().SetDistrictID(w.Alpha.ID).SetOrganizationID(w.North.ID).SetName("SIS").SetScopes([]string{}).
				SetKeyHash(fmt.Sprint("hash ", n)).SetBeginning("hrk_").SetAgentID(e.ID).
				SetExpiresAt(fixture.Today.AddDate(1, 0, 0)).ExecX(system)
			return e
		}
		// own has people set passwords of their own by links.
		own := func(all ...*db.Educator) {
			for _, e := range all {
				if err := hold.NoteLink(system, c, e.ID); err != nil {
					t.Fatal(err)
				}
			}
		}
		micro := time.Microsecond
		for name, pair := range map[string]func() (asks, approves *db.Educator, may bool){
			"two who have nothing to do with each other": func() (*db.Educator, *db.Educator, bool) {
				return admin(), admin(),
					true
			},
			"an administrator of the district": func() (*db.Educator, *db.Educator, bool) {
				return admin(), person(old, old, roleassignment.RoleDISTRICT_ADMIN, w.Alpha), true
			},
			"an administrator of another school": func() (*db.Educator, *db.Educator, bool) {
				return admin(), person(old, old, roleassignment.RoleSCHOOL_ADMIN, w.South), false
			},
			"a teacher of the school": func() (*db.Educator, *db.Educator, bool) {
				return admin(), person(old, old, roleassignment.RoleTEACHER, w.North), false
			},
			"an account a moment older than what is asked": func() (*db.Educator, *db.Educator, bool) {
				return admin(), person(asked.Add(-micro), old, roleassignment.RoleSCHOOL_ADMIN, w.North), true
			},
			"an account as old as what is asked": func() (*db.Educator, *db.Educator, bool) {
				return admin(), person(asked, old, roleassignment.RoleSCHOOL_ADMIN, w.North), false
			},
			"a role a moment older than what is asked": func() (*db.Educator, *db.Educator, bool) {
				return admin(), person(old, asked.Add(-micro), roleassignment.RoleSCHOOL_ADMIN, w.North), true
			},
			"a role as old as what is asked": func() (*db.Educator, *db.Educator, bool) {
				return admin(), person(old, asked, roleassignment.RoleSCHOOL_ADMIN, w.North), false
			},
			"whoever has made the account that asks": func() (*db.Educator, *db.Educator, bool) {
				a, b := admin(), admin()
				hand(b, a, day)
				return a, b, false
			},
			"whose account the one who asks has made": func() (*db.Educator, *db.Educator, bool) {
				a, b := admin(), admin()
				hand(a, b, day)
				return a, b, false
			},
			"whose account the one who asks once made": func() (*db.Educator, *db.Educator, bool) {
				a, b := admin(), admin()
				hand(a, b, 60*day)
				return a, b, false
			},
			"whoever once made the account that asks": func() (*db.Educator, *db.Educator, bool) {
				a, b := admin(), admin()
				hand(b, a, 60*day)
				if err := hold.NoteLink(system, c, a.ID); err != nil {
					t.Fatal(err)
				}
				return a, b, true
			},
			"whoever has made it a day ago, where a link has set the password": func() (*db.Educator, *db.Educator, bool) {
				a, b := admin(), admin()
				hand(b, a, day)
				if err := hold.NoteLink(system, c, a.ID); err != nil {
					t.Fatal(err)
				}
				return a, b, false
			},
			"whoever has long set the password of today": func() (*db.Educator, *db.Educator, bool) {
				a, b := admin(), admin()
				hand(b, a, 60*day)
				return a, b, false
			},
			"whoever has given an External ID to the account that asks": func() (*db.Educator, *db.Educator, bool) {
				a, b := admin(), admin()
				if err := hold.NoteWay(system, c, fixture.Today, hold.ByID, []int{b.ID}, a.ID); err != nil {
					t.Fatal(err)
				}
				return a, b, true
			},
			"whoever has given it an External ID, and then a password": func() (*db.Educator, *db.Educator, bool) {
				a, b := admin(), admin()
				for _, way := range []hold.Way{hold.ByID, hold.ByPassword} {
					if err := hold.NoteWay(system, c, fixture.Today, way, []int{b.ID}, a.ID); err != nil {
						t.Fatal(err)
					}
				}
				return a, b, false
			},
			"whoever has given an External ID to an account of the own making": func() (*db.Educator, *db.Educator, bool) {
				a, b := admin(), admin()
				hand(b, a, day)
				if err := hold.NoteWay(system, c, fixture.Today, hold.ByID, []int{b.ID}, a.ID); err != nil {
					t.Fatal(err)
				}
				return a, b, false
			},
			"whose maker could use an account of today's password": func() (*db.Educator, *db.Educator, bool) {
				a, b, x := admin(), admin(), admin()
				hand(x, a, 60*day)
				hand(b, x, 60*day)
				return a, b, false
			},
			"one account of somebody, and the other one": func() (*db.Educator, *db.Educator, bool) {
				a, b, x := admin(), admin(), admin()
				hand(x, a, day)
				hand(x, b, day)
				return a, b, false
			},
			"accounts of two who have nothing to do": func() (*db.Educator, *db.Educator, bool) {
				a, b, x, y := admin(), admin(), admin(), admin()
				hand(x, a, day)
				hand(y, b, day)
				return a, b, true
			},
			"whoever has reset the factors of the one": func() (*db.Educator, *db.Educator, bool) {
				a, b := admin(), admin()
				reset(b, a, day)
				return a, b, false
			},
			"whose factors the one who asks has reset": func() (*db.Educator, *db.Educator, bool) {
				a, b := admin(), admin()
				reset(a, b, day)
				return a, b, false
			},
			"whose factors the one who asks has reset long ago": func() (*db.Educator, *db.Educator, bool) {
				a, b := admin(), admin()
				reset(a, b, 31*day)
				return a, b, true
			},
			"two whose factors somebody has reset": func() (*db.Educator, *db.Educator, bool) {
				a, b, x := admin(), admin(), admin()
				reset(x, a, day)
				reset(x, b, day)
				return a, b, false
			},
			"two of whom somebody has reset one": func() (*db.Educator, *db.Educator, bool) {
				a, b, x := admin(), admin(), admin()
				reset(x, a, day)
				return a, b, true
			},
			"whoever made the account of one who signs in at a provider long ago": func() (*db.Educator, *db.Educator, bool) {
				a, b := admin(), admin()
				hand(b, a, 60*day)
				a.Update().ClearPasswordHash().ExecX(system)
				return a, b, true
			},
			"two whose accounts a program has made long ago": func() (*db.Educator, *db.Educator, bool) {
				a, b, p := admin(), admin(), program()
				hand(p, a, 60*day)
				hand(p, b, 60*day)
				own(a, b)
				return a, b, true
			},
			"one whose account a program has made, and somebody else": func() (*db.Educator, *db.Educator, bool) {
				a, b := admin(), admin()
				hand(program(), a, day)
				return a, b, true
			},
			"somebody else, and one whose account a program has made": func() (*db.Educator, *db.Educator, bool) {
				a, b := admin(), admin()
				hand(program(), b, day)
				own(b)
				return a, b, false
			},
			"somebody else, and one whose account one has made whose account a program has made": func() (*db.Educator,
				*db.Educator, bool) {
				a, b, x := admin(), admin(), admin()
				hand(program(), x, day)
				hand(x, b, day)
				return a, b, false
			},
			"somebody else, and one whose password of today a program has set": func() (*db.Educator, *db.Educator, bool) {
				a, b := admin(), admin()
				hand(program(), b, 60*day)
				return a, b, false
			},
			"one whose account a program has made lately, and one whose account it made long ago": func() (*db.Educator,
				*db.Educator, bool) {
				a, b, p := admin(), admin(), program()
				hand(p, a, day)
				hand(p, b, 60*day)
				own(a, b)
				return a, b, false
			},
			"a program, and one whose account it made long ago": func() (*db.Educator, *db.Educator, bool) {
				b, p := admin(), program()
				hand(p, b, 60*day)
				own(b)
				return p, b, false
			},
			"one whose factors an account of the program has reset, beside another one of it": func() (*db.Educator,
				*db.Educator, bool) {
				a, b, x, p := admin(), admin(), admin(), program()
				hand(p, a, day)
				hand(p, x, day)
				reset(x, b, day)
				return a, b, false
			},
			"two whom the operator has made": func() (*db.Educator, *db.Educator, bool) {
				a, b := admin(), admin()
				operator := c.Educator.Create().SetDistrictID(w.Alpha.ID).SetService(1).SetFirstName("O").SetLastName("P").
					SetSortName("p o").SaveX(system)
				hand(operator, a, day)
				hand(operator, b, day)
				return a, b, true
			},
			"the operator": func() (*db.Educator, *db.Educator, bool) {
				return admin(), c.Educator.Create().SetDistrictID(w.Alpha.ID).SetService(1).SetFirstName("O").SetLastName("P").
					SetSortName("p o").SaveX(system), true
			},
		} {
			asks, approves, may := pair()
			a := hold.Approval{OrganizationID: w.North.ID, DistrictID: w.Alpha.ID, By: []int{asks.ID}, AskedAt: asked}
			err := a.Refuse(w.As(t, approves), c, fixture.Today)
			if (err == nil) != may || err != nil && fault.KindOf(err) != fault.Forbidden {
				t.Errorf("%s: %v; may approve: want %v", name, err, may)
			}
		}
	})
}
