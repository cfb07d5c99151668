package identity_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/accounthand"
	"github.com/openhomeroom/homeroom/ent/db/auditevent"
	"github.com/openhomeroom/homeroom/ent/db/onetimelink"
	"github.com/openhomeroom/homeroom/ent/db/roleassignment"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/testlog"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// ledger shows which entries an action leaves behind.
type ledger struct {
	*house
	entry int
}

// since returns the entries since the last call, a line for each.
func (l *ledger) since() (lines []string) {
	for _, e := range l.Client().AuditEvent.Query().Where(auditevent.IDGT(l.entry)).Order(db.Asc(auditevent.FieldID)).
		AllX(fixture.System()) {
		l.entry = e.ID
		line := e.Action
		if e.Code != "" {
			line += " " + e.Code
		}
		if e.TargetType == string(globalid.Educator) {
			line += " of " + l.Client().Educator.GetX(fixture.System(), e.TargetID).FirstName
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return lines
}

// TestWhatAnActLeavesBehind does once what people and operators do to accounts and keys.
func TestWhatAnActLeavesBehind(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		h.providerOf = map[string]string{"provided.example.com": "Provider"}
		h.Service = h.server()
		l := &ledger{house: h}
		system := fixture.System()
		dana, tara := h.in(t, h.DistrictAdmin, home), h.in(t, h.NorthTeacher, home)
		invite := func(add func(context.Context, identity.NewEducator) (*db.Educator, error), email string) error {
			_, err := add(as(dana), identity.NewEducator{Email: email, FirstName: "Newt", LastName: "Comer",
				Role: viewer.Teacher, OrganizationID: h.North.ID})
			return err
		}
		var key *db.ServiceKey
		var link string
		l.since()
		for _, step := range []struct {
			what string
			do   func() error
			code string
			want []string
		}{
			{"an invitation", func() error { return invite(h.Invite, "newt@example.com") }, "",
				[]string{"EDUCATOR_INVITED of Newt"}},
			{"an account that is added", func() error { return invite(h.AddEducator, "added@example.com") }, "",
				[]string{"EDUCATOR_ADDED of Newt"}},
			{"a sign-in", func() error { _, err := h.SignIn(from(home), h.NorthAdmin.Email, password); return err }, "",
				[]string{"SIGNED_IN of Nora"}},
			{"a wrong password", func() error { _, err := h.SignIn(from(home), h.NorthAdmin.Email, "wrong"); return err },
				"WRONG_CREDENTIALS",
				[]string{"SIGN_IN_REFUSED WRONG_CREDENTIALS of Nora"}},
			{"a password at the wrong place", func() error {
				_, err := h.SignIn(from(home), "a@provided.example.com",
					password)
				return err
			}, "SIGN_IN_WITH_PROVIDER",
				[]string{"SIGN_IN_REFUSED SIGN_IN_WITH_PROVIDER"}},
			{"an account that is disabled", func() error { return h.SetDisabled(system, h.SouthAdmin.Email, true) }, "",
				[]string{"EDUCATOR_DISABLED of Saul"}},
			{"and enabled", func() error { return h.SetDisabled(system, h.SouthAdmin.Email, false) }, "",
				[]string{"EDUCATOR_ENABLED of Saul"}},
			{"a password of an operator", func() error {
				return h.SetPassword(system, h.SouthAdmin.ID, testlog.Secret("quite another horse"))
			}, "", []string{"PASSWORD_SET of Saul"}},
			{"a password of an operator that is common", func() error {
				return h.SetPassword(system, h.SouthAdmin.ID,
					"password1")
			}, "COMMON_PASSWORD", nil},
			{"a link that is asked for", func() error { return h.RequestPasswordReset(from(home), h.SouthAdmin.Email) }, "",
				[]string{"LINK_REQUESTED"}},
			{"a link", func() (err error) {
				link, err = h.Link(system, h.SouthAdmin.ID, onetimelink.PurposeRESET)
				return err
			}, "", []string{"LINK_MADE of Saul"}},
			{"a password by a link", func() error {
				_, secret, _ := strings.Cut(link, "#")
				return h.SetPasswordByLink(from(home), testlog.Secret(secret), testlog.Secret("one more other horse"))
			}, "", []string{"PASSWORD_SET of Saul"}},
			{"the same link again", func() error {
				_, secret, _ := strings.Cut(link, "#")
				return h.SetPasswordByLink(from(home), secret, "one more other horse")
			}, "LINK_ENDED", nil},
			{"a key", func() (err error) {
				var secret string
				key, secret, err = h.CreateKey(as(dana), identity.NewKey{Name: "Key", OrganizationID: h.North.ID,
					Scopes: viewer.Scopes(), ExpiresAt: h.clock().Add(time.Hour)})
				testlog.Secret(secret)
				return err
			}, "", []string{"KEY_CREATED"}},
			{"a key that is revoked", func() error { _, err := h.RevokeKey(as(dana), key.ID); return err }, "",
				[]string{"KEY_REVOKED"}},
			{"a key that is revoked again", func() error { _, err := h.RevokeKey(as(dana), key.ID); return err }, "", nil},
			{"a session that is ended", func() error {
				return h.RevokeSession(as(tara), h.in(t, h.NorthTeacher, home).Viewer.SessionID)
			}, "", []string{"SESSIONS_REVOKED of Tara", "SIGNED_IN of Tara"}},
			{"a session of somebody else", func() error { return h.RevokeSession(as(tara), dana.Viewer.SessionID) },
				"NOT_FOUND", nil},
			{"all other sessions", func() error {
				other := h.in(t, h.NorthTeacher, home)
				ended, err := h.RevokeOtherSessions(as(tara))
				if len(ended) != 1 || ended[0] != other.Viewer.SessionID {
					t.Errorf("%v were ended", ended)
				}
				return err
			}, "", []string{"SESSIONS_REVOKED of Tara", "SIGNED_IN of Tara"}},
			{"a proof", func() error { return h.Prove(as(tara), identity.Proof{Password: password}) }, "",
				[]string{"IDENTITY_PROVED of Tara"}},
			{"a sign-out", func() error { _, err := h.SignOut(as(tara)); return err }, "", []string{"SIGNED_OUT of Tara"}},
			{"a sign-out of a session that has ended", func() error {
				ended, err := h.SignOut(as(tara))
				if ended {
					t.Error("it ended again")
				}
				return err
			}, "", nil},
		} {
			if got := code(step.do()); got != step.code {
				t.Fatalf("%s: %q, want %q", step.what, got, step.code)
			}
			if got := l.since(); !slices.Equal(got, step.want) {
				t.Errorf("%s leaves %q; want %q", step.what, got, step.want)
			}
		}
		for range 40 {
			_, _ = h.SignIn(from("198.51.100.7"), h.BetaAdmin.Email, "wrong")
		}
		h.pass(time.Minute)
		_, _ = h.SignIn(from("198.51.100.8"), h.BetaAdmin.Email, "wrong")
		if got := fmt.Sprint(l.since()); !strings.Contains(got, "SIGN_IN_REFUSED RATE_LIMITED") {
			t.Errorf("many wrong passwords leave %s", got)
		}

		newt := h.Client().Educator.Query().WithRoles().AllX(system)
		for _, e := range newt {
			if e.FirstName != "Newt" {
				continue
			}
			if len(e.Edges.Roles) != 1 || e.Edges.Roles[0].OrganizationID != h.North.ID {
				t.Errorf("%s has the roles %v", e.Email, e.Edges.Roles)
			}
			if !h.Client().AccountHand.Query().Where(accounthand.EducatorID(e.ID),
				accounthand.HandID(h.DistrictAdmin.ID)).ExistX(system) {
				t.Errorf("it is not noted who stands behind %s", e.Email)
			}
		}
		if agent := h.Client().Educator.GetX(system, *key.AgentID); agent.Disabled != 1 || agent.Service != 1 {
			t.Errorf("the account of a key that was revoked is %v", agent)
		}
		if key.CreatedBy == nil || *key.CreatedBy != h.DistrictAdmin.ID {
			t.Errorf("the key was made by %v", key.CreatedBy)
		}
	})
}

// TestWhatAKeyMayBe tries the limits of a key.
func TestWhatAKeyMayBe(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		dana := as(h.in(t, h.DistrictAdmin, home))
		const longest = 2 * 366 * 24 * time.Hour
		one := []viewer.Scope{viewer.UsageWrite}
		for name, c := range map[string]struct {
			in   identity.NewKey
			want string
		}{
			"good":                 {identity.NewKey{Name: "Key", Scopes: one, ExpiresAt: h.clock().Add(time.Second)}, ""},
			"as long as it can be": {identity.NewKey{Name: "Key", Scopes: one, ExpiresAt: h.clock().Add(longest)}, ""},
			"longer": {identity.NewKey{Name: "Key", Scopes: one,
				ExpiresAt: h.clock().Add(longest + time.Second)}, "BAD_EXPIRY"},
			"ended": {identity.NewKey{Name: "Key", Scopes: one, ExpiresAt: h.clock().Add(-time.Second)},
				"BAD_EXPIRY"},
			"ending now":      {identity.NewKey{Name: "Key", Scopes: one, ExpiresAt: h.clock()}, "BAD_EXPIRY"},
			"without a scope": {identity.NewKey{Name: "Key", ExpiresAt: h.clock().Add(time.Hour)}, "REQUIRED"},
			"with an unknown scope": {identity.NewKey{Name: "Key", Scopes: []viewer.Scope{"ALL"},
				ExpiresAt: h.clock().Add(time.Hour)}, "INVALID"},
			"without a name": {identity.NewKey{Name: " ", Scopes: one, ExpiresAt: h.clock().Add(time.Hour)},
				"REQUIRED"},
			"with the longest name": {identity.NewKey{Name: strings.Repeat("k", 100), Scopes: one,
				ExpiresAt: h.clock().Add(time.Hour)}, ""},
			"with one character more": {identity.NewKey{Name: strings.Repeat("k", 101), Scopes: one,
				ExpiresAt: h.clock().Add(time.Hour)}, "TOO_LONG"},
		} {
			in := c.in
			in.OrganizationID = h.North.ID
			key, secret, err := h.CreateKey(dana, in)
			if secret != "" {
				testlog.Secret(secret)
			}
			if got := code(err); got != c.want && (c.want != "INVALID" || err == nil) {
				t.Errorf("a key %s: %q, want %q", name, got, c.want)
			}
			if err == nil && key.AgentID != nil {
				t.Errorf("a key %s, which imports nothing, has an account", name)
			}
		}
		for name, c := range map[string]struct {
			by   *db.Educator
			at   int
			want string
		}{
			"a teacher": {h.NorthTeacher, h.North.ID, "FORBIDDEN"}, "another school": {h.NorthAdmin, h.South.ID, "NOT_FOUND"},
			"the district": {h.NorthAdmin, h.Alpha.ID, "NOT_FOUND"}, "another district": {h.DistrictAdmin, h.Beta.ID,
				"NOT_FOUND"},
		} {
			_, _, err := h.CreateKey(as(h.in(t, c.by, home)), identity.NewKey{Name: "Key", OrganizationID: c.at, Scopes: one,
				ExpiresAt: h.clock().Add(time.Hour)})
			if code(err) != c.want {
				t.Errorf("a key of %s: %v", name, err)
			}
		}
	})
}

// TestAnAttemptThatHasTriedNothingIsGivenBack tries passwords on an account whose hash
// cannot be read, which is a fault of the server, more often than somebody may try.
func TestAnAttemptThatHasTriedNothingIsGivenBack(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		h.Client().Educator.UpdateOne(h.NorthAdmin).SetPasswordHash("damaged").ExecX(fixture.System())
		for i := range 12 {
			if _, err := h.SignIn(from(home), h.NorthAdmin.Email, password); err == nil || code(err) == "RATE_LIMITED" {
				t.Fatalf("attempt %d: %v", i+1, err)
			}
		}
	})
}

// TestInWhoseNameAKeyImports makes keys for a school and for a district.
func TestInWhoseNameAKeyImports(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		h := newHouse(t, d)
		dana := as(h.in(t, h.DistrictAdmin, home))
		for role, o := range map[roleassignment.Role]*db.Organization{
			roleassignment.RoleSCHOOL_ADMIN: h.North, roleassignment.RoleDISTRICT_ADMIN: h.Alpha,
		} {
			key, secret, err := h.CreateKey(dana, identity.NewKey{Name: "Key", OrganizationID: o.ID,
				Scopes: []viewer.Scope{viewer.RosterImport}, ExpiresAt: h.clock().Add(time.Hour)})
			testlog.Secret(secret)
			if err != nil || key.AgentID == nil {
				t.Fatalf("%s: %v", o.Name, err)
			}
			held := h.Client().RoleAssignment.Query().Where(roleassignment.EducatorID(*key.AgentID)).OnlyX(fixture.System())
			if held.Role != role || held.OrganizationID != o.ID {
				t.Errorf("%s: the program is %s at %d", o.Name, held.Role, held.OrganizationID)
			}
		}
	})
}
