// Package privacy erases personal data: of students when their retention is over, and of
// students and educators on request. It also writes down everything that is held about one
// student.
//
// # What an erasure leaves
//
//   - The student's row, enrollments, search words, usage and events are gone. The
//     Student ID and the username are free.
//   - The usage is part of the sums in usage_totals, which usage.Erase makes: of a
//     school, a product and a week, and never of fewer than usage.Crowd students of
//     a school.
//   - Bulk jobs keep their counts. Rows about the student are empty. Refused rows,
//     and texts of problems that name the student, are removed.
//   - The audit trail still says that something happened to a student with this key,
//     when and by whom, but not what it was (audit.Erase).
//
// docs/privacy.md tells administrators the same. A test writes unmistakable values
// everywhere and looks for them in every column afterwards. Another one compares this
// package with the entities, so that no new place for a student's data is forgotten.
package privacy

import (
	"context"
	"log/slog"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/database"
	jobs "github.com/openhomeroom/homeroom/internal/job"
	"github.com/openhomeroom/homeroom/internal/lease"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/usage"
)

// Service purges, erases, and writes records.
type Service struct {
	db       *database.DB
	importer *jobs.Service
	leases   *lease.Keeper
	// wake tells the worker that an erasure was requested.
	wake chan struct{}
	now  func() time.Time
	log  *slog.Logger
}

// Options are what a Service needs.
type Options struct {
	// Importer empties rows of bulk jobs. It has the key of refused rows.
	Importer *jobs.Service
	// Lease is how long a purging server may be silent before another one takes over. Zero
	// stands for two minutes.
	Lease time.Duration
	Now   func() time.Time
	Log   *slog.Logger
}

// New returns the service of a database.
func New(d *database.DB, o Options) *Service {
	if o.Lease <= 0 {
		o.Lease = 2 * time.Minute
	}
	return &Service{
		db:       d,
		importer: o.Importer,
		leases:   lease.New(d, o.Lease, o.Now),
		wake:     make(chan struct{}, 1),
		now:      o.Now,
		log:      o.Log,
	}
}

// Counts are what an erasure has removed.
type Counts struct {
	Students     int `json:"students"`
	Enrollments  int `json:"enrollments"`
	UsageDays    int `json:"usageDays"`
	UsageEvents  int `json:"usageEvents"`
	BulkJobRows  int `json:"bulkJobRows"`
	AuditDetails int `json:"auditDetails"`
}

func (c *Counts) add(o Counts) {
	c.Students += o.Students
	c.Enrollments += o.Enrollments
	c.UsageDays += o.UsageDays
	c.UsageEvents += o.UsageEvents
	c.BulkJobRows += o.BulkJobRows
	c.AuditDetails += o.AuditDetails
}

// eraseLocked erases students of one district in the caller's transaction. The students
// are locked.
func (s *Service) eraseLocked(ctx context.Context, client *db.Client, students []*db.Student) (Counts, error) {
	if len(students) == 0 {
		return Counts{}, nil
	}
	district := students[0].DistrictID
	ids := make([]int, len(students))
	for i, st := range students {
		ids[i] = st.ID
	}
	c := Counts{Students: len(students)}
	var err error
	if c.BulkJobRows, err = s.importer.EraseRows(ctx, client, district, ids); err != nil {
		return Counts{}, err
	}
	used, err := usage.Erase(ctx, client, s.db.Kind(), s.instant(), students)
	if err != nil {
		return Counts{}, err
	}
	c.UsageDays, c.UsageEvents = used.Days, used.Events
	if c.AuditDetails, err = eraseTrail(ctx, client, students); err != nil {
		return Counts{}, err
	}
	if c.Enrollments, err = roster.Erase(ctx, client, students); err != nil {
		return Counts{}, err
	}
	_, err = client.ExecContext(ctx, "UPDATE organizations SET erased_students = erased_students + ? WHERE id = ?",
		len(students), district)
	return c, err
}

// instant is the present moment with the precision of the databases.
func (s *Service) instant() time.Time { return database.Instant(s.now()) }

// locks reports whether reads take row locks.
func (s *Service) locks() bool { return s.db.RowLocks() }
