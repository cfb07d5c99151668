package identity_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// TestNobodyKeepsALinkFromSomebodyElse has strangers ask for links to the mailbox of
// somebody, who then asks as well.
func TestNobodyKeepsALinkFromSomebodyElse(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		nora := h.in(t, h.NorthAdmin, home).Devices
		saul := h.in(t, h.SouthAdmin, home).Devices
		asked := 0
		// sent is how many mails a request leads to.
		sent := func(email, devices string) int {
			t.Helper()
			asked++
			ctx := identity.WithDevices(from(fmt.Sprintf("198.51.100.%d", asked)), devices)
			if err := h.RequestPasswordReset(ctx, email); err != nil {
				t.Fatal(err)
			}
			identity.Deliver(context.Background(), h.Service)
			n := len(h.mails)
			for _, m := range h.mails {
				if m.To != h.NorthAdmin.Email {
					t.Errorf("a mail to %s", m.To)
				}
			}
			h.mails = nil
			return n
		}
		wants := func(what, email, devices string, want int) {
			t.Helper()
			if n := sent(email, devices); n != want {
				t.Errorf("%s: %d mails, want %d", what, n, want)
			}
		}
		for i := range 10 {
			wants("an address of nobody", fmt.Sprintf("nora+%d@example.com", i), "", 0)
		}
		for i := range 3 {
			wants(fmt.Sprintf("request %d", i), "Nora@example.com", "", 1)
		}
		wants("one more", h.NorthAdmin.Email, "", 0)
		wants("the browser of somebody else", h.NorthAdmin.Email, saul, 0)
		for i := range 3 {
			wants(fmt.Sprintf("request %d in the own browser", i), h.NorthAdmin.Email, nora, 1)
		}
		wants("one more in the own browser", h.NorthAdmin.Email, nora, 0)
		h.pass(10 * time.Minute)
		wants("ten minutes later", h.NorthAdmin.Email, "", 1)
		wants("and once more", h.NorthAdmin.Email, "", 0)
		h.NorthAdmin.Update().SetPasswordHash("another").ExecX(fixture.System())
		wants("a browser that knew the password of before", h.NorthAdmin.Email, nora, 0)
	})
}

// TestInvitationsToAMailboxAreCountedByInviter has one administrator invite somebody as
// often as may be, and others invite the same person.
func TestInvitationsToAMailboxAreCountedByInviter(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		h.serveMails(t)
		invite := func(ctx context.Context) error {
			_, err := h.Invite(ctx, identity.NewEducator{
				Email: "ida+x@example.net", FirstName: "Ida", LastName: "Inn", Role: viewer.Teacher, OrganizationID: h.North.ID,
			})
			return err
		}
		total := 0
		for i := range 5 {
			ctx := h.As(t, h.Educator(t, h.Alpha, fmt.Sprintf("Admin%d Number", i), viewer.SchoolAdmin, h.North))
			n := 0
			var err error
			for ; n < 10; n++ {
				if err = invite(ctx); err != nil {
					break
				}
			}
			if f := fault.From(err); f == nil || f.Code != "RATE_LIMITED" || i < 4 && n != 5 {
				t.Errorf("administrator %d: %d invitations, then %v", i, n, err)
			}
			total += n
		}
		if total != 20 {
			t.Errorf("%d invitations of the schools of a district", total)
		}
		if err := invite(h.As(t, h.DistrictAdmin)); err != nil {
			t.Errorf("an administrator of the district: %v", err)
		}
	})
}
