package identity_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/page"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// TestWhoDisablesWhom is a table of who disables and enables whose account.
func TestWhoDisablesWhom(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		both := h.Educator(t, h.Alpha, "Both Schools", viewer.SchoolAdmin, h.North)
		h.Client().RoleAssignment.Create().SetEducatorID(both.ID).SetOrganizationID(h.South.ID).SetDistrictID(h.Alpha.ID).
			SetRole("TEACHER").ExecX(fixture.System())
		colleague := h.Educator(t, h.Alpha, "Cora Colleague", viewer.SchoolAdmin, h.North)
		callers := []*db.Educator{h.DistrictAdmin, h.NorthAdmin, h.SouthAdmin, h.NorthTeacher, h.BetaAdmin}
		for _, row := range []struct {
			target *db.Educator
			want   [5]string
		}{
			{h.DistrictAdmin, [5]string{"FORBIDDEN", "NOT_FOUND", "NOT_FOUND", "NOT_FOUND", "NOT_FOUND"}},
			{h.NorthAdmin, [5]string{"", "FORBIDDEN", "NOT_FOUND", "FORBIDDEN", "NOT_FOUND"}},
			{colleague, [5]string{"", "", "NOT_FOUND", "FORBIDDEN", "NOT_FOUND"}},
			{both, [5]string{"", "FORBIDDEN", "FORBIDDEN", "FORBIDDEN", "NOT_FOUND"}},
			{h.NorthTeacher, [5]string{"", "", "NOT_FOUND", "FORBIDDEN", "NOT_FOUND"}},
			{h.SouthTeacher, [5]string{"", "NOT_FOUND", "", "NOT_FOUND", "NOT_FOUND"}},
			{h.BetaAdmin, [5]string{"NOT_FOUND", "NOT_FOUND", "NOT_FOUND", "NOT_FOUND", "FORBIDDEN"}},
		} {
			for i, caller := range callers {
				t.Run(row.target.FirstName+" by "+caller.FirstName, func(t *testing.T) {
					asker := as(h.in(t, caller, "192.0.2.1"))
					h.Client().Session.Create().SetEducatorID(row.target.ID).SetTokenHash(row.target.Email + caller.Email).
						SetExpiresAt(h.clock().AddDate(0, 0, 1)).ExecX(fixture.System())
					off := func() bool { return h.Client().Educator.GetX(fixture.System(), row.target.ID).Disabled == 1 }
					for range 2 { // the second time nothing changes
						if _, err := h.Disable(asker, row.target.ID, true); code(err) != row.want[i] {
							t.Errorf("disable: %v; want %q", err, row.want[i])
						}
					}
					sessions := h.Client().Educator.GetX(fixture.System(), row.target.ID).QuerySessions().CountX(fixture.System())
					if disabled := off(); disabled != (row.want[i] == "") || disabled == (sessions > 0) {
						t.Errorf("disabled: %t, with %d sessions", disabled, sessions)
					}
					h.Client().Educator.UpdateOneID(row.target.ID).SetDisabled(1).ExecX(fixture.System())
					defer h.Client().Educator.UpdateOneID(row.target.ID).SetDisabled(0).ExecX(fixture.System())
					if caller.ID == row.target.ID {
						return // nobody is in who is disabled
					}
					if _, err := h.Disable(asker, row.target.ID, false); code(err) != row.want[i] {
						t.Errorf("enable: %v; want %q", err, row.want[i])
					}
					if off() == (row.want[i] == "") {
						t.Errorf("still disabled: %t", off())
					}
				})
			}
		}
	})
}

// TestTwoWhoDisableEachOther has both begin at the same moment, and leaves one of them.
func TestTwoWhoDisableEachOther(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		other := h.Educator(t, h.Alpha, "Otto Other", viewer.DistrictAdmin, h.Alpha)
		one, two := h.As(t, h.DistrictAdmin), h.As(t, other)
		begin, answers := make(chan struct{}), make(chan error, 2)
		for _, try := range []struct {
			who  context.Context
			whom int
		}{{one, other.ID}, {two, h.DistrictAdmin.ID}} {
			go func() {
				<-begin
				_, err := h.Disable(try.who, try.whom, true)
				answers <- err
			}()
		}
		close(begin)
		done := 0
		for range 2 {
			if err := <-answers; err == nil {
				done++
			} else if !errors.Is(err, identity.ErrSession) {
				t.Errorf("somebody who is disabled disables: %v", err)
			}
		}
		left := h.Client().Educator.Query().Where(educator.IDIn(other.ID, h.DistrictAdmin.ID), educator.Disabled(0)).
			CountX(fixture.System())
		if done != 1 || left != 1 {
			t.Errorf("%d of the two succeeded, and %d are left", done, left)
		}
	})
}

// TestPeople lists people as their administrators see them.
func TestPeople(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		h.NorthTeacher.Update().SetDisabled(1).ExecX(fixture.System())
		h.Educator(t, h.Alpha, "Zoë Zapata Ruiz", viewer.Teacher, h.South)
		// Somebody of North who teaches at South.
		two := h.Educator(t, h.Alpha, "Tom Two", viewer.SchoolAdmin, h.North)
		h.Client().RoleAssignment.Create().SetEducatorID(two.ID).SetOrganizationID(h.South.ID).SetDistrictID(h.Alpha.ID).
			SetRole("TEACHER").ExecX(fixture.System())
		yes, no := true, false
		for name, c := range map[string]struct {
			who  *db.Educator
			at   *db.Organization
			f    identity.PeopleFilter
			want []*db.Educator
			code string
		}{
			"of a school": {who: h.NorthAdmin, at: h.North, want: []*db.Educator{h.NorthAdmin, h.NorthTeacher, two}},
			"who teach at another school only": {who: h.NorthAdmin, at: h.North,
				f: identity.PeopleFilter{Roles: []viewer.Role{viewer.Teacher}}, want: []*db.Educator{h.NorthTeacher}},
			"by two roles": {who: h.DistrictAdmin, at: h.North,
				f:    identity.PeopleFilter{Roles: []viewer.Role{viewer.SchoolAdmin, viewer.Teacher, viewer.Teacher}},
				want: []*db.Educator{h.NorthAdmin, h.NorthTeacher, two}},
			"of another school": {who: h.NorthAdmin, at: h.South, code: "NOT_FOUND"},
			"for a teacher":     {who: h.SouthTeacher, at: h.South, code: "FORBIDDEN"},
			"by role":           {who: h.DistrictAdmin, at: h.North, f: identity.PeopleFilter{Roles: []viewer.Role{viewer.Teacher}}, want: []*db.Educator{h.NorthTeacher}},
			"by role in a district": {who: h.DistrictAdmin, at: h.Alpha,
				f: identity.PeopleFilter{Roles: []viewer.Role{viewer.DistrictAdmin}}, want: []*db.Educator{h.DistrictAdmin}},
			"disabled":     {who: h.DistrictAdmin, at: h.Alpha, f: identity.PeopleFilter{Disabled: &yes}, want: []*db.Educator{h.NorthTeacher}},
			"not disabled": {who: h.DistrictAdmin, at: h.North, f: identity.PeopleFilter{Disabled: &no}, want: []*db.Educator{h.NorthAdmin, two}},
			"by address":   {who: h.DistrictAdmin, at: h.Alpha, f: identity.PeopleFilter{Search: "NORA@"}, want: []*db.Educator{h.NorthAdmin}},
			"by words of a name, which nobody of the school has": {who: h.NorthAdmin, at: h.North,
				f: identity.PeopleFilter{Search: "zoe ruiz"}},
		} {
			t.Run(name, func(t *testing.T) {
				list, err := h.People(h.As(t, c.who), c.at.ID, c.f)
				if code(err) != c.code {
					t.Fatalf("%v; want %q", err, c.code)
				}
				if err != nil {
					return
				}
				p, err := list.Page(h.As(t, c.who), page.Args{}, "NAME", false)
				n, counted := list.Count(h.As(t, c.who))
				if err != nil || counted != nil || n != len(p.Items) {
					t.Fatalf("%v, %v, %d of %d", err, counted, len(p.Items), n)
				}
				var got, want []string
				for _, e := range p.Items {
					got = append(got, e.Email)
				}
				for _, e := range c.want {
					want = append(want, e.Email)
				}
				slices.Sort(got)
				slices.Sort(want)
				if !slices.Equal(got, want) {
					t.Errorf("got %s, want %s", strings.Join(got, " "), strings.Join(want, " "))
				}
			})
		}
		list, err := h.People(h.As(t, h.DistrictAdmin), h.Alpha.ID, identity.PeopleFilter{Search: "zoe ruiz"})
		if err != nil {
			t.Fatal(err)
		}
		if n, err := list.Count(h.As(t, h.DistrictAdmin)); n != 1 || err != nil {
			t.Errorf("words in any order and without accents find %d, %v", n, err)
		}
	})
}
