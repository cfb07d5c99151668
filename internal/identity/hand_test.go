package identity_test

import (
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/hold"
	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// TestWhoeverInvitesHasAHandInTheAccount has an administrator invite a second one, to
// whatever address.
func TestWhoeverInvitesHasAHandInTheAccount(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		approves := func(who *db.Educator, by ...int) error {
			asked := h.clock().Add(time.Minute)
			return hold.Approval{OrganizationID: h.North.ID, DistrictID: h.Alpha.ID, By: by, AskedAt: asked}.Refuse(h.As(t, who),
				h.Client(), asked)
		}
		invited, err := h.Invite(h.As(t, h.NorthAdmin),
			identity.NewEducator{
				Email:          "ida@example.com",
				FirstName:      "Ida",
				LastName:       "Invited",
				Role:           viewer.SchoolAdmin,
				OrganizationID: h.North.ID,
			})
		if err != nil {
			t.Fatal(err)
		}
		added, err := h.AddEducator(fixture.System(),
			identity.NewEducator{
				Email:          "otto@example.com",
				FirstName:      "Otto",
				LastName:       "Operator",
				Role:           viewer.SchoolAdmin,
				OrganizationID: h.North.ID,
			})
		if err != nil {
			t.Fatal(err)
		}
		if err := approves(invited, h.NorthAdmin.ID); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("the invited one approves: %v", err)
		}
		if err := h.SetPasswordByLink(from(home), h.link(t, invited, "INVITE"), "a password of my own"); err != nil {
			t.Fatal(err)
		}
		if err := approves(invited, h.NorthAdmin.ID); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("the address of the link was chosen by whoever invited: %v", err)
		}
		if err := approves(added, h.NorthAdmin.ID); err != nil {
			t.Errorf("the operator's does not approve: %v", err)
		}
		if err := approves(invited, h.DistrictAdmin.ID); err != nil {
			t.Errorf("somebody else's: %v", err)
		}
	})
}

// An administrator who knows another one's password, and removes the second factors of
// that account, could approve their own jobs with it.
func TestWhoeverResetsFactorsIsNoSecondAdministratorForAWhile(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		second := h.Educator(t, h.Alpha, "Ned Second", viewer.SchoolAdmin, h.North)
		second = second.Update().SetPasswordHash(h.hash(t)).SaveX(fixture.System())
		approves := func(who *db.Educator, by int) error {
			asked := h.clock()
			return hold.Approval{
				OrganizationID: h.North.ID,
				DistrictID:     h.Alpha.ID,
				By:             []int{by},
				AskedAt:        asked,
			}.Refuse(h.As(t, who), h.Client(), asked)
		}
		h.pass(time.Hour)
		h.register(t, h.in(t, second, home))
		if err := approves(second, h.NorthAdmin.ID); err != nil {
			t.Fatalf("before: %v", err)
		}
		if _, err := h.ResetFactors(as(h.in(t, h.NorthAdmin, home)), second.ID); err != nil {
			t.Fatal(err)
		}
		for what, err := range map[string]error{
			"who was reset": approves(second, h.NorthAdmin.ID),
			"who has reset": approves(h.NorthAdmin, second.ID),
		} {
			if fault.KindOf(err) != fault.Forbidden {
				t.Errorf("%s approves what the other one asks: %v", what, err)
			}
		}
		// The same is true of anybody whose account the person who has reset the factors
		// could use.
		third := h.Educator(t, h.Alpha, "Ted Third", viewer.SchoolAdmin, h.North)
		made := h.Educator(t, h.Alpha, "Mae Made", viewer.SchoolAdmin, h.North)
		if err := hold.Note(fixture.System(), h.Client(), h.clock(), []int{h.NorthAdmin.ID}, made.ID); err != nil {
			t.Fatal(err)
		}
		third = third.Update().SetPasswordHash(h.hash(t)).SaveX(fixture.System())
		h.register(t, h.in(t, third, home))
		if _, err := h.ResetFactors(as(h.in(t, h.NorthAdmin, home)), third.ID); err != nil {
			t.Fatal(err)
		}
		h.pass(time.Hour)
		// Somebody who resets factors with an account that they have created counts as
		// having done it.
		fourth := h.Educator(t, h.Alpha, "Una Fourth", viewer.SchoolAdmin, h.North)
		fourth = fourth.Update().SetPasswordHash(h.hash(t)).SaveX(fixture.System())
		made = made.Update().SetPasswordHash(h.hash(t)).SaveX(fixture.System())
		h.register(t, h.in(t, fourth, home))
		if _, err := h.ResetFactors(as(h.in(t, made, home)), fourth.ID); err != nil {
			t.Fatal(err)
		}
		for what, err := range map[string]error{
			"who was reset": approves(fourth, h.NorthAdmin.ID),
			"who has reset": approves(h.NorthAdmin, fourth.ID),
		} {
			if fault.KindOf(err) != fault.Forbidden {
				t.Errorf("%s by an account of the own making approves: %v", what, err)
			}
		}
		for _, who := range []*db.Educator{third, made} {
			if err := approves(who, second.ID); fault.KindOf(err) != fault.Forbidden {
				t.Errorf("%s approves: %v", who.FirstName+" "+who.LastName, err)
			}
		}
		if err := approves(h.DistrictAdmin, second.ID); err != nil {
			t.Errorf("somebody else does not: %v", err)
		}
		if err := approves(second, h.DistrictAdmin.ID); err != nil {
			t.Errorf("what somebody else asks: %v", err)
		}
		// The trail has the time of the machine.
		h.pass(time.Since(h.clock()) + hold.Young + time.Hour)
		if err := approves(second, h.NorthAdmin.ID); err != nil {
			t.Errorf("a month later: %v", err)
		}
	})
}
