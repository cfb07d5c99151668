package identity_test

import (
	"context"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/session"
	"github.com/openhomeroom/homeroom/internal/credential"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/testlog"
)

// begun begins something that opens an account in two steps, and returns the second
// one.
var begun = map[string]func(t *testing.T, h *house, who *db.Educator) func() error{
	"a second factor": func(t *testing.T, h *house, who *db.Educator) func() error {
		a := h.setUp(t, h.in(t, who, home))
		step := h.step(t, who)
		return func() error {
			_, err := h.complete(h.Service, step, a.at(h.clock()))
			return err
		}
	},
	"the code of an app": func(t *testing.T, h *house, who *db.Educator) func() error {
		code, err := h.AppCode(from(home), known("1", who), challengeOf("verifier"))
		if err != nil {
			t.Fatal(err)
		}
		return func() error {
			_, err := h.SignInWithCode(from(home), testlog.Secret(code), "verifier")
			return err
		}
	},
	"a link for a password": func(t *testing.T, h *house, who *db.Educator) func() error {
		secret := h.link(t, who, "RESET")
		return func() error { return h.SetPasswordByLink(from(home), secret, "another password") }
	},
}

// tooLate is the message for somebody who comes too late.
var tooLate = map[string]string{
	"a second factor": "CHALLENGE_ENDED", "the code of an app": "CODE_ENDED", "a link for a password": "LINK_ENDED",
}

// TestWhatChangesBetweenTheStepsOfASignIn changes an account between the first and the
// second step of everything that opens it. nil means that all of them end.
func TestWhatChangesBetweenTheStepsOfASignIn(t *testing.T) {
	t.Parallel()
	const (
		another = "UPDATE educators SET password_hash = 'another' WHERE id = ?"
		moves   = "UPDATE educators SET email = REPLACE(email, '@', '.new@'), email_key = REPLACE(email_key, " +
			"'@', '.new@') WHERE id = ?"
		used = "UPDATE totp_secrets SET last_step = last_step + 1000 WHERE educator_id = ?"
	)
	wrong := map[string]string{"a second factor": "WRONG_CODE"}
	for what, c := range map[string]struct {
		change string
		// told says that the change ends what is open, as all code that changes accounts
		// does.
		told bool
		// want is the result of each way; it is nil if all of them end.
		want map[string]string
	}{
		"nothing":                            {"UPDATE educators SET first_name = 'Same' WHERE id = ?", false, map[string]string{}},
		"the password":                       {another, true, nil},
		"the password, and nothing is ended": {another, false, map[string]string{"a second factor": "CHALLENGE_ENDED"}},
		"the address":                        {moves, true, nil},
		"the account is disabled":            {"UPDATE educators SET disabled = 1 WHERE id = ?", false, nil},
		"it becomes a program's":             {"UPDATE educators SET service = 1 WHERE id = ?", false, nil},
		"the factor is taken away":           {"DELETE FROM totp_secrets WHERE educator_id = ?", false, wrong},
		"the code was used":                  {used, false, wrong},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *database.DB) {
				h := newHouse(t, d)
				accounts := map[string]*db.Educator{
					"a second factor": h.NorthAdmin, "the code of an app": h.SouthAdmin, "a link for a password": h.NorthTeacher,
				}
				for way, begin := range begun {
					who := accounts[way]
					finish := begin(t, h, who)
					sessions := func() int {
						return h.Client().Session.Query().Where(session.EducatorID(who.ID)).CountX(fixture.System())
					}
					if _, err := h.Client().ExecContext(context.Background(), c.change, who.ID); err != nil {
						t.Fatal(err)
					}
					if c.told {
						if err := credential.Changed(context.Background(), h.Client(), h.clock(), who.ID); err != nil {
							t.Fatal(err)
						}
					}
					before, want := sessions(), c.want[way]
					if c.want == nil {
						want = tooLate[way]
					}
					if err := finish(); code(err) != want {
						t.Errorf("%s: %v; want %q", way, err, want)
					}
					if n := sessions(); want != "" && n != before {
						t.Errorf("%s: %d sessions have begun", way, n-before)
					}
				}
			})
		})
	}
}
