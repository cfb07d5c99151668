package identity_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/auditevent"
	"github.com/openhomeroom/homeroom/ent/db/session"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/testlog"
)

// app is an authenticator app that is set up.
type app struct {
	secret string
	codes  []string
}

// setUp sets an authenticator app up in a session.
func (h *house) setUp(t *testing.T, in identity.Session) app {
	t.Helper()
	made, c, err := h.BeginTOTP(as(in))
	if err != nil {
		t.Fatal(err)
	}
	a := app{secret: testlog.Secret(made.Secret)}
	testlog.Secret(c.Token)
	if a.codes, err = h.ConfirmTOTP(as(in), c.Token, a.at(h.clock())); err != nil {
		t.Fatal(err)
	}
	for _, code := range a.codes {
		testlog.Secret(code)
	}
	h.pass(30 * time.Second) // the code that was shown is used up
	return a
}

func (a app) at(now time.Time) string {
	code, err := totp.GenerateCode(a.secret, now)
	if err != nil {
		panic(err)
	}
	return code
}

// wrong returns a code that is not valid around a moment.
func (a app) wrong(now time.Time) string {
	for _, code := range []string{"000000", "111111", "222222", "333333"} {
		if !slices.Contains([]string{a.at(now), a.at(now.Add(-30 * time.Second)), a.at(now.Add(30 * time.Second))}, code) {
			return code
		}
	}
	panic("no wrong code")
}

// step gives the right password and returns the second step.
func (h *house) step(t *testing.T, who *db.Educator) identity.Step {
	t.Helper()
	_, err := h.SignIn(from("192.0.2.1"), who.Email, password)
	var required *identity.StepRequired
	if !errors.As(err, &required) {
		t.Fatalf("%s gets %v, and no second step", who.Email, err)
	}
	testlog.Secret(required.Step.Token)
	return required.Step
}

func (h *house) complete(s *identity.Service, step identity.Step, code string) (identity.Session, error) {
	return s.CompleteSignIn(from("192.0.2.1"), step.Token, identity.Answer{Code: code})
}

func TestSecondFactor(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		nora, saul := h.NorthAdmin, h.SouthAdmin
		other := h.in(t, nora, "192.0.2.7")
		in := h.in(t, nora, "192.0.2.1")
		made, c, err := h.BeginTOTP(as(in))
		if err != nil {
			t.Fatal(err)
		}
		a := app{secret: testlog.Secret(made.Secret)}
		t.Run("an app counts when it has shown a code, and brings recovery codes", func(t *testing.T) {
			if picture, err := made.Picture(); err != nil || !strings.HasPrefix(made.URI, "otpauth://totp/Homeroom:") ||
				!strings.HasPrefix(picture, "data:image/png;base64,") {
				t.Errorf("the app is given %.30s, %v", picture, err)
			}
			if _, err := h.ConfirmTOTP(as(in), c.Token, a.wrong(h.clock())); code(err) != "WRONG_CODE" {
				t.Errorf("a wrong code: %v", err)
			}
			if again := h.in(t, saul,
				"192.0.2.3"); code(second(h.ConfirmTOTP(as(again), c.Token, a.at(h.clock())))) != "CHALLENGE_ENDED" {
				t.Error("somebody else has finished the step")
			}
			if a.codes, err = h.ConfirmTOTP(as(in), c.Token, a.at(h.clock())); err != nil || len(a.codes) != 10 {
				t.Fatalf("%d recovery codes: %v", len(a.codes), err)
			}
			for _, code := range a.codes {
				testlog.Secret(code)
			}
			if _, err := h.ConfirmTOTP(as(in), c.Token, a.at(h.clock())); code(err) != "CHALLENGE_ENDED" {
				t.Errorf("the step again: %v", err)
			}
		})
		t.Run("the other sessions end, and this one stays", func(t *testing.T) {
			if _, err := h.Authenticate(context.Background(), other.Token); !errors.Is(err, identity.ErrSession) {
				t.Errorf("the other session: %v", err)
			}
			if _, err := h.Authenticate(context.Background(), in.Token); err != nil {
				t.Error(err)
			}
		})
		t.Run("nothing of it can be read in the database", func(t *testing.T) {
			row := h.Client().TotpSecret.Query().OnlyX(fixture.System())
			if strings.Contains(string(row.Secret), a.secret) {
				t.Error("the secret stands there")
			}
			for _, r := range h.Client().RecoveryCode.Query().AllX(fixture.System()) {
				if slices.Contains(a.codes, r.CodeHash) || len(r.CodeHash) != 64 {
					t.Error("a recovery code stands there")
				}
			}
		})
		t.Run("the secret of another account is good for nothing", func(t *testing.T) {
			row := h.Client().TotpSecret.Query().OnlyX(fixture.System())
			h.Client().TotpSecret.Create().SetEducatorID(saul.ID).SetSecret(row.Secret).SetLastStep(0).ExecX(fixture.System())
			if _, err := h.complete(h.Service, h.step(t, saul), a.at(h.clock())); err == nil {
				t.Error("a copied row opens an account")
			}
			h.Client().TotpSecret.Update().ClearLastUsedAt().ExecX(fixture.System())
			if err := h.ResetFactorsOf(fixture.System(), saul.Email); err != nil {
				t.Fatal(err)
			}
			h.pass(5 * time.Minute)
		})
		t.Run("the right password is the first step only", func(t *testing.T) {
			step := h.step(t, nora)
			if !slices.Equal(step.Methods, []identity.Method{identity.TOTP, identity.RecoveryCode}) {
				t.Errorf("methods %v", step.Methods)
			}
			if _, err := h.Authenticate(context.Background(), step.Token); err == nil {
				t.Error("the step is a session")
			}
			_, err := h.SignIn(from("192.0.2.1"), nora.Email, "wrong horse")
			if code(err) != "WRONG_CREDENTIALS" {
				t.Errorf("a wrong password tells %v", err)
			}
		})
		t.Run("a code is good once, on whatever server", func(t *testing.T) {
			one, two := h.step(t, nora), h.step(t, nora)
			now := h.clock()
			session, err := h.complete(h.server(), one, a.at(now))
			if err != nil || !session.Viewer.IsAdmin() {
				t.Fatalf("%+v: %v", session.Viewer, err)
			}
			testlog.Secret(session.Token)
			for _, s := range []*identity.Service{h.Service, h.server()} {
				if _, err := h.complete(s, two, a.at(now)); code(err) != "WRONG_CODE" {
					t.Errorf("the code again: %v", err)
				}
			}
			if _, err := h.complete(h.Service, two, a.at(now.Add(-30*time.Second))); code(err) != "WRONG_CODE" {
				t.Errorf("the code before it: %v", err)
			}
			if _, err := h.complete(h.Service, one, a.at(now.Add(30*time.Second))); code(err) != "CHALLENGE_ENDED" {
				t.Errorf("the step again: %v", err)
			}
			h.pass(time.Hour)
		})
		t.Run("clocks may differ by one step", func(t *testing.T) {
			for _, c := range []struct {
				by   time.Duration
				want string
			}{{-60 * time.Second, "WRONG_CODE"}, {60 * time.Second, "WRONG_CODE"}, {-30 * time.Second, ""},
				{30 * time.Second, ""}} {
				_, err := h.complete(h.Service, h.step(t, nora), a.at(h.clock().Add(c.by)))
				if code(err) != c.want {
					t.Errorf("%s: %v", c.by, err)
				}
			}
			h.pass(time.Hour)
		})
		t.Run("a recovery code is good once, however it is typed, and for nobody else", func(t *testing.T) {
			if _, err := h.complete(h.Service, h.step(t, nora),
				strings.ToUpper(strings.ReplaceAll(a.codes[0], "-", " "))); err != nil {
				t.Fatal(err)
			}
			if _, err := h.complete(h.Service, h.step(t, nora), a.codes[0]); code(err) != "WRONG_CODE" {
				t.Errorf("again: %v", err)
			}
			b := h.setUp(t, h.in(t, saul, "192.0.2.3"))
			if _, err := h.complete(h.Service, h.step(t, nora), b.codes[0]); code(err) != "WRONG_CODE" {
				t.Errorf("somebody else's: %v", err)
			}
			h.pass(time.Hour)
		})
		t.Run("of two who finish a step at once one gets a session", func(t *testing.T) {
			step := h.step(t, nora)
			var done atomic.Int32
			var wait sync.WaitGroup
			for i, s := range []*identity.Service{h.Service, h.server(), h.server()} {
				wait.Go(func() {
					if _, err := h.complete(s, step, a.codes[1+i]); err == nil {
						done.Add(1)
					} else if code(err) != "CHALLENGE_ENDED" {
						t.Error(err)
					}
				})
			}
			wait.Wait()
			begun := h.Client().Session.Query().Where(session.EducatorID(nora.ID), session.CreatedAt(h.clock())).
				CountX(fixture.System())
			if done.Load() != 1 || begun != 1 {
				t.Errorf("%d finished, %d sessions", done.Load(), begun)
			}
			left := h.Client().RecoveryCode.Query().CountX(fixture.System())
			if left != 10+8 {
				t.Errorf("%d recovery codes are left", left)
			}
		})
		t.Run("five codes may be wrong, and then a right one waits as well", func(t *testing.T) {
			h.pass(time.Hour)
			step := h.step(t, nora)
			for range 5 {
				if _, err := h.complete(h.Service, step, a.wrong(h.clock())); code(err) != "WRONG_CODE" {
					t.Fatal(err)
				}
			}
			if _, err := h.complete(h.server(), step, a.at(h.clock())); code(err) != "RATE_LIMITED" {
				t.Errorf("the sixth: %v", err)
			}
			h.pass(5 * time.Minute)
			if _, err := h.complete(h.Service, h.step(t, nora), a.at(h.clock())); err != nil {
				t.Errorf("later: %v", err)
			}
		})
		t.Run("right codes are not counted", func(t *testing.T) {
			for range 8 {
				h.pass(time.Minute)
				if _, err := h.complete(h.Service, h.step(t, nora), a.at(h.clock())); err != nil {
					t.Fatal(err)
				}
			}
		})
		t.Run("the trail says how people came in, and what was refused", func(t *testing.T) {
			for _, want := range []struct {
				action audit.Action
				part   string
			}{{audit.SignedIn, `"factor":"TOTP"`}, {audit.SignedIn, `"factor":"RECOVERY_CODE"`},
				{audit.SecondFactorAdded, `"factor":"TOTP"`}} {
				if !h.Client().AuditEvent.Query().
					Where(auditevent.Action(string(want.action)), auditevent.FactsContains(want.part)).ExistX(fixture.System()) {
					t.Errorf("no entry %s with %s", want.action, want.part)
				}
			}
		})
	})
}

// second leaves the codes out.
func second(_ []string, err error) error { return err }

// TestWhatHappensBetweenTheSteps changes the account while a second step is awaited.
func TestWhatHappensBetweenTheSteps(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		for what, change := range map[string]func(t *testing.T, who *db.Educator) error{
			"the account is disabled": func(_ *testing.T, who *db.Educator) error {
				return h.SetDisabled(fixture.System(), who.Email, true)
			},
			"the account is disabled and let in again": func(_ *testing.T, who *db.Educator) error {
				return errors.Join(h.SetDisabled(fixture.System(), who.Email, true),
					h.SetDisabled(fixture.System(), who.Email, false))
			},
			"another password is set": func(_ *testing.T, who *db.Educator) error {
				return h.SetPassword(fixture.System(), who.ID, "another horse, another battery")
			},
			"another password is set without ending anything": func(t *testing.T, who *db.Educator) error {
				hash, err := h.hasher.Hash(context.Background(), "another horse")
				if err != nil {
					return err
				}
				return h.Client().Educator.UpdateOneID(who.ID).SetPasswordHash(hash).Exec(fixture.System())
			},
			"the factors are reset": func(_ *testing.T, who *db.Educator) error {
				return h.ResetFactorsOf(fixture.System(), who.Email)
			},
			"five minutes pass": func(*testing.T, *db.Educator) error { h.pass(5 * time.Minute); return nil },
		} {
			t.Run(what, func(t *testing.T) {
				who := h.Educator(t, h.Alpha,
					fmt.Sprintf("Person%d Between", len(h.Client().Educator.Query().IDsX(fixture.System()))), "TEACHER", h.North)
				hash := h.Client().Educator.GetX(fixture.System(), h.NorthAdmin.ID).PasswordHash
				who.Update().SetPasswordHash(hash).ExecX(fixture.System())
				a := h.setUp(t, h.in(t, who, "192.0.2.1"))
				step := h.step(t, who)
				if err := change(t, who); err != nil {
					t.Fatal(err)
				}
				if _, err := h.complete(h.Service, step, a.at(h.clock())); code(err) != "CHALLENGE_ENDED" {
					t.Errorf("the step goes on: %v", err)
				}
			})
		}
	})
}

func TestChangesOfFactorsNeedAFreshProof(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		in := h.in(t, h.NorthAdmin, "192.0.2.1")
		changes := func() map[string]error {
			ctx := as(in)
			list := map[string]error{}
			_, _, list["BeginTOTP"] = h.BeginTOTP(ctx)
			_, list["ConfirmTOTP"] = h.ConfirmTOTP(ctx, "x", "x")
			list["RemoveTOTP"] = h.RemoveTOTP(ctx)
			_, list["BeginPasskey"] = h.BeginPasskey(ctx)
			_, _, list["FinishPasskey"] = h.FinishPasskey(ctx, "x", "x", "x")
			_, list["RenamePasskey"] = h.RenamePasskey(ctx, 1, "x")
			list["RemovePasskey"] = h.RemovePasskey(ctx, 1)
			_, list["RegenerateRecoveryCodes"] = h.RegenerateRecoveryCodes(ctx)
			_, list["ResetFactors"] = h.ResetFactors(ctx, h.NorthTeacher.ID)
			return list
		}
		h.pass(10 * time.Minute)
		for name, err := range changes() {
			if code(err) != "PROOF_REQUIRED" {
				t.Errorf("%s after ten minutes: %v", name, err)
			}
		}
		if f, err := h.SecondFactors(as(in)); err != nil || f.ProvedUntil != nil {
			t.Errorf("%+v: %v", f, err)
		}
		t.Run("without a factor the password is a proof", func(t *testing.T) {
			if err := h.Prove(as(in), identity.Proof{Password: "wrong horse"}); code(err) != "WRONG_CREDENTIALS" {
				t.Errorf("a wrong one: %v", err)
			}
			if err := h.Prove(as(in), identity.Proof{Answer: identity.Answer{Code: "123456"}}); code(err) != "REQUIRED" {
				t.Errorf("a code: %v", err)
			}
			if err := h.Prove(as(in), identity.Proof{Password: password}); err != nil {
				t.Fatal(err)
			}
			for name, err := range changes() {
				if code(err) == "PROOF_REQUIRED" {
					t.Errorf("%s: %v", name, err)
				}
			}
		})
		a := h.setUp(t, in)
		t.Run("with a factor only the factor is", func(t *testing.T) {
			h.pass(10 * time.Minute)
			if err := h.Prove(as(in), identity.Proof{Password: password}); code(err) != "REQUIRED" {
				t.Errorf("the password: %v", err)
			}
			if err := h.RemoveTOTP(as(in)); code(err) != "PROOF_REQUIRED" {
				t.Errorf("without: %v", err)
			}
			if err := h.Prove(as(in), identity.Proof{Answer: identity.Answer{Code: a.at(h.clock())}}); err != nil {
				t.Fatal(err)
			}
			if err := h.Prove(as(in),
				identity.Proof{Answer: identity.Answer{Code: a.at(h.clock())}}); code(err) != "WRONG_CODE" {
				t.Errorf("the code again: %v", err)
			}
		})
		t.Run("new recovery codes end the old ones", func(t *testing.T) {
			codes, err := h.RegenerateRecoveryCodes(as(in))
			if err != nil || len(codes) != 10 {
				t.Fatal(err)
			}
			if err := h.Prove(as(in), identity.Proof{Answer: identity.Answer{Code: a.codes[0]}}); code(err) != "WRONG_CODE" {
				t.Errorf("an old one: %v", err)
			}
			if err := h.Prove(as(in), identity.Proof{Answer: identity.Answer{Code: codes[0]}}); err != nil {
				t.Errorf("a new one: %v", err)
			}
		})
		t.Run("the last factor takes the recovery codes along", func(t *testing.T) {
			if err := h.RemoveTOTP(as(in)); err != nil {
				t.Fatal(err)
			}
			if f, err := h.SecondFactors(as(in)); err != nil || f.TOTP != nil || f.RecoveryCodes != 0 {
				t.Errorf("%+v: %v", f, err)
			}
			h.in(t, h.NorthAdmin, "192.0.2.1")
		})
		t.Run("guesses of a factor are limited as at signing in", func(t *testing.T) {
			a := h.setUp(t, in)
			h.pass(30 * time.Minute)
			for range 5 {
				if err := h.Prove(as(in),
					identity.Proof{Answer: identity.Answer{Code: a.wrong(h.clock())}}); code(err) != "WRONG_CODE" {
					t.Fatal(err)
				}
			}
			if err := h.Prove(as(in),
				identity.Proof{Answer: identity.Answer{Code: a.at(h.clock())}}); code(err) != "RATE_LIMITED" {
				t.Errorf("the sixth: %v", err)
			}
			if _, err := h.complete(h.Service, h.step(t, h.NorthAdmin), a.at(h.clock())); code(err) != "RATE_LIMITED" {
				t.Errorf("at signing in: %v", err)
			}
		})
	})
}

func TestPeopleAreToldAboutTheirFactors(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		in := h.in(t, h.NorthAdmin, "192.0.2.1")
		a := h.setUp(t, in)
		if _, err := h.complete(h.Service, h.step(t, h.NorthAdmin), a.codes[0]); err != nil {
			t.Fatal(err)
		}
		if err := h.RemoveTOTP(as(in)); err != nil {
			t.Fatal(err)
		}
		// The factor that the session has shown is gone, if one is required later.
		if own := h.Client().Session.GetX(fixture.System(), in.Viewer.SessionID); own.SecondFactor != 0 {
			t.Error("the session goes on as one with a second factor")
		}
		all := ""
		for _, m := range h.delivered(t, 3) {
			if m.To != h.NorthAdmin.Email || strings.Contains(m.Text, a.secret) {
				t.Errorf("%+v", m)
			}
			all += m.Text
		}
		for _, part := range []string{"was set up", "recovery codes was used", "was removed"} {
			if !strings.Contains(all, part) {
				t.Errorf("no mail says that something %s: %s", part, all)
			}
		}
	})
}
