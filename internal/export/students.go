package export

import (
	"context"
	"io"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/internal/csvfile"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// CheckStudents says in advance why Students would refuse: NOT_FOUND for an organization
// outside the purview, FORBIDDEN for a teacher of it, and what is wrong with the filter.
func (s *Service) CheckStudents(ctx context.Context, organizationID int, f roster.StudentFilter) error {
	_, _, err := s.students(ctx, organizationID, f)
	return err
}

// students returns the organization and the list to export.
func (s *Service) students(ctx context.Context, organizationID int, f roster.StudentFilter) (*db.Organization,
	*roster.StudentList, error) {
	o, err := s.roster.Organization(ctx, organizationID)
	if err != nil {
		return nil, nil, err
	}
	if !viewer.FromContext(ctx).Administers(o.ID, o.DistrictID) {
		return nil, nil, errNotAdministrator
	}
	list, err := s.roster.Students(ctx, organizationID, f)
	return o, list, err
}

// Students writes the students of an organization that match a filter, by name, and
// returns how many there are. All of them are as they were at one moment, and each occurs
// once. Memory does not grow with their number. A refusal comes before anything is
// written; after another error a part of the file may have been written.
func (s *Service) Students(ctx context.Context, w io.Writer, organizationID int,
	f roster.StudentFilter) (rows int, err error) {
	ctx, end := s.db.Snapshot(ctx)
	defer end()
	o, list, err := s.students(ctx, organizationID, f)
	if err != nil {
		return 0, err
	}
	schools, err := s.schools(ctx, o)
	if err != nil {
		return 0, err
	}
	groups, err := readGroups(ctx, s.db.Client(ctx), o)
	if err != nil {
		return 0, err
	}
	file := csvfile.NewWriter(w)
	if err := file.Write(StudentColumns); err != nil {
		return 0, err
	}
	err = list.Each(ctx, func(students []*db.Student) error {
		cells, err := groups.cells(ctx, students)
		if err != nil {
			return err
		}
		for _, st := range students {
			at := schools[st.OrganizationID]
			row := NewStudentRow(st, at.name, at.zone)
			row.Groups = cells[st.ID]
			if err := file.Write(row.Cells()); err != nil {
				return err
			}
		}
		rows += len(students)
		return nil
	})
	if err != nil {
		return rows, err
	}
	return rows, file.Flush()
}

// school is what a list says about a student's school.
type school struct {
	name string
	zone *time.Location
}

func (s *Service) schools(ctx context.Context, o *db.Organization) (map[int]school, error) {
	of := organization.ID(o.ID)
	if o.Type == organization.TypeDISTRICT {
		of = organization.DistrictID(o.ID)
	}
	all, err := s.db.Client(ctx).Organization.Query().Where(of).
		Select(organization.FieldID, organization.FieldName).All(ctx)
	if err != nil {
		return nil, err
	}
	ids := make([]int, len(all))
	for i, o := range all {
		ids[i] = o.ID
	}
	settings, err := s.usage.SettingsOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	schools := make(map[int]school, len(all))
	for _, o := range all {
		schools[o.ID] = school{name: o.Name, zone: settings[o.ID].TimeZone}
	}
	return schools, nil
}
