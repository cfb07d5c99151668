package identity_test

import (
	"strings"
	"testing"

	"homeroom/ent/db/onetimelink"
	"homeroom/internal/database"
	"homeroom/internal/dbtest"
	"homeroom/internal/fixture"
	"homeroom/internal/identity"
)

func TestPasswordsThatAreRefused(t *testing.T) {
	t.Parallel()
	own := append(identity.Own("Dána", "O'Brien-Smith", "d.obrien77@lakeside.example.org", "dobs"), "Alpha District", "North High School")
	for password, want := range map[string]string{
		"short7!":                     "PASSWORD_TOO_SHORT",
		strings.Repeat("x", 257):      "PASSWORD_TOO_LONG",
		"password":                    "COMMON_PASSWORD",
		"PassWord":                    "COMMON_PASSWORD",
		"ｐａｓｓｗｏｒｄ":                    "COMMON_PASSWORD",
		"qwertyuiop":                  "COMMON_PASSWORD",
		"iloveyou":                    "COMMON_PASSWORD",
		"dana2026!":                   "PERSONAL_PASSWORD",
		"DÁNA-2026":                   "PERSONAL_PASSWORD",
		"2026!!dana":                  "PERSONAL_PASSWORD",
		"danasmith":                   "PERSONAL_PASSWORD",
		"obrien.dana":                 "PERSONAL_PASSWORD",
		"O'Brien-Smith":               "PERSONAL_PASSWORD",
		"danadana1":                   "PERSONAL_PASSWORD",
		"d.obrien77":                  "PERSONAL_PASSWORD",
		"lakeside1":                   "PERSONAL_PASSWORD",
		"Lakeside.example.org":        "PERSONAL_PASSWORD",
		"alphadistrict":               "PERSONAL_PASSWORD",
		"NorthHighSchool26":           "PERSONAL_PASSWORD",
		"homeroom":                    "PERSONAL_PASSWORD",
		"Homeroom2026":                "PERSONAL_PASSWORD",
		"correct horse":               "",
		"dana likes strong tea":       "",
		"northern lights over tromsø": "",
		"93817265530":                 "",
		"password\nqwertyuiop":        "",
		"........":                    "",
	} {
		t.Run("of "+password[:min(len(password), 20)], func(t *testing.T) {
			t.Parallel()
			err := identity.CheckPassword(password, own...)
			got := ""
			if err != nil {
				got = err.Code
				if password != "password" && strings.Contains(err.Message, password) {
					t.Errorf("the message repeats the password: %s", err.Message)
				}
			}
			if got != want {
				t.Errorf("%q, want %q", got, want)
			}
		})
	}
	t.Run("nothing is held against somebody of whom nothing is known", func(t *testing.T) {
		t.Parallel()
		if err := identity.CheckPassword("lakeside-77", "", " ", "@"); err != nil {
			t.Error(err)
		}
	})
}

func TestNamesOfTwoCharactersCount(t *testing.T) {
	t.Parallel()
	if err := identity.CheckPassword("王伟王伟2026", identity.Own("伟", "王", "", "王伟")...); err == nil || err.Code != "PERSONAL_PASSWORD" {
		t.Errorf("%v", err)
	}
	if err := identity.CheckPassword("lithium ion cell", identity.Own("Bo", "Li", "bo@example.org", "")...); err != nil {
		t.Errorf("two letters of another word: %v", err)
	}
}

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
		// Who has no link is told nothing about anybody.
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
