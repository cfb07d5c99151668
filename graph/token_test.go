package graph_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/session"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// noMore are tokens that were good once, each with how it came to an end. Their
// owners would be let in everywhere if they still were.
var noMore = map[string]func(t testing.TB, s *server, who *db.Educator){
	"a disabled account": func(_ testing.TB, s *server, who *db.Educator) {
		// The operator's command also ends the sessions; here they are left.
		s.Client().Educator.UpdateOne(who).SetDisabled(1).ExecX(fixture.System())
	},
	"an expired session": func(_ testing.TB, s *server, who *db.Educator) {
		s.changeSession(who, func(u *db.SessionUpdate) { u.SetExpiresAt(fixture.Today.Add(-time.Second)) })
	},
	"an idle session": func(_ testing.TB, s *server, who *db.Educator) {
		s.changeSession(who, func(u *db.SessionUpdate) { u.SetLastUsedAt(fixture.Today.Add(-24 * time.Hour)) })
	},
}

// changeSession changes the sessions of an educator.
func (s *server) changeSession(who *db.Educator, set func(*db.SessionUpdate)) {
	u := s.Client().Session.Update().Where(session.EducatorID(who.ID))
	set(u)
	u.ExecX(fixture.System())
}

// TestTokensThatHaveEnded tests each operation with each ended token, on both databases:
// its bearer is nobody.
func TestTokensThatHaveEnded(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		s := newServer(t, d)
		for name, end := range noMore {
			who := s.Educator(t, s.Alpha, strings.ReplaceAll(name, " ", "")+" Gone", viewer.DistrictAdmin, s.Alpha)
			s.setPassword(t, who)
			token := s.token(t, who)
			if got := s.outcome(t, who, `{ r: viewer { educator { id } } }`); got != ok {
				t.Fatalf("%s: before its end the token gets %s", name, got)
			}
			end(t, s, who)
			for i, row := range authorization {
				// A sign-out makes the harness forget the token.
				s.tokens.Store(who.ID, token)
				operation := s.cell(t, fmt.Sprintf("ended%d.%d", who.ID, i), row.operation)
				if got := s.outcome(t, who, operation); got != row.columns[0] {
					t.Errorf("%s %s with %s: got %s; want %s, as nobody gets", row.field, row.what, name, got, row.columns[0])
				}
			}
		}
	})
}

// keyMay says what a service key of North School with every scope gets other than
// FORBIDDEN, by field and what of the authorization table.
var keyMay = map[string]string{
	"bulkJob ":                       null, // Not its own job.
	"bulkJob and its refused rows":   null,
	"bulkJobs ":                      ok,
	"submitBulkImport students":      ok,
	"submitBulkImport groups":        ok,
	"submitBulkImport enrollments":   ok,
	"submitBulkImport educators":     ok,
	"submitBulkImport organizations": nf,
	"startBulkJob ":                  nf,
	"bulkJob watched":                nf,
	"recordUsage ":                   ok,
}

// TestServiceKeysInEveryCell fills the cells of operation × service key.
func TestServiceKeysInEveryCell(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		s := newServer(t, d)
		_, secret := s.serviceKey(t, s.North, viewer.UsageWrite, viewer.RosterImport)
		key := &db.Educator{ID: -1}
		used := map[string]bool{}
		for i, row := range authorization {
			s.tokens.Store(key.ID, secret)
			name := row.field + " " + row.what
			want, listed := keyMay[name]
			if !listed {
				want = no
			}
			used[name] = true
			operation := s.cell(t, fmt.Sprintf("key%d", i), row.operation)
			if got := s.outcome(t, key, operation); got != want {
				t.Errorf("%s with a service key: got %s; want %s", name, got, want)
			}
		}
		for name := range keyMay {
			if !used[name] {
				t.Errorf("%s is no row of the table", name)
			}
		}
	})
}

// setPassword gives an educator the password of the others.
func (s *server) setPassword(t testing.TB, who *db.Educator) {
	t.Helper()
	other := s.Client().Educator.GetX(fixture.System(), s.DistrictAdmin.ID)
	who.Update().SetPasswordHash(other.PasswordHash).ExecX(fixture.System())
}
