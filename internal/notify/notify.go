// Package notify tells administrators how many students use the program without being in a
// group, and who they are: as a file to fill in and upload again.
package notify

import (
	"context"
	"log/slog"
	"slices"

	"entgo.io/ent/dialect/sql"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/ent/db/predicate"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/usage"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Kind says what a notification is about.
type Kind string

// UnassignedActiveStudents counts the students who have been active since the start of the
// school year and are in no group.
const UnassignedActiveStudents Kind = "UNASSIGNED_ACTIVE_STUDENTS"

// Notification is a number that an administrator should know.
type Notification struct {
	Kind           Kind
	OrganizationID int
	Count          int
}

// Service counts and lists unassigned active students.
type Service struct {
	db    *database.DB
	usage *usage.Service
	log   *slog.Logger
}

// New returns a service on a database. The usage service knows the time zones of the days
// in the list.
func New(d *database.DB, u *usage.Service, log *slog.Logger) *Service {
	return &Service{db: d, usage: u, log: log}
}

// ActiveAndUnassigned is the one definition of the students whom the notice counts and the
// list holds. Both columns are compared as numbers, so that an index can be used.
func ActiveAndUnassigned() predicate.Student {
	return func(s *sql.Selector) {
		s.Where(sql.And(sql.EQ(s.C(student.FieldUngrouped), 1), sql.EQ(s.C(student.FieldActive), 1)))
	}
}

// Unassigned returns the notifications of an organization that the caller sees.
// Administrators get one even if its count is 0, so that a dashboard that shows it learns
// when the last student is assigned. Teachers get none.
func (s *Service) Unassigned(ctx context.Context, organizationID int) ([]Notification, error) {
	org, err := s.organization(ctx, organizationID)
	if err != nil {
		return nil, err
	}
	if !administers(ctx, org) {
		return []Notification{}, nil
	}
	n, err := s.students(ctx, org).Count(ctx)
	if err != nil {
		return nil, err
	}
	return []Notification{{Kind: UnassignedActiveStudents, OrganizationID: org.ID, Count: n}}, nil
}

// UnassignedOf returns what Unassigned does of several organizations, by their keys, with
// one statement.
func (s *Service) UnassignedOf(ctx context.Context, organizations []*db.Organization) (map[int][]Notification, error) {
	var districts, schools, told []int
	for _, o := range organizations {
		if administers(ctx, o) && o.Type == organization.TypeDISTRICT {
			districts = append(districts, o.ID)
		}
	}
	for _, o := range organizations {
		if !administers(ctx, o) {
			continue
		}
		told = append(told, o.ID)
		// The rows of a district are those of its schools.
		if o.Type == organization.TypeSCHOOL && !slices.Contains(districts, o.DistrictID) {
			schools = append(schools, o.ID)
		}
	}
	if len(told) == 0 {
		return nil, nil
	}
	of := student.OrganizationIDIn(schools...)
	switch {
	case len(districts) > 0 && len(schools) > 0:
		of = student.Or(student.DistrictIDIn(districts...), of)
	case len(districts) > 0:
		of = student.DistrictIDIn(districts...)
	}
	var rows []struct {
		DistrictID     int `json:"district_id"`
		OrganizationID int `json:"organization_id"`
		Count          int `json:"count"`
	}
	err := s.db.Client(ctx).Student.Query().Where(of, student.DeletedAtIsNil(), ActiveAndUnassigned()).
		GroupBy(student.FieldDistrictID, student.FieldOrganizationID).Aggregate(db.Count()).Scan(ctx, &rows)
	if err != nil {
		return nil, err
	}
	counts := map[int]int{}
	for _, r := range rows {
		counts[r.DistrictID] += r.Count
		counts[r.OrganizationID] += r.Count
	}
	notices := make(map[int][]Notification, len(told))
	for _, id := range told {
		notices[id] = []Notification{{Kind: UnassignedActiveStudents, OrganizationID: id, Count: counts[id]}}
	}
	return notices, nil
}

func (s *Service) organization(ctx context.Context, id int) (*db.Organization, error) {
	org, err := s.db.Client(ctx).Organization.Query().Where(organization.ID(id)).Only(ctx)
	if db.IsNotFound(err) {
		return nil, fault.NotFoundf("the organization does not exist")
	}
	return org, err
}

func administers(ctx context.Context, org *db.Organization) bool {
	return viewer.FromContext(ctx).Administers(org.ID, org.DistrictID)
}

// students are the active students of an organization who are in no group.
func (s *Service) students(ctx context.Context, org *db.Organization) *db.StudentQuery {
	of := student.OrganizationID(org.ID)
	if org.Type == organization.TypeDISTRICT {
		of = student.DistrictID(org.ID)
	}
	return s.db.Client(ctx).Student.Query().Where(of, student.DeletedAtIsNil(), ActiveAndUnassigned())
}
