package identity_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// TestASchoolUsesUpNothingOfItsDistrict has one school make as many service keys as it may.
func TestASchoolUsesUpNothingOfItsDistrict(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		later := h.clock().AddDate(0, 1, 0)
		create := func(ctx context.Context, at *db.Organization) (int, string) {
			key, _, err := h.CreateKey(ctx, identity.NewKey{
				Name: "New", OrganizationID: at.ID, Scopes: []viewer.Scope{viewer.UsageWrite}, ExpiresAt: later,
			})
			if err != nil {
				return 0, code(err)
			}
			return key.ID, ""
		}
		there := func(at *db.Organization, n int) {
			var rows []*db.ServiceKeyCreate
			for i := range n {
				rows = append(rows, h.Client().ServiceKey.Create().SetDistrictID(h.Alpha.ID).SetOrganizationID(at.ID).
					SetName("Old").SetScopes([]string{"USAGE_WRITE"}).SetKeyHash(fmt.Sprint("used ", at.ID, i)).
					SetBeginning("hrk_").SetExpiresAt(later))
			}
			h.Client().ServiceKey.CreateBulk(rows...).ExecX(fixture.System())
		}
		nora, saul, dora := h.As(t, h.NorthAdmin), h.As(t, h.SouthAdmin), h.As(t, h.DistrictAdmin)
		for i := range 10 {
			id, got := create(nora, h.North)
			if got != "" {
				t.Fatalf("key %d: %s", i, got)
			}
			if _, err := h.RevokeKey(nora, id); err != nil {
				t.Fatal(err)
			}
		}
		expect := func(what string, ctx context.Context, at *db.Organization, want string) {
			t.Helper()
			if _, got := create(ctx, at); got != want {
				t.Errorf("%s: got %q, want %q", what, got, want)
			}
		}
		expect("one more of the school", nora, h.North, "RATE_LIMITED")
		expect("another school", saul, h.South, "")
		expect("the district for the school", dora, h.North, "")
		h.pass(20 * time.Minute)
		there(h.North, 19)
		expect("a school that has 20", nora, h.North, "TOO_MANY_KEYS")
		expect("the district for a school that has 20", dora, h.North, "")
		expect("another school beside one that has 21", saul, h.South, "")
		there(h.Alpha, 150-21-2)
		expect("a school where the district has 150", saul, h.South, "TOO_MANY_KEYS")
		expect("the district that has 150", dora, h.Alpha, "")
	})
}

// TestAnAccountTakesNoLinksOfAnother asks for links of accounts whose addresses differ only
// after a plus.
func TestAnAccountTakesNoLinksOfAnother(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		asked := 0
		sent := func(email string) (n int) {
			t.Helper()
			for range 4 {
				asked++
				if err := h.RequestPasswordReset(from(fmt.Sprintf("198.51.100.%d", asked)), email); err != nil {
					t.Fatal(err)
				}
				identity.Deliver(context.Background(), h.Service)
			}
			n, h.mails = len(h.mails), nil
			return n
		}
		for i := range 8 {
			e := h.Educator(t, h.Alpha, fmt.Sprintf("nora+%d Plus", i), viewer.Teacher, h.South)
			if n, want := sent(e.Email), []int{3, 3, 3, 3, 3, 0, 0, 0}[i]; n != want {
				t.Errorf("account %d behind the plus gets %d links, want %d", i, n, want)
			}
		}
		other := h.Educator(t, h.Alpha, "noradora+1 Plus", viewer.Teacher, h.South)
		if n := sent(other.Email); n != 3 {
			t.Errorf("another mailbox gets %d links", n)
		}
		if n := sent(h.NorthAdmin.Email); n != 3 {
			t.Errorf("the account of the mailbox itself gets %d links", n)
		}
	})
}

// TestABurstOfRequestsForLinksDelaysNothingElse has strangers from many networks ask for
// more links than may wait.
func TestABurstOfRequestsForLinksDelaysNothingElse(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		nora := h.in(t, h.NorthAdmin, school)
		for i := range 220 {
			err := h.RequestPasswordReset(from(fmt.Sprintf("198.51.%d.1", i%40)), fmt.Sprintf("nobody%d@example.com", i))
			if i < 200 && err != nil {
				t.Fatal(err)
			}
		}
		for i := range 3 {
			if err := h.RequestPasswordReset(from(fmt.Sprintf("203.0.%d.1", i)), h.SouthAdmin.Email); err != nil {
				t.Errorf("somebody else: %v", err)
			}
		}
		if _, err := h.Invite(as(nora), identity.NewEducator{
			Email: "ida@example.com", FirstName: "Ida", LastName: "Inn", Role: viewer.Teacher, OrganizationID: h.North.ID,
		}); err != nil {
			t.Errorf("an invitation: %v", err)
		}
		h.setUp(t, nora)
		identity.Deliver(context.Background(), h.Service)
		var got []string
		for _, m := range h.mails {
			subject, _, _ := strings.Cut(m.Subject, " for ")
			got = append(got, m.To+" "+subject)
		}
		want := []string{h.NorthAdmin.Email + " Your account", "ida@example.com Your account",
			h.SouthAdmin.Email + " Set a new password"}
		if strings.Join(got, "; ") != strings.Join(want, "; ") {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}
