package download

import (
	"context"
	"io"
	"net/url"

	"github.com/openhomeroom/homeroom/internal/audit"
)

const auditFile = "audit-trail.csv"

// AuditURL returns the address, for the viewer, of the CSV of the entries of the audit
// trail that match a filter. It refuses what the list would refuse.
func (s *Service) AuditURL(ctx context.Context, organizationID int, f audit.Filter) (string, error) {
	if _, err := s.audit.Events(ctx, organizationID, f); err != nil {
		return "", err
	}
	q := url.Values{}
	if err := s.sealFilter(auditFile, q, f); err != nil {
		return "", err
	}
	return s.address(auditFile, organizationID, ownerOf(ctx), q), nil
}

func (s *Service) writeAudit(ctx context.Context, w io.Writer, organizationID int, q url.Values) error {
	var f audit.Filter
	if err := s.openFilter(auditFile, q, &f); err != nil {
		return err
	}
	list, err := s.audit.Events(ctx, organizationID, f)
	if err != nil {
		return err
	}
	_, err = list.CSV(ctx, w)
	return err
}
