// Package usage records what learning products report, keeps the sums that make a student
// active, and computes the usage report.
//
// An event counts on the calendar day on which it started in the time zone of the
// student's school. The table usage_days has the seconds of each day, one row for a
// student, a day and a product. The sums that lists and notices filter by are in the
// student's row: seconds_this_year are the seconds since the school's usage_counted_from,
// and active is 1 if there are at least ActiveSeconds of them.
//
// Locks are taken in one order: organizations, then students, each by key.
package usage

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/fault"
)

// ActiveSeconds is the usage since the start of the school year that makes a student
// active.
const ActiveSeconds = 60

// Service records and reports usage.
type Service struct {
	db  *database.DB
	now func() time.Time
	log *slog.Logger
}

// New returns a service on a database, with a clock.
func New(d *database.DB, now func() time.Time, log *slog.Logger) *Service {
	return &Service{db: d, now: now, log: log}
}

// organization returns an organization that the caller sees.
func (s *Service) organization(ctx context.Context, id int) (*db.Organization, error) {
	org, err := s.db.Client(ctx).Organization.Query().Where(organization.ID(id)).Only(ctx)
	if db.IsNotFound(err) {
		return nil, fault.NotFoundf("the organization does not exist")
	}
	return org, err
}

// share locks the selected rows against changes until the transaction ends; exclusive also
// keeps others from reading them in order to change them. SQLite has no such locks and
// needs none: only one transaction writes at a time.
func share(s *sql.Selector) {
	if s.Dialect() == dialect.MySQL {
		s.ForShare(sql.WithLockClause("LOCK IN SHARE MODE")) // MariaDB has no FOR SHARE.
	}
}

func exclusive(s *sql.Selector) {
	if s.Dialect() == dialect.MySQL {
		s.ForUpdate()
	}
}

// sortedIDs returns each id once, in order.
func sortedIDs(ids []int) []int {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	return slices.Compact(ids)
}
