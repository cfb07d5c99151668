package graph_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/factortest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/testlog"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// someone returns a teacher of North who has signed in.
func (s *server) someone(t *testing.T) (*db.Educator, context.Context) {
	t.Helper()
	people := s.Client().Educator.Query().CountX(fixture.System())
	e := s.Educator(t, s.Alpha, fmt.Sprintf("Person%d Somebody", people), viewer.Teacher, s.North)
	s.setPassword(t, e)
	session, err := s.identity.SignIn(viewer.NewContext(context.Background(), &viewer.Viewer{}), e.Email, password)
	if err != nil {
		t.Fatal(err)
	}
	s.tokens.Store(e.ID, testlog.Secret(session.Token))
	return e, viewer.NewContext(context.Background(), session.Viewer)
}

// withApp sets an app up for somebody.
func (s *server) withApp(t *testing.T, ctx context.Context) (secret string) {
	t.Helper()
	made, c, err := s.identity.BeginTOTP(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.identity.ConfirmTOTP(ctx, c.Token, factortest.Code(t, made.Secret, clock())); err != nil {
		t.Fatal(err)
	}
	return testlog.Secret(made.Secret)
}

// withPasskey adds a passkey for somebody.
func (s *server) withPasskey(t *testing.T, ctx context.Context) (*factortest.Device, *db.Passkey) {
	t.Helper()
	d := factortest.NewDevice(publicURL)
	step, err := s.identity.BeginPasskey(ctx)
	if err != nil {
		t.Fatal(err)
	}
	p, _, err := s.identity.FinishPasskey(ctx, step.Token, d.Create(t, step.Options), "Phone")
	if err != nil {
		t.Fatal(err)
	}
	return d, p
}

func (s *server) someoneWithFactors(t *testing.T) (*db.Educator, *db.Passkey) {
	t.Helper()
	e, ctx := s.someone(t)
	s.withApp(t, ctx)
	_, p := s.withPasskey(t, ctx)
	return e, p
}

// furtherFactors are successes that need a factor which is there.
func (s *server) furtherFactors(*testing.T) map[string]func(*testing.T) (*db.Educator, string, []string) {
	return map[string]func(*testing.T) (*db.Educator, string, []string){
		"completeSignIn": func(t *testing.T) (*db.Educator, string, []string) {
			e, ctx := s.someone(t)
			secret := s.withApp(t, ctx)
			a := s.ask(t, nil,
				fmt.Sprintf(`mutation { signIn(input: {email: %q, password: %q}) { secondFactor { challenge } } }`,
					e.Email, password), nil)
			return nil, fmt.Sprintf(`mutation { completeSignIn(input: {challenge: %q, code: %q}) { userErrors { code } } }`,
				a.at("signIn.secondFactor.challenge"), factortest.Code(t, secret, clock().Add(30*time.Second))), nil
		},
		"finishPasskeySignIn": func(t *testing.T) (*db.Educator, string, []string) {
			_, ctx := s.someone(t)
			d, _ := s.withPasskey(t, ctx)
			a := s.ask(t, nil, `mutation { beginPasskeySignIn { ceremony { challenge options origin } } }`, nil)
			return nil, fmt.Sprintf(
				`mutation { finishPasskeySignIn(input: {challenge: %q, response: %q}) { userErrors { code } } }`,
				a.at("beginPasskeySignIn.ceremony.challenge"), d.Sign(t, a.at("beginPasskeySignIn.ceremony.options").(string))), nil
		},
		"confirmTotpEnrollment": func(t *testing.T) (*db.Educator, string, []string) {
			e, _ := s.someone(t)
			a := s.ask(t, e, `mutation { beginTotpEnrollment { challenge secret uri qrCode } }`, nil)
			if picture, _ := a.at("beginTotpEnrollment.qrCode").(string); !strings.HasPrefix(picture, "data:image/png;base64,") {
				t.Errorf("the picture is %.30s", picture)
			}
			return e, fmt.Sprintf(`mutation { confirmTotpEnrollment(input: {challenge: %q, code: %q}) { userErrors { code } } }`,
					a.at("beginTotpEnrollment.challenge"), factortest.Code(t, a.at("beginTotpEnrollment.secret").(string), clock())),
				nil
		},
		"removeTotp": func(t *testing.T) (*db.Educator, string, []string) {
			e, ctx := s.someone(t)
			s.withApp(t, ctx)
			return e, `mutation { removeTotp { userErrors { code } } }`, nil
		},
		"finishPasskeyRegistration": func(t *testing.T) (*db.Educator, string, []string) {
			e, _ := s.someone(t)
			a := s.ask(t, e, `mutation { beginPasskeyRegistration { ceremony { challenge options } } }`, nil)
			return e, fmt.Sprintf(
				`mutation { finishPasskeyRegistration(input: {challenge: %q, response: %q, name: "Phone"}) { userErrors { code } } }`,
				a.at("beginPasskeyRegistration.ceremony.challenge"),
				factortest.NewDevice(publicURL).Create(t, a.at("beginPasskeyRegistration.ceremony.options").(string))), nil
		},
		"renamePasskey": func(t *testing.T) (*db.Educator, string, []string) {
			e, p := s.someoneWithFactors(t)
			return e, fmt.Sprintf(`mutation { renamePasskey(id: %q, name: "Old phone") { userErrors { code } } }`,
				globalid.Encode(globalid.Passkey, p.ID)), nil
		},
		"removePasskey": func(t *testing.T) (*db.Educator, string, []string) {
			e, p := s.someoneWithFactors(t)
			return e, fmt.Sprintf(`mutation { removePasskey(id: %q) { userErrors { code } } }`,
				globalid.Encode(globalid.Passkey, p.ID)), nil
		},
		"regenerateRecoveryCodes": func(t *testing.T) (*db.Educator, string, []string) {
			e, _ := s.someoneWithFactors(t)
			return e, `mutation { regenerateRecoveryCodes { userErrors { code } } }`, nil
		},
	}
}

// TestSecondFactorsOverTheAPI walks the way of a client.
func TestSecondFactorsOverTheAPI(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		s := newServer(t, d)
		e, ctx := s.someone(t)
		signIn := fmt.Sprintf(
			`mutation { signIn(input: {email: %q, password: %q}) { token userErrors { code message } secondFactor { challenge
				methods passkeyOptions } viewer { educator { email } } } }`, e.Email, password)
		if a := s.ask(t, nil, signIn, nil); a.at("signIn.token") == nil || a.at("signIn.secondFactor") != nil {
			t.Fatalf("without a factor: %+v", a)
		}
		secret := s.withApp(t, ctx)
		phone, _ := s.withPasskey(t, ctx)
		t.Run("a client that knows nothing of it gets an error with a code, and no token", func(t *testing.T) {
			a := s.ask(t, nil,
				fmt.Sprintf(`mutation { signIn(input: {email: %q, password: %q}) { token userErrors { code } } }`,
					e.Email, password), nil)
			if a.at("signIn.token") != nil || a.at("signIn.userErrors.0.code") != "SECOND_FACTOR_REQUIRED" {
				t.Errorf("%+v", a)
			}
		})
		t.Run("a wrong password tells nothing of it", func(t *testing.T) {
			a := s.ask(t, nil, strings.Replace(signIn, password, "wrong", 1), nil)
			if a.at("signIn.secondFactor") != nil || a.at("signIn.userErrors.0.code") != "WRONG_CREDENTIALS" {
				t.Errorf("%+v", a)
			}
		})
		t.Run("a code or a passkey finishes it", func(t *testing.T) {
			a := s.ask(t, nil, signIn, nil)
			if methods := fmt.Sprint(a.at("signIn.secondFactor.methods")); methods != "[TOTP PASSKEY RECOVERY_CODE]" {
				t.Errorf("methods %s", methods)
			}
			done := s.ask(t, nil,
				fmt.Sprintf(
					`mutation { completeSignIn(input: {challenge: %q, code: %q}) { token viewer { educator { email } } userErrors { code } } }`,
					a.at("signIn.secondFactor.challenge"), factortest.Code(t, secret, clock().Add(30*time.Second))), nil)
			if done.at("completeSignIn.token") == nil || done.at("completeSignIn.viewer.educator.email") != e.Email {
				t.Errorf("%+v", done)
			}
			a = s.ask(t, nil, signIn, nil)
			done = s.ask(t, nil,
				fmt.Sprintf(`mutation { completeSignIn(input: {challenge: %q, passkey: %q}) { token userErrors { code } } }`,
					a.at("signIn.secondFactor.challenge"), phone.Sign(t, a.at("signIn.secondFactor.passkeyOptions").(string))), nil)
			if done.at("completeSignIn.token") == nil {
				t.Errorf("%+v", done)
			}
		})
		t.Run("the viewer sees the own factors", func(t *testing.T) {
			a := s.ask(t, e,
				`{ viewer { secondFactors { required setupRequired totp { createdAt } passkeys { name lastUsedAt } recoveryCodesLeft
					provedUntil passkeyOrigin } } }`, nil)
			if a.at("viewer.secondFactors.passkeys.0.name") != "Phone" || a.at("viewer.secondFactors.totp.createdAt") == nil ||
				a.at("viewer.secondFactors.recoveryCodesLeft") != float64(10) ||
				a.at("viewer.secondFactors.required") != false || a.at("viewer.secondFactors.passkeyOrigin") != publicURL {
				t.Errorf("%+v", a)
			}
		})
		t.Run("nobody tries many codes in one operation", func(t *testing.T) {
			var tries strings.Builder
			for i := range 3 {
				fmt.Fprintf(&tries, `t%d: completeSignIn(input: {challenge: "x", code: "%06d"}) { token } `, i, i)
			}
			if a := s.ask(t, nil, "mutation { "+tries.String()+"}", nil); a.code() != "TOO_COMPLEX" {
				t.Errorf("%+v", a)
			}
		})
	})
}

// TestBeforeASecondFactor asks everything of the authorization table with a session
// that is good for setting up a factor.
func TestBeforeASecondFactor(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		s := newServer(t, d)
		ask := func(need *organization.SecondFactorRequired) {
			s.Client().Organization.UpdateOneID(s.North.ID).ClearSecondFactorRequired().ExecX(fixture.System())
			s.Client().Organization.UpdateOneID(s.North.ID).SetNillableSecondFactorRequired(need).ExecX(fixture.System())
		}
		administrators := organization.SecondFactorRequiredADMINISTRATORS
		may := []string{"viewer", "signIn", "signInWithCode", "completeSignIn", "beginPasskeySignIn", "finishPasskeySignIn",
			"signInProviders", "signOut", "revokeSession", "revokeOtherSessions", "requestPasswordReset", "setPasswordByLink",
			"beginPasskeyProof", "proveIdentity", "beginTotpEnrollment", "confirmTotpEnrollment", "beginPasskeyRegistration",
			"finishPasskeyRegistration"}
		for i, row := range authorization {
			t.Run(row.field+" "+row.what, func(t *testing.T) {
				ask(nil)
				operation := s.cell(t, fmt.Sprintf("before%d", i), row.operation)
				s.token(t, s.NorthAdmin) // a session that is there already
				ask(&administrators)
				got := s.outcome(t, s.NorthAdmin, operation)
				if allowed := slices.Contains(may, row.field); allowed == (got == no) {
					t.Errorf("got %s", got)
				}
			})
		}
		ask(&administrators)
		t.Run("the viewer has no roles and no organizations, and is told why", func(t *testing.T) {
			a := s.ask(t, s.NorthAdmin,
				`{ viewer { educator { name } roles { role } organizations { id } secondFactors { required setupRequired } } }`,
				nil)
			if fmt.Sprint(a.at("viewer.roles")) != "[]" || fmt.Sprint(a.at("viewer.organizations")) != "[]" ||
				a.at("viewer.secondFactors.setupRequired") != true {
				t.Errorf("%+v", a)
			}
			a = s.ask(t, s.NorthAdmin, `{ students { totalCount } }`, nil)
			if reason := a.Errors[0].Extensions["reason"]; reason != "SECOND_FACTOR_SETUP_REQUIRED" {
				t.Errorf("the reason is %v", reason)
			}
		})
		t.Run("and is a full one in the answer that sets a factor up", func(t *testing.T) {
			a := s.ask(t, s.NorthAdmin, `mutation { beginTotpEnrollment { challenge secret userErrors { code } } }`, nil)
			a = s.ask(t, s.NorthAdmin,
				fmt.Sprintf(
					`mutation { confirmTotpEnrollment(input: {challenge: %q, code: %q}) { recoveryCodes secondFactors { setupRequired } userErrors { code } } }`,
					a.at("beginTotpEnrollment.challenge"), factortest.Code(t, a.at("beginTotpEnrollment.secret").(string), clock())),
				nil)
			if codes, _ := a.at("confirmTotpEnrollment.recoveryCodes").([]any); len(codes) != 10 ||
				a.at("confirmTotpEnrollment.secondFactors.setupRequired") != false {
				t.Errorf("%+v", a)
			}
			if a := s.ask(t, s.NorthAdmin, `{ students { totalCount } }`, nil); len(a.Errors) > 0 {
				t.Errorf("%+v", a)
			}
		})
	})
}
