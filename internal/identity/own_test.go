package identity_test

import (
	"testing"

	"github.com/openhomeroom/homeroom/ent/db/onetimelink"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
)

func TestEveryWayToAPasswordHasTheRules(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		for bad, want := range map[string]string{
			"iloveyou": "COMMON_PASSWORD", "nora2026!": "PERSONAL_PASSWORD", "nora@example.com": "PERSONAL_PASSWORD",
			"AlphaNorth1": "PERSONAL_PASSWORD",
		} {
			secret := h.link(t, h.NorthAdmin, onetimelink.PurposeRESET)
			if err := h.SetPasswordByLink(from(home), secret, bad); code(err) != want {
				t.Errorf("by a link: %v, want %s", err, want)
			}
			if err := h.SetPassword(fixture.System(), h.NorthAdmin.ID, bad); code(err) != want {
				t.Errorf("by the operator: %v, want %s", err, want)
			}
			h.in(t, h.NorthAdmin, home) // The old one holds.
			if err := h.SetPasswordByLink(from(home), secret, "an umbrella of cheese"); err != nil {
				t.Errorf("the link after a password that was refused: %v", err)
			}
			if err := h.SetPassword(fixture.System(), h.NorthAdmin.ID, password); err != nil {
				t.Error(err)
			}
		}
		// Without a link, nobody learns anything about an account.
		if err := h.SetPasswordByLink(from(home), "guessed", "nora2026!"); code(err) != "LINK_ENDED" {
			t.Errorf("without a link: %v", err)
		}
	})
}

func TestAPasswordThatWouldBeRefusedTodayStillOpensItsAccount(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		hash, err := h.hasher.Hash(t.Context(), "iloveyou")
		if err != nil {
			t.Fatal(err)
		}
		h.Client().Educator.UpdateOne(h.NorthAdmin).SetPasswordHash(hash).ExecX(fixture.System())
		if _, err := h.SignIn(from(home), h.NorthAdmin.Email, "iloveyou"); err != nil {
			t.Error(err)
		}
	})
}
