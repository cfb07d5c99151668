package identity_test

import (
	"context"
	"errors"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db/session"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/testlog"
)

// TestWhatBeganElsewhereEndsWhereAProviderBecomesRequired begins everything that opens an
// account on a server without a required provider, and continues on a server with one.
func TestWhatBeganElsewhereEndsWhereAProviderBecomesRequired(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		ctx := from(home)
		before := h.Service
		nora, saul, tara := h.NorthAdmin, h.SouthAdmin, h.NorthTeacher
		stranger := identity.External{
			Provider: "other", Issuer: "https://other.example.org", Subject: "7", Email: nora.Email, Verified: true,
		}
		external := func(who identity.External) identity.Session {
			t.Helper()
			s, err := before.SignInExternally(ctx, who)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		app := func(who identity.External) string {
			t.Helper()
			code, err := before.AppCode(ctx, who, challengeOf("verifier"))
			if err != nil {
				t.Fatal(err)
			}
			return testlog.Secret(code)
		}
		saulsApp, tarasApp := h.setUp(t, h.in(t, saul, home)), h.setUp(t, h.in(t, tara, home))
		password, other, same := h.in(t, nora, home), external(stranger), external(known("1", nora))
		otherCode, sameCode := app(stranger), app(known("1", nora))
		saulsStep := h.step(t, saul)
		var step *identity.StepRequired
		if _, err := before.SignInExternally(ctx, known("2", tara)); !errors.As(err, &step) {
			t.Fatal(err)
		}

		h.providerOf = map[string]string{"EXAMPLE.com": "District"}
		after := h.server()
		goesOn := func(in identity.Session) bool {
			t.Helper()
			_, err := after.Authenticate(ctx, in.Token)
			standing, also := after.Standing(ctx, []int{in.Viewer.SessionID})
			_, third := after.SessionViewer(ctx, in.Viewer.SessionID)
			_, fourth := after.Check(ctx, in.Token)
			for _, err := range []error{err, third, fourth} {
				if err != nil && fault.KindOf(err) != fault.Unauthenticated {
					t.Fatal(err)
				}
			}
			if open := standing[in.Viewer.SessionID] != nil; also != nil || open != (err == nil) || open != (third == nil) ||
				open != (fourth == nil) {
				t.Fatal(err, standing, also, third, fourth)
			}
			return err == nil
		}
		if goesOn(password) {
			t.Error("a session that began with a password goes on")
		}
		if goesOn(other) {
			t.Error("a session that began at another provider goes on")
		}
		if !goesOn(same) {
			t.Error("a session that began at the provider has ended")
		}
		if _, err := before.Authenticate(ctx, password.Token); err != nil {
			t.Errorf("a server without the provider: %v", err)
		}
		if _, err := h.complete(after, saulsStep, saulsApp.at(h.clock())); code(err) != "CHALLENGE_ENDED" {
			t.Errorf("a second step behind a password: %v", err)
		}
		s, err := h.complete(after, step.Step, tarasApp.at(h.clock()))
		if err != nil || !goesOn(s) {
			t.Errorf("a second step behind the provider: %v", err)
		}
		if _, err := after.SignInWithCode(ctx, otherCode, "verifier"); code(err) != "CODE_ENDED" {
			t.Errorf("an app behind another provider: %v", err)
		}
		if s, err := after.SignInWithCode(ctx, sameCode, "verifier"); err != nil || !goesOn(s) {
			t.Errorf("an app behind the provider: %v", err)
		}
		t.Run("jobs go on", func(t *testing.T) {
			if _, err := after.Viewer(context.Background(), nora.ID); err != nil {
				t.Error(err)
			}
		})
		t.Run("with the next sign-in the old sessions end for good", func(t *testing.T) {
			who := known("1", nora)
			who.Domains, who.Required = []string{"example.com"}, true
			in, err := after.SignInExternally(ctx, who)
			if err != nil {
				t.Fatal(err)
			}
			list, err := after.Sessions(as(in))
			if err != nil || len(list) != 3 {
				t.Errorf("%d sessions: %v", len(list), err)
			}
			if n := h.Client().Session.Query().Where(session.EducatorID(nora.ID), session.ProviderNEQ("p")).
				CountX(fixture.System()); n != 0 {
				t.Errorf("%d sessions of before", n)
			}
		})
	})
}
