package download

import (
	"context"
	"io"
	"net/url"
)

const unassignedFile = "unassigned-active-students.csv"

// UnassignedURL returns the address, for the viewer, of the CSV of the unassigned active
// students of an organization.
func (s *Service) UnassignedURL(ctx context.Context, organizationID int) string {
	return s.address(unassignedFile, organizationID, ownerOf(ctx), url.Values{})
}

func (s *Service) writeUnassigned(ctx context.Context, w io.Writer, organizationID int, _ url.Values) error {
	_, err := s.notify.CSV(ctx, w, organizationID)
	return err
}
