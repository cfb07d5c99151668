package graph_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/roleassignment"
	"github.com/openhomeroom/homeroom/ent/db/session"
	"github.com/openhomeroom/homeroom/graph"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// anotherServer is a second server on the database of the first, as clients see it.
// Whatever is done there, the first one learns from the database alone.
func (s *server) anotherServer(t testing.TB, change ...func(*graph.Limits)) *server {
	t.Helper()
	other := newServerOf(t, s.World, change...)
	s.tokens.Range(func(who, token any) bool { other.tokens.Store(who, token); return true })
	return other
}

// endings are how sessions end, at another server.
var endings = map[string]struct {
	end func(t testing.TB, s *server, who *db.Educator)
	// code is the code with which subscriptions end. Addresses of downloads end too,
	// unless the session continues.
	code   string
	goesOn bool
}{
	"signing out": {code: un, end: func(t testing.TB, s *server, who *db.Educator) {
		s.ask(t, who, `mutation { signOut }`, nil)
	}},
	"revoking the session": {code: un, end: func(t testing.TB, s *server, who *db.Educator) {
		id := s.Client().Session.Query().Where(session.EducatorID(who.ID)).OnlyIDX(fixture.System())
		a := s.ask(t, who, `mutation { revokeSession(id: "`+globalid.Encode(globalid.Session, id)+`") { revokedIds } }`, nil)
		if len(a.Errors) > 0 {
			t.Fatalf("got %+v", a)
		}
	}},
	"revoking all others": {code: un, end: func(t testing.TB, s *server, who *db.Educator) {
		s.tokens.Delete(who.ID)
		if a := s.ask(t, who, `mutation { revokeOtherSessions { revokedIds } }`, nil); len(a.Errors) > 0 {
			t.Fatalf("got %+v", a)
		}
	}},
	"a new password": {code: un, end: func(t testing.TB, s *server, who *db.Educator) {
		if err := s.identity.SetPassword(fixture.System(), who.ID, "another good password"); err != nil {
			t.Fatal(err)
		}
	}},
	"a disabled account": {code: un, end: func(t testing.TB, s *server, who *db.Educator) {
		// The operator's command also ends the sessions; here they are left.
		s.Client().Educator.UpdateOne(who).SetDisabled(1).ExecX(fixture.System())
	}},
	"a session whose time is over": {code: un, end: func(_ testing.TB, s *server, who *db.Educator) {
		s.changeSession(who, func(u *db.SessionUpdate) { u.SetExpiresAt(fixture.Today.Add(-time.Second)) })
	}},
	"a lost role": {code: nf, goesOn: true, end: func(_ testing.TB, s *server, who *db.Educator) {
		s.Client().RoleAssignment.Delete().Where(roleassignment.EducatorID(who.ID)).ExecX(fixture.System())
	}},
	"a role that becomes a smaller one": {
		code:   "CONFLICT",
		goesOn: true,
		end: func(_ testing.TB, s *server, who *db.Educator) {
			s.Client().RoleAssignment.Create().SetEducatorID(who.ID).SetOrganizationID(s.North.ID).SetDistrictID(s.Alpha.ID).
				SetRole(roleassignment.RoleSCHOOL_ADMIN).ExecX(fixture.System())
			s.Client().RoleAssignment.Delete().Where(roleassignment.EducatorID(who.ID),
				roleassignment.RoleEQ(roleassignment.RoleDISTRICT_ADMIN)).ExecX(fixture.System())
		},
	},
}

// TestSubscriptionsEndWithTheirSession ends sessions at one of two servers while
// subscriptions are open at the other, on which nothing happens.
func TestSubscriptionsEndWithTheirSession(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		s := newServer(t, d)
		other := s.anotherServer(t)
		s.Student(t, s.North, "Ada", "Lovelace", 600)
		i := 0
		for what, ending := range endings {
			i++
			who := s.Educator(t, s.Alpha, fmt.Sprintf("Person%d Passing", i), viewer.DistrictAdmin, s.Alpha)
			s.setPassword(t, who)
			token := s.token(t, who)
			other.tokens.Store(who.ID, token)
			t.Run(what, func(t *testing.T) {
				t.Parallel()
				notices := s.names(nil).
					Replace(`subscription { dashboardNotifications(organizationId: "{{North}}") { count csvUrl } }`)
				stream := s.watch(t, who, notices)
				_, first := next(t, stream)
				address, _ := first.at("dashboardNotifications.0.csvUrl").(string)
				if resp, _ := follow(t, address); resp.StatusCode != http.StatusOK {
					t.Fatalf("before the end the address %q answers %s", address, resp.Status)
				}
				c := s.connected(t, who)
				c.subscribe("1", notices)
				c.read()
				ending.end(t, other, who)
				if e, a := next(t, stream); a.code() != ending.code {
					t.Errorf("the stream ends with %s %+v", e.data, a)
				}
				if e, _ := next(t, stream); e.name != "complete" {
					t.Errorf("behind the end comes %+v", e)
				}
				f := c.read()
				var errs []struct{ Extensions struct{ Code string } }
				if _ = json.Unmarshal(f.Payload, &errs); f.Type != "error" || len(errs) != 1 ||
					errs[0].Extensions.Code != ending.code {
					t.Errorf("the WebSocket gets %s %s", f.Type, f.Payload)
				}
				if !ending.goesOn {
					if code := c.closed(); code != 4401 {
						t.Errorf("closed with %d", code)
					}
				}
				resp, body := follow(t, address)
				if gone := resp.StatusCode == http.StatusNotFound; gone == (ending.code == "CONFLICT") ||
					gone && strings.Contains(body, "Lovelace") {
					t.Errorf("the address answers %s", resp.Status)
				}
			})
		}
	})
}

// TestARevokedKeyEndsWhatItWatches does the same for a service key.
func TestARevokedKeyEndsWhatItWatches(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		s := newServer(t, d)
		other := s.anotherServer(t)
		id, secret := s.serviceKey(t, s.North, viewer.RosterImport)
		key := &db.Educator{ID: -1}
		s.tokens.Store(key.ID, secret)
		stream := s.watch(t, key, `subscription { bulkJob(id: "`+s.verifiedJob(t, key)+`") { status failedRowsCsvUrl } }`)
		next(t, stream)
		if a := other.ask(t, other.DistrictAdmin, `mutation { revokeServiceKey(id: "`+id+`") { userErrors { message } } }`,
			nil); len(a.Errors) > 0 {
			t.Fatalf("got %+v", a)
		}
		if _, a := next(t, stream); a.code() != un {
			t.Errorf("got %+v", a)
		}
	})
}

// TestAnEventIsForASessionThatIsThere checks that nothing goes to a session that has
// ended, even if it was not checked since.
func TestAnEventIsForASessionThatIsThere(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		s := newServer(t, d, func(l *graph.Limits) { l.SessionCheck = time.Hour })
		stream := s.watch(t, s.NorthAdmin,
			s.names(nil).Replace(`subscription { dashboardNotifications(organizationId: "{{North}}") { count csvUrl } }`))
		next(t, stream)
		s.Client().Session.Delete().Where(session.EducatorID(s.NorthAdmin.ID)).ExecX(fixture.System())
		s.tokens.Delete(s.NorthAdmin.ID)
		s.Student(t, s.North, "Ada", "Lovelace", 600)
		if e, a := next(t, stream); a.code() != un {
			t.Errorf("got %s", e.data)
		}
	})
}

// TestSessionsAreLookedAtSoon checks the promise of the manual: an end is known within two
// seconds. The check takes one of them.
func TestSessionsAreLookedAtSoon(t *testing.T) {
	t.Parallel()
	if every := graph.DefaultLimits().SessionCheck; every > time.Second {
		t.Errorf("every %v", every)
	}
}
