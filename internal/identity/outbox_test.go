package identity_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/auditdetail"
	"github.com/openhomeroom/homeroom/ent/db/auditevent"
	"github.com/openhomeroom/homeroom/ent/db/onetimelink"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// TestInvitationsWaitInBounds invites people while as many mails wait as may, and one less.
func TestInvitationsWaitInBounds(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		invite := func(s *identity.Service, email string) error {
			_, err := s.Invite(h.As(t, h.NorthAdmin), identity.NewEducator{Email: email, FirstName: "Newt", LastName: "Comer",
				Role: viewer.Teacher, OrganizationID: h.North.ID})
			return err
		}
		s := h.server()
		identity.FillOutbox(s, 199)
		if err := invite(s, "last@example.com"); err != nil {
			t.Errorf("the 200th: %v", err)
		}
		marks := func() int { return h.Client().SignInMark.Query().CountX(fixture.System()) }
		before := marks()
		for i := range 12 { // more often than one mailbox and one person may be asked for
			if err := invite(s, "late@example.com"); fault.KindOf(err) != fault.Unavailable {
				t.Errorf("the 201st, time %d: %v", i+1, err)
			}
		}
		if after := marks(); after != before {
			t.Errorf("%d limits were begun for mails that cannot be sent", after-before)
		}
		if err := invite(h.server(), "late@example.com"); err != nil {
			t.Errorf("on another server, where none wait: %v", err)
		}
	})
}

// TestLinksOfAnAddressWaitInBounds asks for links to one address from browsers that say that
// they are known.
func TestLinksOfAnAddressWaitInBounds(t *testing.T) {
	t.Parallel()
	var list []identity.Asked
	ask := func(network, devices string) {
		list = append(list, identity.Asked{Email: "nora@example.com", Network: network, Devices: devices})
	}
	ask("a", "")
	ask("a", "") // waits already
	for i := range 4 {
		ask("a", fmt.Sprint("known ", i)) // three of them
	}
	ask("b", "known 0") // waits already
	ask("b", "known 9")
	list = append(list, identity.Asked{Email: "NORA@example.com", Network: "b"},
		identity.Asked{Email: "saul@example.com", Network: "a"})
	taken, waiting := identity.Wait(list)
	if slices.Contains(taken, false) {
		t.Errorf("somebody learns that a link waits: %v", taken)
	}
	want := []identity.Asked{list[0], list[2], list[3], list[4], list[7], list[9]}
	if !slices.Equal(waiting, want) {
		t.Errorf("waiting: %v; want %v", waiting, want)
	}
}

// TestLinksWaitInBounds fills the lane of links from two networks: the one that has more of
// them makes room.
func TestLinksWaitInBounds(t *testing.T) {
	t.Parallel()
	var list []identity.Asked
	for i := range 200 {
		list = append(list, identity.Asked{Email: fmt.Sprintf("x%d@example.com", i), Network: map[bool]string{true: "a",
			false: "b"}[i < 150]})
	}
	for name, c := range map[string]struct {
		by    string
		taken bool
		lost  int
	}{
		"of the network that has most":  {"a", false, -1},
		"of the other one":              {"b", true, 149},
		"of a network that has no link": {"c", true, 149},
	} {
		last := identity.Asked{Email: "last@example.com", Network: c.by}
		taken, waiting := identity.Wait(append(slices.Clone(list), last))
		want := slices.Clone(list)
		if c.lost >= 0 {
			want = append(slices.Delete(want, c.lost, c.lost+1), last)
		}
		if taken[200] != c.taken || taken[199] != true || !slices.Equal(waiting, want) {
			t.Errorf("one more %s: taken %t, and %d wait", name, taken[200], len(waiting))
		}
	}
}

// TestWhoIsDisabledMeanwhileGetsNoMail disables accounts while mails to them wait.
func TestWhoIsDisabledMeanwhileGetsNoMail(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		h.providerOf = map[string]string{"provided.example.com": "Provider"}
		h.Service = h.server()
		invite := func(email string) *db.Educator {
			e, err := h.Invite(h.As(t, h.NorthAdmin), identity.NewEducator{Email: email, FirstName: "Newt", LastName: "Comer",
				Role: viewer.Teacher, OrganizationID: h.North.ID})
			if err != nil {
				t.Fatal(err)
			}
			return e
		}
		gone, stays := invite("gone@provided.example.com"), invite("stays@provided.example.com")
		if err := h.SetDisabled(fixture.System(), gone.Email, true); err != nil {
			t.Fatal(err)
		}
		h.Client().Educator.UpdateOneID(invite("also@example.com").ID).SetDisabled(1).ExecX(fixture.System())
		h.Client().Educator.UpdateOneID(invite("program@example.com").ID).SetService(1).ExecX(fixture.System())
		identity.Deliver(t.Context(), h.Service)
		if len(h.mails) != 1 || h.mails[0].To != stays.Email {
			t.Errorf("mails: %+v", h.mails)
		}
	})
}

// TestEndedLinksAreKeptForAMonth removes what has ended, just before and after the month is over.
func TestEndedLinksAreKeptForAMonth(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		h.link(t, h.NorthAdmin, onetimelink.PurposeRESET) // for an hour
		links := func() int {
			if err := h.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			return h.Client().OneTimeLink.Query().CountX(fixture.System())
		}
		for _, c := range []struct {
			pass time.Duration
			want int
		}{{time.Hour, 1}, {time.Minute, 1}, {30*24*time.Hour - time.Minute, 1}, {time.Second, 0}} {
			h.pass(c.pass)
			if n := links(); n != c.want {
				t.Errorf("%s later there are %d links; want %d", c.pass, n, c.want)
			}
		}
	})
}

// TestWhatAnInvitationRecords invites somebody twice: the entries are about the school, and the
// second one tells of no role.
func TestWhatAnInvitationRecords(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		system := fixture.System()
		for i, c := range []struct {
			role viewer.Role
			want string
		}{{viewer.Teacher, "email firstName lastName role"}, {viewer.Teacher, ""}, {viewer.SchoolAdmin, "role"}} {
			if _, err := h.Invite(h.As(t, h.DistrictAdmin), identity.NewEducator{Email: "newt@example.com", FirstName: "Newt",
				LastName: "Comer", Role: c.role, OrganizationID: h.North.ID}); err != nil {
				t.Fatal(err)
			}
			entry := h.Client().AuditEvent.Query().Where(auditevent.Action("EDUCATOR_INVITED")).
				Order(db.Desc(auditevent.FieldID)).FirstX(system)
			if entry.OrganizationID != h.North.ID || entry.DistrictID != h.Alpha.ID {
				t.Errorf("invitation %d is on record at organization %d of district %d", i, entry.OrganizationID, entry.DistrictID)
			}
			detail := h.Client().AuditDetail.Query().Where(auditdetail.DistrictID(h.Alpha.ID), auditdetail.Seq(entry.Seq)).
				OnlyX(system)
			if got := fieldsOf(t, *detail.Body); got != c.want {
				t.Errorf("invitation %d says %q; want %q", i, got, c.want)
			}
		}
	})
}

// fieldsOf names the fields of a detail of the audit trail, in order.
func fieldsOf(t *testing.T, body string) string {
	t.Helper()
	var changes audit.Changes
	if err := json.Unmarshal([]byte(body), &changes); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range changes {
		names = append(names, c.Field)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}
