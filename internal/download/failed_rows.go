package download

import (
	"context"
	"io"
	"net/url"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/globalid"
)

const failedRowsFile = "failed-rows.csv"

// FailedRowsURL returns the address, for the viewer, of the CSV of the refused rows of a
// job that the viewer sees.
func (s *Service) FailedRowsURL(ctx context.Context, job *db.BulkJob) string {
	return s.address(failedRowsFile, job.OrganizationID, ownerOf(ctx),
		url.Values{"job": {globalid.Encode(globalid.BulkJob, job.ID)}})
}

func (s *Service) writeFailedRows(ctx context.Context, w io.Writer, _ int, q url.Values) error {
	id, _ := globalid.Key(globalid.BulkJob, q.Get("job"))
	_, err := s.jobs.FailedRows(ctx, w, id)
	return err
}
