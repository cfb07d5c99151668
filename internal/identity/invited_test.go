package identity_test

import (
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/page"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// TestOpenInvitations lists, resends and withdraws them.
func TestOpenInvitations(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		nora := h.As(t, h.NorthAdmin)
		ida, err := h.Invite(nora, identity.NewEducator{Email: "ida@example.com", FirstName: "Ida", LastName: "Inn",
			Role: viewer.Teacher, OrganizationID: h.North.ID})
		if err != nil {
			t.Fatal(err)
		}
		h.delivered(t, 1)
		invited := func(yes bool) (names []string) {
			list, err := h.People(nora, h.North.ID, identity.PeopleFilter{Invited: &yes})
			if err != nil {
				t.Fatal(err)
			}
			p, err := list.Page(nora, page.Args{}, "CREATED_AT", true)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range p.Items {
				names = append(names, e.FirstName)
			}
			return names
		}
		if got := invited(true); len(got) != 1 || got[0] != "Ida" {
			t.Errorf("invited: %v", got)
		}
		if got := invited(false); len(got) != 2 {
			t.Errorf("not invited: %v", got)
		}
		open, err := h.Invitations(nora, []int{ida.ID, h.NorthTeacher.ID})
		if err != nil || len(open) != 1 || !open[ida.ID].ExpiresAt.Equal(h.clock().Add(7*24*time.Hour)) {
			t.Errorf("%v %v", open, err)
		}
		if open, err := h.Invitations(h.As(t, h.NorthTeacher), []int{ida.ID}); err != nil || len(open) != 0 {
			t.Errorf("a teacher is told %v %v", open, err)
		}
		for _, c := range []struct {
			by, of *db.Educator
			want   string
		}{
			{h.NorthTeacher, ida, "FORBIDDEN"}, {h.SouthAdmin, ida, "NOT_FOUND"}, {h.BetaAdmin, ida, "NOT_FOUND"},
			{h.NorthAdmin, h.NorthTeacher, "INVITATION_OVER"}, {h.NorthAdmin, h.DistrictAdmin, "NOT_FOUND"},
		} {
			if _, err := h.ResendInvitation(h.As(t, c.by), c.of.ID); code(err) != c.want {
				t.Errorf("%s resends that of %s: %v; want %s", c.by.FirstName, c.of.FirstName, err, c.want)
			}
			if _, err := h.WithdrawInvitation(h.As(t, c.by), c.of.ID); code(err) != c.want {
				t.Errorf("%s withdraws that of %s: %v; want %s", c.by.FirstName, c.of.FirstName, err, c.want)
			}
		}
		h.pass(time.Minute)
		if _, err := h.ResendInvitation(nora, ida.ID); err != nil {
			t.Fatal(err)
		}
		h.delivered(t, 2)
		open, err = h.Invitations(nora, []int{ida.ID})
		if err != nil || !open[ida.ID].CreatedAt.Equal(h.clock()) {
			t.Errorf("the latest is %v %v", open[ida.ID], err)
		}
		link := h.link(t, ida, "INVITE")
		for range 2 {
			if e, err := h.WithdrawInvitation(nora, ida.ID); err != nil || e.Disabled != 1 {
				t.Fatalf("%v %v", e, err)
			}
		}
		if err := h.SetPasswordByLink(from(home), link, "seven tame otters"); code(err) != "LINK_ENDED" {
			t.Errorf("the link of a withdrawn invitation: %v", err)
		}
		if got := invited(true); len(got) != 0 {
			t.Errorf("still invited: %v", got)
		}
		if _, err := h.ResendInvitation(nora, ida.ID); code(err) != "DISABLED" {
			t.Errorf("resend to a disabled account: %v", err)
		}
		if _, err := h.Disable(nora, ida.ID, false); err != nil {
			t.Fatal(err)
		}
		if _, err := h.ResendInvitation(nora, ida.ID); err != nil {
			t.Errorf("after it is enabled: %v", err)
		}
		h.Client().Educator.UpdateOneID(ida.ID).SetEmail("").ClearEmailKey().ExecX(fixture.System())
		if _, err := h.ResendInvitation(nora, ida.ID); code(err) != "NO_ADDRESS" {
			t.Errorf("without an address: %v", err)
		}
	})
}
