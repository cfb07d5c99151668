package identity_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/testlog"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// target is an account that somebody guesses at, with its own networks, so that targets do
// not share a limit.
type target struct {
	name, email string
	net         int
}

// network is one of the networks of a target; the account was used in the first.
func (x target) network(i int) string { return fmt.Sprintf("198.%d.%d.1", 18+x.net, i) }

// answer is everything that somebody can notice but the time.
type answer struct {
	fault      fault.Error
	text       string
	statements int
}

func (x target) ask(t *testing.T, network int, do func(ctx context.Context) error) answer {
	t.Helper()
	ctx, counter := database.WithCounter(from(x.network(network)))
	err := do(ctx)
	if err == nil {
		t.Fatalf("%s: nothing was refused", x.name)
	}
	a := answer{text: err.Error(), statements: counter.Statements()}
	if f := fault.From(err); f != nil {
		a.fault = fault.Error{Kind: f.Kind, Code: f.Code, Message: f.Message, Field: f.Field}
	}
	return a
}

func TestTheAnswersDoNotTellWhichAccountsThereAre(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run(fmt.Sprintf("history %d is answered in the same way for every account", seed), func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *database.DB) {
				compareAnswers(t, newHouse(t, d), rand.New(rand.NewPCG(seed, 10)))
			})
		})
	}
}

func compareAnswers(t *testing.T, h *house, r *rand.Rand) {
	targets := []target{
		{"used in the network", h.NorthAdmin.Email, 0},
		{"never used", h.NorthTeacher.Email, 1},
		{"disabled, but used in the network", h.SouthAdmin.Email, 2},
		{"of nobody", "nobody@example.com", 3},
		{"with an app, used in the network", h.SouthTeacher.Email, 4},
		{"with a passkey, never used there", h.DistrictAdmin.Email, 5},
	}
	h.setUp(t, h.in(t, h.SouthTeacher, targets[4].network(0)))
	h.register(t, h.in(t, h.DistrictAdmin, home))
	h.in(t, h.NorthAdmin, targets[0].network(0))
	h.in(t, h.SouthAdmin, targets[2].network(0))
	if err := h.SetDisabled(viewer.AsSystem(context.Background(), "test"), h.SouthAdmin.Email, true); err != nil {
		t.Fatal(err)
	}
	kinds := map[string]bool{}
	for step := range 100 {
		action, network := r.IntN(20), r.IntN(2)
		if r.IntN(8) == 0 {
			h.pass(time.Duration(r.IntN(45_000)) * time.Millisecond)
		}
		// A stretch in which the network is used up by guesses at others.
		times := 1
		if action == 1 && r.IntN(3) == 0 {
			times = 60
		}
		for range times {
			first := answer{}
			for i, x := range targets {
				got := x.ask(t, network, func(ctx context.Context) error {
					if action <= 1 {
						_, err := h.SignIn(ctx, fmt.Sprintf("other%d-%d@example.com", x.net, step), "guess")
						return err
					}
					_, err := h.SignIn(ctx, x.email, "guess")
					return err
				})
				if i == 0 {
					first = got
				} else if got != first {
					t.Fatalf("step %d, network %d: the account %s\n%+v\nand the account %s\n%+v", step, network, targets[0].name,
						first, x.name, got)
				}
				kinds[got.fault.Code] = true
			}
		}
	}
	if !kinds[limited] || !kinds[wrong] {
		t.Errorf("the history has had only the answers %v", kinds)
	}
	// Somebody who knows the password still gets in where the account is known, and only
	// there.
	guess(h.Service, h.NorthAdmin.Email, targets[0].network(0), 50)
	h.pass(10 * time.Second)
	h.in(t, h.NorthAdmin, targets[0].network(0))
	for range 60 {
		guess(h.Service, h.NorthTeacher.Email, targets[1].network(0), 50)
	}
	if _, err := h.SignIn(from(targets[1].network(0)), h.NorthTeacher.Email, password); code(err) != limited {
		t.Errorf("a right password in a network that is not known, after too many wrong ones: %v", err)
	}
}

// TestTwoStepsThroughTheSpareLimit signs in with password and app after too many wrong
// passwords.
func TestTwoStepsThroughTheSpareLimit(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		phone := h.setUp(t, h.in(t, h.NorthAdmin, school))
		firstStep := func(address string) (identity.Step, error) {
			_, err := h.SignIn(from(address), h.NorthAdmin.Email, password)
			var required *identity.StepRequired
			if !errors.As(err, &required) {
				return identity.Step{}, err
			}
			testlog.Secret(required.Step.Token)
			return required.Step, nil
		}
		guess(h.Service, h.NorthAdmin.Email, stranger, 50)
		if _, err := firstStep(stranger); code(err) != limited {
			t.Errorf("a right password in a network that is not known: %v", err)
		}
		// A sign-in that is right to its end gives back what it took, and so does not
		// wait.
		for range 12 {
			guess(h.Service, h.NorthAdmin.Email, school, 50)
			h.pass(10 * time.Second)
			step, err := firstStep(school)
			if err != nil {
				t.Fatalf("a right password where the account is known: %v", err)
			}
			if _, err := h.CompleteSignIn(from(school), step.Token, identity.Answer{Code: phone.at(h.clock())}); err != nil {
				t.Fatal(err)
			}
			if _, err := h.SignIn(from(school), h.NorthAdmin.Email, "guess"); code(err) != limited {
				t.Errorf("a wrong password afterwards: %v", err)
			}
			h.pass(20 * time.Second)
		}
		guess(h.Service, h.NorthAdmin.Email, school, 50)
		h.pass(time.Minute + 40*time.Second) // the spare limit is empty again
		guess(h.Service, h.NorthAdmin.Email, school, 50)
		steps := 0
		for ; steps < 50; steps++ {
			if _, err := firstStep(school); code(err) == limited {
				break
			}
		}
		if steps != 9 {
			t.Errorf("%d first steps that nobody finished; the wrong password took the tenth", steps)
		}
	})
}

// TestOnlyWhoKnowsThePasswordHasCodesWait lets strangers try codes, passkeys and passwords
// of somebody who has an app.
func TestOnlyWhoKnowsThePasswordHasCodesWait(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		phone := h.setUp(t, h.in(t, h.NorthAdmin, "192.0.2.1"))
		begun := h.step(t, h.NorthAdmin)
		for _, token := range []string{"", "guess", begun.Token + "x", begun.Token[1:]} {
			for range 10 {
				if _, err := h.CompleteSignIn(from(stranger), token,
					identity.Answer{Code: phone.wrong(h.clock())}); code(err) != "CHALLENGE_ENDED" {
					t.Fatalf("a code without a password: %v", err)
				}
			}
		}
		guess(h.Service, h.NorthAdmin.Email, stranger, 50)
		for i := range 10 {
			guess(h.Service, h.NorthAdmin.Email, fmt.Sprintf("198.51.100.%d", i), 50)
		}
		if _, err := h.complete(h.Service, begun, phone.at(h.clock())); err != nil {
			t.Errorf("a step that has begun: %v", err)
		}
		h.pass(30 * time.Second)
		if _, err := h.complete(h.Service, h.step(t, h.NorthAdmin), phone.at(h.clock())); err != nil {
			t.Errorf("a new one, where the account is known: %v", err)
		}
	})
}

// TestAProofTriesNoMoreThanASignIn lets somebody with a stolen session guess the password.
func TestAProofTriesNoMoreThanASignIn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		stolen := h.in(t, h.NorthAdmin, school)
		elsewhere := viewer.NewContext(from(stranger), stolen.Viewer)
		prove := func(ctx context.Context, password string) string {
			return code(h.Prove(ctx, identity.Proof{Password: password}))
		}
		for n := range 30 {
			want := wrong
			if n >= 10 {
				want = limited
			}
			if got := prove(elsewhere, "guess"); got != want {
				t.Fatalf("guess %d: %s", n, got)
			}
		}
		h.pass(10 * time.Second)
		if got := prove(elsewhere, password); got != limited {
			t.Errorf("a right password, after too many wrong ones, where the account is not known: %q", got)
		}
		if got := prove(viewer.NewContext(from(school), stolen.Viewer), password); got != "" {
			t.Errorf("where it is known: %q", got)
		}
	})
}

func TestTheAnswersDoNotTellWhereAPasswordIsForgotten(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		h.in(t, h.NorthAdmin, school)
		_ = h.RequestPasswordReset(from(school), "first@example.com") // begins the trail
		for n := range 6 {
			var answers []string
			for _, email := range []string{h.NorthAdmin.Email, "nobody@example.com"} {
				ctx, counter := database.WithCounter(from(school))
				err := h.RequestPasswordReset(ctx, email)
				answers = append(answers, fmt.Sprintf("%v, %d statements", err, counter.Statements()))
			}
			if answers[0] != answers[1] {
				t.Errorf("request %d: %s for an account, and %s for none", n, answers[0], answers[1])
			}
		}
	})
}

func TestAnAttemptThatIsRefusedTriesNoPasswordOfAForeignNetwork(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		h.in(t, h.NorthAdmin, school)
		for range 40 {
			_, _ = h.SignIn(from(stranger), h.NorthAdmin.Email, "guess")
		}
		if _, err := h.SignIn(from(stranger), h.NorthAdmin.Email, password); code(err) != limited {
			t.Errorf("the right password from where the account is not known: %v", err)
		}
		if n := h.Client().Educator.Query().Where(educator.ID(h.NorthAdmin.ID)).QuerySessions().
			CountX(fixture.System()); n != 1 {
			t.Errorf("%d sessions, want the one of the beginning", n)
		}
	})
}
