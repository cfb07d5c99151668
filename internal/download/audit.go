package download

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/url"

	"homeroom/internal/audit"
	"homeroom/internal/viewer"
)

const auditFile = "audit-trail.csv"

// AuditURL returns the address of the CSV of the entries of the audit trail that a
// filter keeps, for the viewer. It refuses what the list would refuse.
func (s *Service) AuditURL(ctx context.Context, organizationID int, f audit.Filter) (string, error) {
	if _, err := s.audit.Events(ctx, organizationID, f); err != nil {
		return "", err
	}
	text, err := json.Marshal(f)
	if err != nil {
		return "", err
	}
	sealed := s.filter.Seal(nil, nil, text, []byte(auditFile))
	return s.address(ctx, auditFile, organizationID, viewer.FromContext(ctx).EducatorID,
		url.Values{"filter": {base64.RawURLEncoding.EncodeToString(sealed)}}), nil
}

func (s *Service) writeAudit(ctx context.Context, w io.Writer, organizationID int, q url.Values) error {
	sealed, err := base64.RawURLEncoding.DecodeString(q.Get("filter"))
	if err != nil {
		return err
	}
	text, err := s.filter.Open(nil, nil, sealed, []byte(auditFile))
	if err != nil {
		return err
	}
	var f audit.Filter
	if err := json.Unmarshal(text, &f); err != nil {
		return err
	}
	list, err := s.audit.Events(ctx, organizationID, f)
	if err != nil {
		return err
	}
	_, err = list.CSV(ctx, w)
	return err
}
