package notify

import (
	"context"
	"time"

	"entgo.io/ent/dialect/sql"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/export"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// Row is one student of the list. The cell for groups is blank, because there are none.
type Row = export.StudentRow

const batchRows = 1000

// EachUnassigned calls fn with the students whom Unassigned counts, sorted by name, at
// most 1,000 at a time. All batches see the same moment, so no student is missing or comes
// twice. Only administrators of the organization may call it; a teacher gets FORBIDDEN.
func (s *Service) EachUnassigned(ctx context.Context, organizationID int, fn func(batch []Row) error) error {
	ctx, end := s.db.Snapshot(ctx)
	defer end()
	org, err := s.organization(ctx, organizationID)
	if err != nil {
		return err
	}
	if !administers(ctx, org) {
		return fault.Forbiddenf("only administrators of the organization can get this list")
	}
	schools, err := s.schools(ctx, org)
	if err != nil {
		return err
	}
	name, id := "", 0
	for {
		q := s.students(ctx, org).Where(after(name, id)).
			Order(student.BySortName(), student.ByID()).Limit(batchRows)
		students, err := q.Select(listed...).All(ctx)
		if err != nil {
			return err
		}
		if len(students) > 0 {
			batch := make([]Row, len(students))
			for i, st := range students {
				at := schools[st.OrganizationID]
				batch[i] = export.NewStudentRow(st, at.name, at.zone)
			}
			if err := fn(batch); err != nil {
				return err
			}
		}
		if len(students) < batchRows {
			return nil
		}
		last := students[len(students)-1]
		name, id = last.SortName, last.ID
	}
}

// listed are the columns of students that the list shows, or is sorted by.
var listed = append(roster.StudentFields.Values().DB(), student.FieldID, student.FieldOrganizationID,
	student.FieldSortName, student.FieldSecondsThisYear, student.FieldLastActiveAt)

// after continues after a student, in a list sorted by name and key. Databases would not
// use the index for a comparison of pairs.
func after(name string, id int) func(*sql.Selector) {
	return func(s *sql.Selector) {
		s.Where(sql.And(
			sql.GTE(s.C(student.FieldSortName), name),
			sql.Or(sql.GT(s.C(student.FieldSortName), name), sql.GT(s.C(student.FieldID), id)),
		))
	}
}

// school is what the list says about a student's school.
type school struct {
	name string
	zone *time.Location
}

func (s *Service) schools(ctx context.Context, org *db.Organization) (map[int]school, error) {
	of := organization.ID(org.ID)
	if org.Type == organization.TypeDISTRICT {
		of = organization.DistrictID(org.ID)
	}
	orgs, err := s.db.Client(ctx).Organization.Query().Where(of).
		Select(organization.FieldID, organization.FieldName).All(ctx)
	if err != nil {
		return nil, err
	}
	ids := make([]int, len(orgs))
	for i, o := range orgs {
		ids[i] = o.ID
	}
	settings, err := s.usage.SettingsOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	schools := make(map[int]school, len(orgs))
	for _, o := range orgs {
		schools[o.ID] = school{name: o.Name, zone: settings[o.ID].TimeZone}
	}
	return schools, nil
}
