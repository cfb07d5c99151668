package identity_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/probe"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// TestInvitationsFindOutNoMoreThanFiles invites addresses to find out which are taken.
func TestInvitationsFindOutNoMoreThanFiles(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		h.taken = 3
		h.Service = h.server()
		invite := func(who *db.Educator, email string, at *db.Organization) string {
			_, err := h.Invite(h.As(t, who), identity.NewEducator{
				Email: email, FirstName: "A", LastName: "B", Role: viewer.Teacher, OrganizationID: at.ID,
			})
			return code(err)
		}
		wants := func(who *db.Educator, email string, at *db.Organization, want string) {
			t.Helper()
			if got := invite(who, email, at); got != want {
				t.Errorf("%s invites %s: %q, want %q", who.Email, email, got, want)
			}
		}
		for _, seen := range []*db.Educator{h.NorthTeacher, h.NorthAdmin} {
			wants(h.NorthAdmin, seen.Email, h.North, "EMAIL_TAKEN")
		}
		for _, seen := range []*db.Educator{h.NorthTeacher, h.SouthTeacher, h.NorthAdmin, h.SouthAdmin, h.DistrictAdmin} {
			wants(h.DistrictAdmin, seen.Email, h.North, "EMAIL_TAKEN")
		}
		wants(h.NorthAdmin, "free@example.com", h.North, "")
		for _, unseen := range []string{h.SouthTeacher.Email, "Bela@example.com", h.SouthAdmin.Email} {
			wants(h.NorthAdmin, unseen, h.North, "EMAIL_TAKEN")
		}
		wants(h.NorthAdmin, h.DistrictAdmin.Email, h.North, probe.Stopped)
		for _, email := range []string{"free2@example.com", h.NorthTeacher.Email, h.SouthTeacher.Email} {
			wants(h.NorthAdmin, email, h.North, probe.Stopped)
		}
		if h.Client().Educator.Query().Where(educator.Email("free2@example.com")).ExistX(fixture.System()) {
			t.Error("there is an account all the same")
		}
		wants(h.SouthAdmin, h.NorthTeacher.Email, h.South, "EMAIL_TAKEN")
		if _, err := h.AddEducator(fixture.System(), identity.NewEducator{
			Email: "Bela@example.com", FirstName: "A", LastName: "B", Role: viewer.Teacher, OrganizationID: h.North.ID,
		}); code(err) != "EMAIL_TAKEN" {
			t.Errorf("the operator: %v", err)
		}
		h.pass(24 * time.Hour)
		wants(h.NorthAdmin, "free3@example.com", h.North, "")
	})
}

// TestADistrictHasABoundOfServiceKeys makes more keys than anybody needs.
func TestADistrictHasABoundOfServiceKeys(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		there := func(district int, hash string, expires time.Time, revoked *time.Time) *db.ServiceKeyCreate {
			return h.Client().ServiceKey.Create().SetDistrictID(district).SetOrganizationID(district).SetName("Old").
				SetScopes([]string{"USAGE_WRITE"}).SetKeyHash(hash).SetBeginning("hrk_").SetExpiresAt(expires).
				SetNillableRevokedAt(revoked)
		}
		later, now := h.clock().AddDate(0, 1, 0), h.clock()
		var rows []*db.ServiceKeyCreate
		for i := range 199 {
			rows = append(rows, there(h.Alpha.ID, fmt.Sprint("used ", i), later, nil))
		}
		for i := range 5 {
			rows = append(rows, there(h.Alpha.ID, fmt.Sprint("revoked ", i), later, &now),
				there(h.Alpha.ID, fmt.Sprint("expired ", i), now, nil), there(h.Beta.ID, fmt.Sprint("other ", i), later, nil))
		}
		h.Client().ServiceKey.CreateBulk(rows...).ExecX(fixture.System())
		create := func(ctx context.Context, at *db.Organization) (int, string) {
			key, _, err := h.CreateKey(ctx, identity.NewKey{
				Name: "New", OrganizationID: at.ID, Scopes: []viewer.Scope{viewer.RosterImport}, ExpiresAt: later,
			})
			if err != nil {
				return 0, code(err)
			}
			return key.ID, ""
		}
		nora, dora, beta := h.As(t, h.NorthAdmin), h.As(t, h.DistrictAdmin), h.As(t, h.BetaAdmin)
		id, got := create(dora, h.North)
		if got != "" {
			t.Errorf("the last one: %q", got)
		}
		agents := h.Client().Educator.Query().CountX(fixture.System())
		for who, ctx := range map[string]context.Context{
			"the school": nora, "another school": h.As(t, h.SouthAdmin), "the district": dora, "the operator": fixture.System(),
		} {
			at := h.North
			if who == "another school" {
				at = h.South
			}
			if _, got := create(ctx, at); got != "TOO_MANY_KEYS" {
				t.Errorf("%s makes one more: %q", who, got)
			}
		}
		if n := h.Client().Educator.Query().CountX(fixture.System()); n != agents {
			t.Errorf("%d accounts are left", n-agents)
		}
		if _, got := create(beta, h.Beta); got != "" {
			t.Errorf("another district: %q", got)
		}
		if _, err := h.RevokeKey(nora, id); err != nil {
			t.Fatal(err)
		}
		if _, got := create(dora, h.North); got != "" {
			t.Errorf("when one was revoked: %q", got)
		}
		t.Run("nor are keys made and revoked without an end", func(t *testing.T) {
			n := 1 // of before
			for ; n < 100; n++ {
				id, got := create(beta, h.Beta)
				if got != "" {
					if got != "RATE_LIMITED" {
						t.Error(got)
					}
					break
				}
				if _, err := h.RevokeKey(beta, id); err != nil {
					t.Fatal(err)
				}
			}
			if n != 50 {
				t.Errorf("%d keys", n)
			}
			if _, got := create(fixture.System(), h.Beta); got != "" {
				t.Errorf("the operator: %q", got)
			}
			h.pass(10 * time.Minute)
			if _, got := create(beta, h.Beta); got != "" {
				t.Errorf("ten minutes later: %q", got)
			}
		})
	})
}

// TestKeysOfADistrictAreMadeOneAfterTheOther makes the last key that there may be twice at
// the same moment.
func TestKeysOfADistrictAreMadeOneAfterTheOther(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		if !d.RowLocks() {
			return // One transaction writes at a time.
		}
		h := newHouse(t, d)
		later := h.clock().AddDate(0, 1, 0)
		var rows []*db.ServiceKeyCreate
		for i := range 199 {
			rows = append(rows, h.Client().ServiceKey.Create().SetDistrictID(h.Alpha.ID).SetOrganizationID(h.Alpha.ID).
				SetName("Old").SetScopes([]string{"USAGE_WRITE"}).SetKeyHash(fmt.Sprint("used ", i)).SetBeginning("hrk_").
				SetExpiresAt(later))
		}
		h.Client().ServiceKey.CreateBulk(rows...).ExecX(fixture.System())
		in := identity.NewKey{
			Name: "New", OrganizationID: h.North.ID, Scopes: []viewer.Scope{viewer.UsageWrite}, ExpiresAt: later,
		}
		err := h.beside(t, func(ctx context.Context, _ *db.Client) error {
			_, _, err := h.CreateKey(viewer.NewContext(ctx, viewer.FromContext(h.As(t, h.DistrictAdmin))), in)
			return err
		}, func() error {
			_, _, err := h.CreateKey(fixture.System(), in)
			return err
		})
		if code(err) != "TOO_MANY_KEYS" {
			t.Errorf("got %v", err)
		}
	})
}
