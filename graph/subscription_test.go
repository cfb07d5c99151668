package graph_test

import (
	"context"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/roleassignment"
	"github.com/openhomeroom/homeroom/graph"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

func TestSubscriptions(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		s := newServer(t, d, func(l *graph.Limits) { l.SessionCheck, l.Subscriptions = 50*time.Millisecond, 2 })
		notices := s.names(nil).
			Replace(`subscription { dashboardNotifications(organizationId: "{{North}}") { count csvUrl organization { name
				studentCount } } }`)

		t.Run("a job is told of until it is finished", func(t *testing.T) {
			id := s.verifiedJob(t, s.NorthAdmin)
			events := s.watch(t, s.NorthAdmin, `subscription { bulkJob(id: "`+id+
				`") { status progress { percent } counts { created } problems { totalCount } organization { name } } }`)
			if _, a := next(t, events); a.at("bulkJob.status") != "READY" ||
				a.at("bulkJob.organization.name") != "North School" {
				t.Fatalf("got %+v", a)
			}
			if a := s.ask(t, s.NorthAdmin, `mutation { startBulkJob(id: "`+id+`") { userErrors { message } } }`,
				nil); len(a.Errors) > 0 {
				t.Fatalf("got %+v", a)
			}
			// Another server does the work: nothing in this process announces it.
			worker, cancel := context.WithCancel(fixture.System())
			defer cancel()
			go func() { _ = s.importer.Drain(worker) }()
			var last answer
			for {
				e, a := next(t, events)
				if e.name == "complete" {
					break
				}
				last = a
			}
			if last.at("bulkJob.status") != "COMPLETED" || last.at("bulkJob.counts.created") != 1.0 ||
				last.at("bulkJob.progress.percent") != 100.0 {
				t.Errorf("the last answer is %+v", last)
			}
		})

		t.Run("a finished job is told of once", func(t *testing.T) {
			id := s.verifiedJob(t, s.NorthAdmin)
			s.ask(t, s.NorthAdmin, `mutation { startBulkJob(id: "`+id+`") { userErrors { message } } }`, nil)
			if err := s.importer.Drain(fixture.System()); err != nil {
				t.Fatal(err)
			}
			events := s.watch(t, s.NorthAdmin, `subscription { bulkJob(id: "`+id+`") { status } }`)
			next(t, events)
			if e, _ := next(t, events); e.name != "complete" {
				t.Errorf("got %+v", e)
			}
		})

		t.Run("a count that changes is told of, with fresh fields", func(t *testing.T) {
			events := s.watch(t, s.NorthAdmin, notices)
			if _, a := next(t, events); a.at("dashboardNotifications.0.count") != 0.0 ||
				a.at("dashboardNotifications.0.csvUrl") != nil {
				t.Fatalf("got %+v", a)
			}
			s.Student(t, s.North, "Ada", "Lovelace", 600)
			_, a := next(t, events)
			if a.at("dashboardNotifications.0.count") != 1.0 || a.at("dashboardNotifications.0.csvUrl") == nil ||
				a.at("dashboardNotifications.0.organization.studentCount") != 1.0 {
				t.Errorf("got %+v", a)
			}
		})

		t.Run("a session that ends ends its subscriptions", func(t *testing.T) {
			events := s.watch(t, s.SouthAdmin,
				s.names(nil).Replace(`subscription { dashboardNotifications(organizationId: "{{South}}") { count } }`))
			next(t, events)
			s.ask(t, s.SouthAdmin, `mutation { signOut }`, nil)
			s.tokens.Delete(s.SouthAdmin.ID)
			if _, a := next(t, events); a.code() != un {
				t.Errorf("got %+v", a)
			}
			if e, _ := next(t, events); e.name != "complete" {
				t.Errorf("got %+v", e)
			}
		})

		// person is a new administrator of a school who can sign in.
		person := func(name string, at *db.Organization) *db.Educator {
			who := s.Educator(t, s.Alpha, name, viewer.SchoolAdmin, at)
			hash := s.Client().Educator.GetX(fixture.System(), s.SouthAdmin.ID).PasswordHash
			who.Update().SetPasswordHash(hash).ExecX(fixture.System())
			return who
		}

		t.Run("an event is for the roles of the moment", func(t *testing.T) {
			who := person("Fred Field", s.North)
			s.Student(t, s.North, "Bob", "Below", 0)
			id := s.verifiedJob(t, who)
			events := s.watch(t, who, `subscription { bulkJob(id: "`+id+`") { status organization { studentCount } } }`)
			if _, a := next(t, events); a.at("bulkJob.organization.studentCount") == 0.0 {
				t.Fatalf("got %+v", a)
			}
			s.Client().RoleAssignment.Delete().Where(roleassignment.EducatorID(who.ID)).ExecX(fixture.System())
			s.ask(t, s.NorthAdmin, `mutation { startBulkJob(id: "`+id+`") { userErrors { message } } }`, nil)
			if _, a := next(t, events); a.code() != nf {
				t.Errorf("got %+v", a)
			}
		})

		t.Run("a role that is taken away ends what it showed", func(t *testing.T) {
			who := person("Rolf Role", s.South)
			events := s.watch(t, who,
				s.names(nil).Replace(`subscription { dashboardNotifications(organizationId: "{{South}}") { count } }`))
			next(t, events)
			s.Client().RoleAssignment.Delete().Where(roleassignment.EducatorID(who.ID)).ExecX(fixture.System())
			if _, a := next(t, events); a.code() != nf {
				t.Errorf("got %+v", a)
			}
		})

		t.Run("a caller has a limited number of subscriptions, and gets one back for one that ends", func(t *testing.T) {
			next(t, s.watch(t, s.BetaAdmin, betaNotices(s)))
			c := s.connected(t, s.BetaAdmin)
			c.subscribe("2", betaNotices(s))
			if f := c.read(); f.Type != "next" {
				t.Fatalf("got %s %s", f.Type, f.Payload)
			}
			if a := s.firstEvent(t, s.BetaAdmin, betaNotices(s)); a.code() != "TOO_MANY_REQUESTS" {
				t.Errorf("got %+v", a)
			}
			_ = c.conn.CloseNow()
			for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
				if a := s.firstEvent(t, s.BetaAdmin, betaNotices(s)); a.code() == "" {
					return
				}
			}
			t.Error("a connection that ended still counts")
		})

		t.Run("an ordinary request cannot subscribe", func(t *testing.T) {
			if a := s.ask(t, s.NorthAdmin, notices, nil); a.code() != "BAD_REQUEST" {
				t.Errorf("got %+v", a)
			}
		})
	})
}

func betaNotices(s *server) string {
	return s.names(nil).Replace(`subscription { dashboardNotifications(organizationId: "{{Beta}}") { count } }`)
}
