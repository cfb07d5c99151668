package identity_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

func TestKeys(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		north := as(h.in(t, h.NorthAdmin, home))
		in := identity.NewKey{
			Name:           "App",
			OrganizationID: h.North.ID,
			Scopes:         []viewer.Scope{viewer.UsageWrite},
			ExpiresAt:      h.clock().Add(time.Hour),
		}
		key, secret, err := h.CreateKey(north, in)
		if err != nil || key.AgentID != nil || key.CreatedBy == nil || *key.CreatedBy != h.NorthAdmin.ID {
			t.Fatalf("%+v, %v", key, err)
		}
		t.Run("are good with one statement, and one more a minute", func(t *testing.T) {
			for i, want := range []int{2, 1, 2, 1} {
				if i == 2 {
					h.pass(time.Minute)
				}
				counted, counter := database.WithCounter(context.Background())
				v, err := h.Authenticate(counted, secret)
				if err != nil || counter.Statements() != want {
					t.Fatalf("request %d took %d statements, %v; want %d", i, counter.Statements(), err, want)
				}
				if v.EducatorID != 0 || v.IsAdmin() || !v.Holds(viewer.UsageWrite, h.North.ID, h.Alpha.ID) ||
					v.Holds(viewer.UsageWrite, h.South.ID, h.Alpha.ID) || v.Holds(viewer.RosterImport, h.North.ID, h.Alpha.ID) {
					t.Errorf("%+v", v)
				}
			}
		})
		t.Run("end with their time", func(t *testing.T) {
			h.pass(time.Hour)
			if _, err := h.Authenticate(context.Background(), secret); fault.KindOf(err) != fault.Unauthenticated {
				t.Error(err)
			}
		})
		t.Run("that nobody has made are good for nothing", func(t *testing.T) {
			for _, guessed := range []string{"hrk_", "hrk_x", secret + "x", secret[4:]} {
				if _, err := h.Authenticate(context.Background(), guessed); fault.KindOf(err) != fault.Unauthenticated {
					t.Errorf("%s: %v", guessed, err)
				}
			}
		})
		t.Run("are refused that make no sense", func(t *testing.T) {
			for want, change := range map[string]func(*identity.NewKey){
				"REQUIRED":       func(k *identity.NewKey) { k.Name = "" },
				"TOO_LONG":       func(k *identity.NewKey) { k.Name = strings.Repeat("x", 101) },
				"BAD_USER_INPUT": func(k *identity.NewKey) { k.Scopes = []viewer.Scope{"EVERYTHING"} },
				"BAD_EXPIRY":     func(k *identity.NewKey) { k.ExpiresAt = h.clock().AddDate(3, 0, 0) },
				"NOT_FOUND":      func(k *identity.NewKey) { k.OrganizationID = h.South.ID },
			} {
				k := in
				k.ExpiresAt = h.clock().Add(time.Hour)
				change(&k)
				if _, _, err := h.CreateKey(north, k); code(err) != want {
					t.Errorf("%v; want %s", err, want)
				}
			}
		})
		t.Run("of an operator are nobody's, and of a school not the other's", func(t *testing.T) {
			k := in
			k.ExpiresAt, k.Scopes = h.clock().Add(time.Hour), []viewer.Scope{viewer.RosterImport, viewer.RosterImport}
			made, _, err := h.CreateKey(fixture.System(), k)
			if err != nil || made.CreatedBy != nil || made.AgentID == nil || len(made.Scopes) != 1 {
				t.Fatalf("%+v, %v", made, err)
			}
			if _, err := h.RevokeKey(as(h.in(t, h.SouthAdmin, home)), made.ID); fault.KindOf(err) != fault.NotFound {
				t.Errorf("the other school revokes it: %v", err)
			}
			for range 2 {
				if revoked, err := h.RevokeKey(north, made.ID); err != nil || revoked.RevokedAt == nil {
					t.Errorf("%+v, %v", revoked, err)
				}
			}
			if _, err := h.Viewer(context.Background(), *made.AgentID); fault.KindOf(err) != fault.Unauthenticated {
				t.Errorf("its account goes on: %v", err)
			}
		})
	})
}

// TestAKeyIsGoodAsLongAsItsMakerMayMakeIt, because whoever has made a key knows it.
func TestAKeyIsGoodAsLongAsItsMakerMayMakeIt(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		north, alpha := as(h.in(t, h.NorthAdmin, home)), as(h.in(t, h.DistrictAdmin, home))
		secret := func(by context.Context, at int) (id int, text string) {
			key, text, err := h.CreateKey(by, identity.NewKey{Name: "App", OrganizationID: at, Scopes: viewer.Scopes(),
				ExpiresAt: h.clock().Add(time.Hour)})
			if err != nil {
				t.Fatal(err)
			}
			return key.ID, text
		}
		ofSchool, school := secret(north, h.North.ID)
		_, district := secret(alpha, h.Alpha.ID)
		_, forSchool := secret(alpha, h.South.ID)
		_, operators := secret(fixture.System(), h.North.ID)
		good := func(when string, want ...string) {
			t.Helper()
			for _, text := range []string{school, district, forSchool, operators} {
				_, err := h.Authenticate(context.Background(), text)
				if (err == nil) != slices.Contains(want, text) || err != nil && fault.KindOf(err) != fault.Unauthenticated {
					t.Errorf("%s: %v", when, err)
				}
			}
			standing, err := h.StandingKeys(context.Background(), []int{ofSchool})
			if err != nil || (standing[ofSchool] != nil) != slices.Contains(want, school) {
				t.Errorf("%s: what the key has begun: %v, %v", when, standing, err)
			}
		}
		set := func(query string, args ...any) {
			t.Helper()
			if _, err := d.Client(fixture.System()).ExecContext(fixture.System(), query, args...); err != nil {
				t.Fatal(err)
			}
		}
		good("at first", school, district, forSchool, operators)
		set("UPDATE educators SET disabled = 1 WHERE id = ?", h.NorthAdmin.ID)
		good("the school's maker is disabled", district, forSchool, operators)
		set("UPDATE educators SET disabled = 0 WHERE id = ?", h.NorthAdmin.ID)
		good("and enabled", school, district, forSchool, operators)
		set("UPDATE role_assignments SET organization_id = ? WHERE educator_id = ?", h.South.ID, h.NorthAdmin.ID)
		good("the school's maker is at another school", district, forSchool, operators)
		set("UPDATE role_assignments SET organization_id = ?, role = 'TEACHER' WHERE educator_id = ?", h.North.ID,
			h.NorthAdmin.ID)
		good("the school's maker teaches there", district, forSchool, operators)
		set("UPDATE role_assignments SET organization_id = ?, role = 'SCHOOL_ADMIN' WHERE educator_id = ?", h.South.ID,
			h.DistrictAdmin.ID)
		good("the district's maker administers one school", forSchool, operators)
	})
}
