package identity_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db/privacy"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/groupeducator"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/ent/db/roleassignment"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/setting"
	"github.com/openhomeroom/homeroom/internal/testlog"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

const (
	none           = organization.SecondFactorRequiredNONE
	administrators = organization.SecondFactorRequiredADMINISTRATORS
	everybody      = organization.SecondFactorRequiredALL
)

func (h *house) ask(o *db.Organization, need organization.SecondFactorRequired) {
	h.Client().Organization.UpdateOneID(o.ID).SetSecondFactorRequired(need).ExecX(fixture.System())
}

// now is the session as the next request finds it.
func (h *house) next(t *testing.T, in identity.Session) *viewer.Viewer {
	t.Helper()
	v, err := h.Authenticate(context.Background(), in.Token)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestARequiredSecondFactor(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		people := []*db.Educator{h.DistrictAdmin, h.NorthAdmin, h.SouthAdmin, h.NorthTeacher, h.SouthTeacher, h.BetaAdmin}
		sessions := map[int]identity.Session{}
		for _, who := range people {
			sessions[who.ID] = h.in(t, who, "192.0.2.1")
		}
		limited := func(t *testing.T, want ...*db.Educator) {
			t.Helper()
			is := map[int]bool{}
			for _, who := range want {
				is[who.ID] = true
			}
			for _, who := range people {
				// Existing sessions and new ones are judged in the same way.
				for _, in := range []identity.Session{sessions[who.ID], h.in(t, who, "192.0.2.1")} {
					v := h.next(t, in)
					if v.BeforeSecondFactor != is[who.ID] || v.BeforeSecondFactor == (len(v.Assignments) > 0) {
						t.Errorf("%s: %+v", who.Email, v)
					}
				}
			}
		}
		t.Run("by default of nobody", func(t *testing.T) { limited(t) })
		t.Run("of a district's administrators", func(t *testing.T) {
			h.ask(h.Alpha, administrators)
			limited(t, h.DistrictAdmin, h.NorthAdmin, h.SouthAdmin)
		})
		t.Run("and of everybody at a school that is stricter", func(t *testing.T) {
			h.ask(h.North, everybody)
			limited(t, h.DistrictAdmin, h.NorthAdmin, h.SouthAdmin, h.NorthTeacher)
		})
		t.Run("not at a school that the district has excepted", func(t *testing.T) {
			h.ask(h.South, none)
			limited(t, h.DistrictAdmin, h.NorthAdmin, h.NorthTeacher)
		})
		in := sessions[h.NorthAdmin.ID]
		t.Run("a session before it sees nobody else, and changes nothing", func(t *testing.T) {
			ctx := viewer.NewContext(context.Background(), h.next(t, in))
			if list, err := h.Client().Educator.Query().All(ctx); err != nil || len(list) != 1 || list[0].ID != h.NorthAdmin.ID {
				t.Errorf("%d educators: %v", len(list), err)
			}
			_, groups := h.Client().Group.Query().All(ctx)
			_, students := h.Client().Student.Query().All(ctx)
			_, organizations := h.Client().Organization.Query().All(ctx)
			_, roles := h.Client().RoleAssignment.Query().All(ctx)
			_, jobs := h.Client().BulkJob.Query().All(ctx)
			for what, err := range map[string]error{
				"groups": groups, "students": students, "organizations": organizations, "roles": roles, "jobs": jobs,
				"a change": h.Client().Group.UpdateOneID(h.Algebra.ID).SetName("Mine").Exec(ctx),
			} {
				if !errors.Is(err, privacy.Deny) {
					t.Errorf("%s: %v", what, err)
				}
			}
		})
		t.Run("jobs and programs go on", func(t *testing.T) {
			if v, err := h.Viewer(context.Background(), h.NorthAdmin.ID); err != nil || !v.IsAdmin() || v.BeforeSecondFactor {
				t.Errorf("%+v: %v", v, err)
			}
		})
		t.Run("setting one up opens the session, and the last one stays", func(t *testing.T) {
			a := h.setUp(t, in)
			if v := h.next(t, in); v.BeforeSecondFactor || !v.IsAdmin() {
				t.Errorf("%+v", v)
			}
			if err := h.RemoveTOTP(as(in)); code(err) != "SECOND_FACTOR_REQUIRED" {
				t.Errorf("the last one: %v", err)
			}
			if f, err := h.SecondFactors(as(in)); err != nil || f.TOTP == nil || !f.Required {
				t.Errorf("%+v: %v", f, err)
			}
			session, err := h.complete(h.Service, h.step(t, h.NorthAdmin), a.at(h.clock()))
			if err != nil || session.Viewer.BeforeSecondFactor {
				t.Errorf("%+v: %v", session.Viewer, err)
			}
			h.register(t, in)
			if err := h.RemoveTOTP(as(in)); err != nil {
				t.Errorf("one of two: %v", err)
			}
		})
		t.Run("whose factors are reset sets one up again", func(t *testing.T) {
			if err := h.ResetFactorsOf(fixture.System(), h.NorthAdmin.Email); err != nil {
				t.Fatal(err)
			}
			if _, err := h.Authenticate(context.Background(), in.Token); !errors.Is(err, identity.ErrSession) {
				t.Errorf("the session stays: %v", err)
			}
			if v := h.in(t, h.NorthAdmin, "192.0.2.1").Viewer; !v.BeforeSecondFactor {
				t.Errorf("%+v", v)
			}
		})
	})
}

// TestAClassIsReasonEnoughForASecondFactor is about people who teach where a factor is
// required, and have their role elsewhere, or none.
func TestAClassIsReasonEnoughForASecondFactor(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		guest, roleless := h.SouthTeacher, h.NorthTeacher
		h.Client().RoleAssignment.Delete().Where(roleassignment.EducatorID(roleless.ID)).ExecX(fixture.System())
		h.Teach(t, guest, h.Algebra)
		before := map[int]identity.Session{}
		for _, who := range []*db.Educator{guest, roleless, h.SouthAdmin} {
			before[who.ID] = h.in(t, who, "192.0.2.1")
		}
		asked := func(t *testing.T, want bool, people ...*db.Educator) {
			t.Helper()
			for _, who := range people {
				for _, in := range []identity.Session{before[who.ID], h.in(t, who, "192.0.2.1")} {
					standing, err := h.Standing(context.Background(), []int{in.Viewer.SessionID})
					if err != nil {
						t.Fatal(err)
					}
					f, err := h.SecondFactors(as(in))
					if err != nil || f.Required != want || h.next(t, in).BeforeSecondFactor != want ||
						standing[in.Viewer.SessionID].BeforeSecondFactor != want {
						t.Errorf("%s: %+v, %+v: %v", who.Email, h.next(t, in), f, err)
					}
				}
			}
		}
		asked(t, false, guest, roleless, h.SouthAdmin)
		t.Run("of administrators alone, a class is none", func(t *testing.T) {
			h.ask(h.North, administrators)
			asked(t, false, guest, roleless, h.SouthAdmin)
		})
		t.Run("of everybody at the school of the class", func(t *testing.T) {
			h.ask(h.North, everybody)
			asked(t, true, guest, roleless)
			asked(t, false, h.SouthAdmin)
		})
		t.Run("or in its district, where the school has not set it", func(t *testing.T) {
			h.Client().Organization.UpdateOneID(h.North.ID).ClearSecondFactorRequired().ExecX(fixture.System())
			h.ask(h.Alpha, everybody)
			h.ask(h.South, none)
			asked(t, true, guest, roleless)
			asked(t, false, h.SouthAdmin)
		})
		t.Run("until the class is taught no more", func(t *testing.T) {
			h.Client().GroupEducator.Delete().Where(groupeducator.GroupID(h.Algebra.ID)).ExecX(fixture.System())
			asked(t, false, guest, roleless)
		})
	})
}

// TestALooserNeedIsAskedForUntilItHolds has an administrator do without second factors.
func TestALooserNeedIsAskedForUntilItHolds(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		h.ask(h.Alpha, everybody)
		settings := setting.New(d, setting.Options{Now: h.clock, Log: testlog.New(t)})
		asked := func(t *testing.T, want bool) {
			t.Helper()
			if v := h.in(t, h.NorthTeacher, "192.0.2.1").Viewer; v.BeforeSecondFactor != want {
				t.Errorf("%+v", v)
			}
		}
		asked(t, true)
		value := none
		_, refusals, err := settings.Update(h.As(t, h.DistrictAdmin),
			setting.Change{
				OrganizationID:       h.Alpha.ID,
				SecondFactorRequired: setting.Field[setting.SecondFactor]{Set: true, Value: &value},
			})
		if err != nil || len(refusals) > 0 {
			t.Fatal(refusals, err)
		}
		asked(t, true)
		h.pass(setting.Patience)
		asked(t, true) // until somebody writes it down
		if err := settings.ApplyDue(context.Background()); err != nil {
			t.Fatal(err)
		}
		asked(t, false)
	})
}

// challengeOf is what an app sends for a verifier.
func challengeOf(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func TestProvidersAndSecondFactors(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		h.ask(h.Alpha, administrators)
		nora, saul := h.NorthAdmin, h.SouthAdmin
		required := func(e *db.Educator) identity.External {
			who := known("nora", e)
			who.Required, who.Domains = true, []string{"example.com"}
			return who
		}
		t.Run("a provider that is required stands in for a factor", func(t *testing.T) {
			s, err := h.SignInExternally(context.Background(), required(nora))
			if err != nil || s.Viewer.BeforeSecondFactor || !s.Viewer.IsAdmin() {
				t.Fatalf("%+v: %v", s.Viewer, err)
			}
			code, err := h.AppCode(context.Background(), required(nora), challengeOf("verifier"))
			if err != nil {
				t.Fatal(err)
			}
			if s, err := h.SignInWithCode(context.Background(), code, "verifier"); err != nil || s.Viewer.BeforeSecondFactor {
				t.Errorf("an app: %+v, %v", s.Viewer, err)
			}
		})
		t.Run("another one does not", func(t *testing.T) {
			s, err := h.SignInExternally(context.Background(), known("saul", saul))
			if err != nil || !s.Viewer.BeforeSecondFactor {
				t.Fatalf("%+v: %v", s.Viewer, err)
			}
			elsewhere := required(saul)
			elsewhere.Subject, elsewhere.Domains = "saul", nil
			if s, err := h.SignInExternally(context.Background(), elsewhere); err != nil || !s.Viewer.BeforeSecondFactor {
				t.Errorf("without domains: %+v, %v", s.Viewer, err)
			}
			a := h.setUp(t, s)
			var step *identity.StepRequired
			if _, err := h.SignInExternally(context.Background(), known("saul", saul)); !errors.As(err, &step) {
				t.Fatalf("with a factor: %v", err)
			}
			if s, err := h.complete(h.Service, step.Step, a.at(h.clock())); err != nil || s.Viewer.BeforeSecondFactor {
				t.Errorf("%+v: %v", s.Viewer, err)
			}
			code, err := h.AppCode(context.Background(), known("saul", saul), challengeOf("verifier"))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := h.SignInWithCode(context.Background(), code, "verifier"); !errors.As(err, &step) {
				t.Fatalf("an app: %v", err)
			}
			if s, err := h.complete(h.Service, step.Step, a.codes[0]); err != nil || s.Viewer.BeforeSecondFactor {
				t.Errorf("%+v: %v", s.Viewer, err)
			}
		})
		t.Run("and no passkey leads around one that is required", func(t *testing.T) {
			phone, _, _ := h.register(t, h.in(t, h.SouthTeacher, "192.0.2.1"))
			h.providerOf = map[string]string{"example.com": "District"}
			strict := h.server()
			if _, err := h.open(t, strict, phone); code(err) != "SIGN_IN_WITH_PROVIDER" {
				t.Errorf("%v", err)
			}
			// Somebody who only knows the name of a passkey learns nothing about its
			// account.
			signed, err := h.BeginPasskeySignIn(from("192.0.2.1"))
			if err != nil {
				t.Fatal(err)
			}
			step, err := h.BeginPasskeySignIn(from("192.0.2.1"))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := strict.FinishPasskeySignIn(from("192.0.2.1"), testlog.Secret(step.Token),
				phone.Sign(t, signed.Options)); code(err) != "WRONG_PASSKEY" {
				t.Errorf("what was signed for another step: %v", err)
			}
			s, err := strict.SignInExternally(context.Background(), required(nora))
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := strict.BeginTOTP(as(s)); code(err) != "SIGN_IN_WITH_PROVIDER" {
				t.Errorf("an app: %v", err)
			}
			if _, err := strict.BeginPasskey(as(s)); code(err) != "SIGN_IN_WITH_PROVIDER" {
				t.Errorf("a passkey: %v", err)
			}
		})
	})
}

// TestWhoResetsFactors is a table of who removes whose factors.
func TestWhoResetsFactors(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		both := h.Educator(t, h.Alpha, "Both Schools", viewer.SchoolAdmin, h.North)
		h.Client().RoleAssignment.Create().SetEducatorID(both.ID).SetOrganizationID(h.South.ID).SetDistrictID(h.Alpha.ID).
			SetRole("TEACHER").ExecX(fixture.System())
		colleague := h.Educator(t, h.Alpha, "Cora Colleague", viewer.SchoolAdmin, h.North)
		callers := []*db.Educator{h.DistrictAdmin, h.NorthAdmin, h.SouthAdmin, h.NorthTeacher, h.BetaAdmin}
		for _, row := range []struct {
			target *db.Educator
			want   [5]string
		}{
			{h.DistrictAdmin, [5]string{"FORBIDDEN", "NOT_FOUND", "NOT_FOUND", "NOT_FOUND", "NOT_FOUND"}},
			{h.NorthAdmin, [5]string{"", "FORBIDDEN", "NOT_FOUND", "FORBIDDEN", "NOT_FOUND"}},
			{colleague, [5]string{"", "", "NOT_FOUND", "FORBIDDEN", "NOT_FOUND"}},
			{both, [5]string{"", "FORBIDDEN", "FORBIDDEN", "FORBIDDEN", "NOT_FOUND"}},
			{h.NorthTeacher, [5]string{"", "", "NOT_FOUND", "FORBIDDEN", "NOT_FOUND"}},
			{h.SouthTeacher, [5]string{"", "NOT_FOUND", "", "NOT_FOUND", "NOT_FOUND"}},
			{h.BetaAdmin, [5]string{"NOT_FOUND", "NOT_FOUND", "NOT_FOUND", "NOT_FOUND", "FORBIDDEN"}},
		} {
			for i, caller := range callers {
				t.Run(row.target.FirstName+" by "+caller.FirstName, func(t *testing.T) {
					asker := h.in(t, caller, "192.0.2.1")
					h.Client().TotpSecret.Create().SetEducatorID(row.target.ID).SetSecret([]byte("x")).SetLastStep(0).
						ExecX(fixture.System())
					h.Client().Session.Create().SetEducatorID(row.target.ID).SetTokenHash(row.target.Email + caller.Email).
						SetExpiresAt(h.clock().AddDate(0, 0, 1)).ExecX(fixture.System())
					_, err := h.ResetFactors(as(asker), row.target.ID)
					if code(err) != row.want[i] {
						t.Errorf("%v; want %q", err, row.want[i])
					}
					left := h.Client().TotpSecret.Delete().ExecX(fixture.System())
					sessions := h.Client().Educator.GetX(fixture.System(), row.target.ID).QuerySessions().CountX(fixture.System())
					if err == nil && left+sessions != 0 || err != nil && (left != 1 || sessions == 0) {
						t.Errorf("%d factors and %d sessions are left", left, sessions)
					}
					if err == nil {
						if _, err := h.ResetFactors(as(asker), row.target.ID); code(err) != "NO_SECOND_FACTOR" {
							t.Errorf("again: %v", err)
						}
					}
				})
			}
		}
	})
}
