package download

import (
	"context"
	"io"
	"net/url"
	"reflect"

	"github.com/openhomeroom/homeroom/internal/roster"
)

const studentsFile = "students.csv"

// StudentsURL returns the address, for the viewer, of the CSV of the students of an
// organization that match a filter. It refuses what the export would refuse.
func (s *Service) StudentsURL(ctx context.Context, organizationID int, f roster.StudentFilter) (string, error) {
	if err := s.export.CheckStudents(ctx, organizationID, f); err != nil {
		return "", err
	}
	q := url.Values{}
	owner := ownerOf(ctx)
	if reflect.ValueOf(f).IsZero() {
		return s.address(studentsFile, organizationID, owner, q), nil
	}
	if err := s.sealFilter(studentsFile, q, f); err != nil {
		return "", err
	}
	return s.address(studentsFile, organizationID, owner, q), nil
}

func (s *Service) writeStudents(ctx context.Context, w io.Writer, organizationID int, q url.Values) error {
	var f roster.StudentFilter
	if err := s.openFilter(studentsFile, q, &f); err != nil {
		return err
	}
	_, err := s.export.Students(ctx, w, organizationID, f)
	return err
}
