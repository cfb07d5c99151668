package privacy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/job/trace"
	"github.com/openhomeroom/homeroom/internal/lease"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/setting"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

const (
	// leaseName names the work that one server does at a time.
	leaseName = "purge"
	// batchStudents is how many students one transaction erases. A student has some hundred
	// days of usage a year, so this keeps it short.
	batchStudents = 50
	// roundStudents is how many students are looked for together in the data of bulk jobs,
	// all of which have to be read.
	roundStudents = 5000
)

// Purged is what a purge has erased in one district.
type Purged struct {
	DistrictID int
	District   string
	Counts
}

// errBusy means that another server is purging, or has died doing so.
var errBusy = errors.New("privacy: another server is purging")

// claimAgain is how often a purge tries to start.
const claimAgain = 200 * time.Millisecond

// Purge erases the personal data of all students whose retention is over, district by
// district, and returns what it has erased. It works in short transactions and may be
// stopped at any moment; the next purge continues. If another server is purging, or has
// died doing so, it waits until that one has finished or its lease has expired.
func (s *Service) Purge(ctx context.Context) ([]Purged, error) {
	for {
		purged, err := s.purge(ctx, s.now().Add(time.Hour))
		if !errors.Is(err, errBusy) {
			return purged, err
		}
		select {
		case <-time.After(claimAgain):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// purge is Purge, if the last one was before due. Otherwise it returns errBusy.
func (s *Service) purge(ctx context.Context, due time.Time) (purged []Purged, err error) {
	held, err := s.leases.Claim(ctx, leaseName, due)
	if err != nil {
		return nil, err
	}
	if held == nil {
		return nil, errBusy
	}
	defer func() {
		if err != nil {
			if release := held.Release(ctx); release != nil {
				s.log.WarnContext(ctx, "the purge could not be released and waits until its lease ends", "error", release)
			}
		}
	}()
	ctx = viewer.AsSystem(ctx, "purge of students whose time is over")
	districts, err := s.districts(ctx)
	if err != nil {
		return nil, err
	}
	for _, d := range districts {
		c, err := s.purgeDistrict(ctx, held, d)
		if c.Students > 0 {
			purged = append(purged, Purged{DistrictID: d.ID, District: d.Name, Counts: c})
		}
		if err != nil {
			return purged, fmt.Errorf("purge district %d: %w", d.ID, err)
		}
	}
	if len(purged) > 0 {
		if err := s.db.Scrub(ctx); err != nil {
			// The tables are fine; the next checkpoint does it.
			s.log.WarnContext(ctx, "erased data is still in the write-ahead log of the database", "error", err)
		}
	}
	return purged, held.Done(ctx)
}

// Due counts the students whom a purge would erase now, by district. It changes nothing.
func (s *Service) Due(ctx context.Context) ([]Purged, error) {
	ctx = viewer.AsSystem(ctx, "students whom a purge would erase")
	districts, err := s.districts(ctx)
	if err != nil {
		return nil, err
	}
	var due []Purged
	for _, d := range districts {
		schools, err := s.schools(ctx, d)
		if err != nil {
			return nil, err
		}
		p := Purged{DistrictID: d.ID, District: d.Name}
		for _, school := range schools {
			n, err := s.db.Client(ctx).Student.Query().
				Where(student.OrganizationID(school.id), student.DeletedAtLT(school.before),
					student.DeletedAtGT(setting.ErasingAt())).Count(ctx)
			if err != nil {
				return nil, err
			}
			p.Students += n
		}
		if p.Students > 0 {
			due = append(due, p)
		}
	}
	return due, nil
}

func (s *Service) districts(ctx context.Context) ([]*db.Organization, error) {
	return s.db.Client(ctx).Organization.Query().Where(organization.TypeEQ(organization.TypeDISTRICT)).
		Order(organization.ByID()).All(ctx)
}

// school is a school with students who were deleted before some instant.
type school struct {
	id     int
	before time.Time
}

func (s *Service) schools(ctx context.Context, district *db.Organization) ([]school, error) {
	client := s.db.Client(ctx)
	orgs, err := client.Organization.Query().Where(organization.DistrictID(district.ID)).
		Order(organization.ByID()).All(ctx)
	if err != nil {
		return nil, err
	}
	now := s.instant()
	settings, err := setting.Read(ctx, client, now, orgs...)
	if err != nil {
		return nil, err
	}
	var list []school
	for _, o := range orgs {
		if before := settings[o.ID].PurgedBefore(now); !before.IsZero() {
			list = append(list, school{o.ID, before})
		}
	}
	return list, nil
}

// purgeDistrict erases in rounds until no student of the district is due.
func (s *Service) purgeDistrict(ctx context.Context, held *lease.Held,
	district *db.Organization) (total Counts, err error) {
	schools, err := s.schools(ctx, district)
	if err != nil {
		return total, err
	}
	before := map[int]time.Time{}
	for _, school := range schools {
		before[school.id] = school.before
	}
	for {
		round, err := s.round(ctx, schools)
		if err != nil || len(round) == 0 {
			return total, err
		}
		if err := s.importer.EraseMentions(ctx, district.ID, round,
			trace.Walk{At: func(ctx context.Context, _ trace.Place) error { return held.Renew(ctx) }}); err != nil {
			return total, err
		}
		erased := 0
		for batch := range slices.Chunk(round, batchStudents) {
			c, err := s.purgeBatch(ctx, held, district, batch, before)
			if err != nil {
				return total, err
			}
			total.add(c)
			erased += c.Students
		}
		if erased == 0 {
			// All of them have been restored or moved to another school meanwhile.
			return total, nil
		}
	}
}

// round reads students who are due, sorted by school.
func (s *Service) round(ctx context.Context, schools []school) (due []*db.Student, err error) {
	for _, school := range schools {
		some, err := s.db.Client(ctx).Student.Query().
			Where(student.OrganizationID(school.id), student.DeletedAtLT(school.before),
				student.DeletedAtGT(setting.ErasingAt())).
			Order(student.ByID()).Limit(roundStudents - len(due)).All(ctx)
		if err != nil {
			return nil, err
		}
		if due = append(due, some...); len(due) >= roundStudents {
			break
		}
	}
	return due, nil
}

// purgeBatch locks a batch of students and erases those who are still due.
func (s *Service) purgeBatch(ctx context.Context, held *lease.Held, district *db.Organization, batch []*db.Student,
	before map[int]time.Time) (c Counts, err error) {
	ids := make([]int, len(batch))
	for i, st := range batch {
		ids[i] = st.ID
	}
	slices.Sort(ids)
	err = held.InFence(ctx, func(ctx context.Context, client *db.Client) error {
		c = Counts{}
		locked, err := roster.LockStudents(ctx, client, s.locks(), ids)
		if err != nil {
			return err
		}
		locked = slices.DeleteFunc(locked, func(st *db.Student) bool {
			limit, known := before[st.OrganizationID]
			return !known || st.DeletedAt == nil || !st.DeletedAt.Before(limit) || setting.IsErasing(*st.DeletedAt)
		})
		if len(locked) == 0 {
			return nil
		}
		if c, err = s.eraseLocked(ctx, client, locked); err != nil {
			return err
		}
		audit.Record(ctx, audit.Event{Action: audit.DataPurged, DistrictID: district.ID, OrganizationID: district.ID,
			Target: audit.On(globalid.Organization, district.ID), Facts: c.facts()})
		return nil
	})
	if err == nil && c.Students > 0 {
		s.log.InfoContext(ctx, "personal data of deleted students erased", "district", district.ID, "students", c.Students,
			"usage_days", c.UsageDays, "usage_events", c.UsageEvents, "bulk_job_rows", c.BulkJobRows,
			"audit_details", c.AuditDetails)
	}
	return c, err
}

func (c Counts) facts() audit.Facts {
	return audit.Facts{
		"students":     c.Students,
		"enrollments":  c.Enrollments,
		"usageDays":    c.UsageDays,
		"usageEvents":  c.UsageEvents,
		"bulkJobRows":  c.BulkJobRows,
		"auditDetails": c.AuditDetails,
	}
}

// eraseTrail erases students in the audit trail, by school, because the administrators of
// a school see the entries about it.
func eraseTrail(ctx context.Context, client *db.Client, students []*db.Student) (erased int, err error) {
	for _, part := range audit.BySchool(students, func(st *db.Student) int { return st.OrganizationID }) {
		ids := make([]int, len(part))
		for i, st := range part {
			ids[i] = st.ID
		}
		n, err := audit.Erase(ctx, client, part[0].DistrictID, part[0].OrganizationID, globalid.Student, ids)
		if err != nil {
			return 0, err
		}
		erased += n
	}
	return erased, nil
}
