package identity_test

import (
	"context"
	"slices"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/accounthand"
	"github.com/openhomeroom/homeroom/ent/db/onetimelink"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/hold"
	"github.com/openhomeroom/homeroom/internal/testlog"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// hand records that somebody has set the password and the address of an account.
func (h *house) hand(t *testing.T, hand, in *db.Educator) {
	t.Helper()
	if err := hold.Note(fixture.System(), h.Client(), h.clock(), []int{hand.ID}, in.ID); err != nil {
		t.Fatal(err)
	}
}

// TestChangingOnesOwnPassword ends everything that was opened with the old one, but the
// session in which that happens, and nobody's hand in the account.
func TestChangingOnesOwnPassword(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		h.hand(t, h.NorthAdmin, h.NorthTeacher)
		hands := func() []int8 {
			var ways []int8
			h.Client().AccountHand.Query().Where(accounthand.EducatorID(h.NorthTeacher.ID)).
				Select(accounthand.FieldWays).ScanX(fixture.System(), &ways)
			return ways
		}
		before := hands()
		own, other := h.in(t, h.NorthTeacher, home), h.in(t, h.NorthTeacher, school)
		somebody := h.in(t, h.NorthAdmin, school)
		h.link(t, h.NorthTeacher, "RESET")
		ctx := withOrigin(own.Viewer)
		another := testlog.Secret("seven tame otters")
		for _, c := range []struct{ old, typed, want string }{
			{"", another, "REQUIRED"},
			{"guessed", another, "WRONG_CREDENTIALS"},
			{password, "short", "PASSWORD_TOO_SHORT"},
			{password, "North School", "PERSONAL_PASSWORD"},
		} {
			if _, err := h.ChangePassword(ctx, c.old, c.typed); code(err) != c.want {
				t.Errorf("%v; want %s", err, c.want)
			}
		}
		if !h.alive(t, other) {
			t.Fatal("a refusal has ended a session")
		}
		if _, err := h.ChangePassword(ctx, password, another); err != nil {
			t.Fatal(err)
		}
		if !h.alive(t, own) || h.alive(t, other) || !h.alive(t, somebody) {
			t.Errorf("own %t, other %t, somebody else's %t", h.alive(t, own), h.alive(t, other), h.alive(t, somebody))
		}
		if n := h.Client().OneTimeLink.Query().Where(onetimelink.EducatorID(h.NorthTeacher.ID), onetimelink.UsedAtIsNil()).
			CountX(fixture.System()); n != 0 {
			t.Errorf("%d links are open", n)
		}
		if after := hands(); !slices.Equal(after, before) || len(after) != 1 || after[0] != int8(hold.Both) {
			t.Errorf("the hands were %v, and are %v", before, after)
		}
		if _, err := h.SignIn(from(home), h.NorthTeacher.Email, password); err == nil {
			t.Error("the old password signs in")
		}
		if _, err := h.SignIn(from(home), h.NorthTeacher.Email, another); err != nil {
			t.Errorf("the new one: %v", err)
		}
		h.Client().Educator.UpdateOneID(h.NorthTeacher.ID).ClearPasswordHash().ExecX(fixture.System())
		if _, err := h.ChangePassword(ctx, another, password); code(err) != "NO_PASSWORD" {
			t.Errorf("without a password: %v", err)
		}
	})
}

// TestOldPasswordsAreNotGuessed has somebody with a session guess the password of the
// account.
func TestOldPasswordsAreNotGuessed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		own := withOrigin(h.in(t, h.NorthTeacher, home).Viewer)
		stranger := func(ctx context.Context) (last string) {
			for range 30 {
				_, err := h.ChangePassword(ctx, "guessed", "seven tame otters")
				if last = code(err); last != "WRONG_CREDENTIALS" {
					return last
				}
			}
			return last
		}
		if got := stranger(own); got != "RATE_LIMITED" {
			t.Errorf("after many guesses: %s", got)
		}
	})
}

// withOrigin is a request of somebody who has signed in, from home.
func withOrigin(v *viewer.Viewer) context.Context { return viewer.NewContext(from(home), v) }
