package identity_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// TestStandingIsOneStatement looks several sessions and keys up at once.
func TestStandingIsOneStatement(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		var ids []int
		for _, who := range []*db.Educator{h.NorthAdmin, h.NorthAdmin, h.NorthTeacher, h.DistrictAdmin, h.SouthAdmin} {
			ids = append(ids, h.in(t, who, home).Viewer.SessionID)
		}
		h.Client().Session.DeleteOneID(ids[0]).ExecX(fixture.System())
		h.Client().Educator.UpdateOne(h.SouthAdmin).SetDisabled(1).ExecX(fixture.System())
		ctx, counter := database.WithCounter(context.Background())
		found, err := h.Standing(ctx, ids)
		if err != nil || len(found) != 3 || counter.Statements() != 1 {
			t.Fatalf("got %v with %d statements, %v", found, counter.Statements(), err)
		}
		for i, want := range map[int]*db.Educator{1: h.NorthAdmin, 2: h.NorthTeacher, 3: h.DistrictAdmin} {
			v := found[ids[i]]
			if v == nil || v.EducatorID != want.ID || v.SessionID != ids[i] ||
				!slices.Equal(v.Assignments, viewer.FromContext(h.As(t, want)).Assignments) {
				t.Errorf("%s: got %+v", want.FirstName, v)
			}
		}
		// One has reached its end, and one has not been used for too long.
		h.Client().Session.UpdateOneID(ids[1]).SetExpiresAt(h.clock()).ExecX(fixture.System())
		h.Client().Session.UpdateOneID(ids[2]).SetLastUsedAt(h.clock().Add(-30 * 24 * time.Hour)).ExecX(fixture.System())
		if found, err := h.Standing(context.Background(), ids); err != nil || len(found) != 1 || found[ids[3]] == nil {
			t.Errorf("got %v, %v", found, err)
		}
		var keys []int
		for range 3 {
			key, _, err := h.CreateKey(fixture.System(),
				identity.NewKey{
					Name:           "Program",
					OrganizationID: h.North.ID,
					Scopes:         viewer.Scopes(),
					ExpiresAt:      h.clock().Add(time.Hour),
				})
			if err != nil {
				t.Fatal(err)
			}
			keys = append(keys, key.ID)
		}
		if _, err := h.RevokeKey(fixture.System(), keys[1]); err != nil {
			t.Fatal(err)
		}
		ctx, counter = database.WithCounter(context.Background())
		programs, err := h.StandingKeys(ctx, keys)
		if err != nil || len(programs) != 2 || programs[keys[0]] == nil || programs[keys[2]] == nil ||
			counter.Statements() != 1 {
			t.Errorf("got %v with %d statements, %v", programs, counter.Statements(), err)
		}
		h.pass(time.Hour)
		if programs, err = h.StandingKeys(ctx, keys); err != nil || len(programs) != 0 {
			t.Errorf("got %v, %v", programs, err)
		}
		ctx, counter = database.WithCounter(context.Background())
		if found, err := h.Standing(ctx, nil); err != nil || len(found) != 0 || counter.Statements() != 0 {
			t.Errorf("nobody: got %v with %d statements, %v", found, counter.Statements(), err)
		}
	})
}
