package download

import (
	"context"
	"io"
	"net/url"

	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/globalid"
)

const recordFile = "student-record.json"

// RecordURL returns the address, for the viewer, of the record of a student. It refuses
// what the record would refuse.
func (s *Service) RecordURL(ctx context.Context, studentID int) (string, error) {
	st, err := s.privacy.CheckRecord(ctx, studentID)
	if err != nil {
		if f := fault.From(err); f != nil {
			return "", f.At("studentId")
		}
		return "", err
	}
	return s.address(recordFile, st.OrganizationID, ownerOf(ctx),
		url.Values{"student": {globalid.Encode(globalid.Student, studentID)}}), nil
}

func (s *Service) writeRecord(ctx context.Context, w io.Writer, _ int, q url.Values) error {
	id, _ := globalid.Key(globalid.Student, q.Get("student"))
	return s.privacy.Record(ctx, w, id)
}
