package graph_test

import (
	"context"
	"regexp"
	"testing"

	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
)

var linkInMail = regexp.MustCompile(`https://homeroom\.example\.org/account/set-password#(\S+)`)

func TestAnAccountFromTheInvitationToAForgottenPassword(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		s := newServer(t, d)
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan struct{})
		go func() { defer close(ended); _ = s.identity.Run(ctx) }()
		defer func() { cancel(); <-ended }()

		token := func(subject string) string {
			t.Helper()
			m := <-s.mails
			found := linkInMail.FindStringSubmatch(m.Text)
			if m.To != "Ida@example.com" || m.Subject != subject || found == nil {
				t.Fatalf("the mail is %+v", m)
			}
			return found[1]
		}
		setPassword := func(token, password string) string {
			t.Helper()
			return s.ask(t, nil,
				`mutation($in: SetPasswordByLinkInput!) { r: setPasswordByLink(input: $in) { userErrors { code message } } }`,
				map[string]any{"in": map[string]any{"token": token, "password": password}}).word()
		}
		signIn := func(password string) (string, string) {
			t.Helper()
			a := s.ask(t, nil,
				`mutation($in: SignInInput!) { r: signIn(input: $in) { token viewer { roles { role } } userErrors { code } } }`,
				map[string]any{"in": map[string]any{"email": "ida@example.com", "password": password}})
			bearer, _ := a.at("r.token").(string)
			return a.word(), bearer
		}

		invite := s.names(nil).
			Replace(`mutation { r: inviteEducator(input: {organizationId: "{{North}}", role: TEACHER, email: "Ida@example.com",
				firstName: "Ida", lastName: "New"}) { educator { name roles { role } } userErrors { code } } }`)
		if a := s.ask(t, s.NorthAdmin, invite, nil); a.word() != ok || a.at("r.educator.name") != "Ida New" {
			t.Fatalf("%+v", a)
		}
		first := token("Your account for Homeroom")
		if got := setPassword(first, "short"); got != "PASSWORD_TOO_SHORT" {
			t.Errorf("a short password: %s", got)
		}
		if got := setPassword(first, "long enough"); got != ok {
			t.Fatalf("the link of the invitation: %s", got)
		}
		if got := setPassword(first, "something else"); got != over {
			t.Errorf("a second time: %s", got)
		}
		word, bearer := signIn("long enough")
		if word != ok {
			t.Fatalf("sign in: %s", word)
		}
		sessions := s.askWith(t, bearer, `{ viewer { sessions { id current lastUsedAt address userAgent } } }`, "")
		if sessions.at("viewer.sessions.0.current") != true || sessions.at("viewer.sessions.1") != nil {
			t.Errorf("%+v", sessions)
		}

		if a := s.ask(t, nil, `mutation { r: requestPasswordReset(email: "IDA@example.com") { userErrors { code } } }`,
			nil); a.word() != ok {
			t.Fatalf("%+v", a)
		}
		if got := setPassword(token("Set a new password for Homeroom"), "another one"); got != ok {
			t.Fatalf("the link for a new password: %s", got)
		}
		if a := s.askWith(t, bearer, `{ viewer { educator { id } } }`, ""); a.code() != un {
			t.Errorf("the session goes on: %+v", a)
		}
		if word, _ := signIn("long enough"); word != "WRONG_CREDENTIALS" {
			t.Errorf("the old password: %s", word)
		}
		if word, _ := signIn("another one"); word != ok {
			t.Errorf("the new password: %s", word)
		}
		if a := s.ask(t, s.NorthAdmin, invite, nil); a.word() != "EMAIL_TAKEN" {
			t.Errorf("an invitation of somebody who has an account: %+v", a)
		}
	})
}
