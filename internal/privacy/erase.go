package privacy

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/setting"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

const (
	// MaxErased is how many students one request can erase.
	MaxErased = 20
	// maxReference counts characters.
	maxReference = 200
)

// Confirmed is a student to erase, together with the Student ID that was typed to confirm
// it.
type Confirmed struct {
	ID         int
	ExternalID string
}

// Certificate says what was erased, when, and by whom, without saying who it was. The
// audit trail has a copy.
type Certificate struct {
	// StudentID is the former key of the student, as in the audit trail.
	StudentID    string    `json:"studentId"`
	Organization string    `json:"organizationId"`
	School       string    `json:"school"`
	ErasedAt     time.Time `json:"erasedAt"`
	// By is who asked for it: the kind of actor, and the ID of an educator.
	By        string `json:"by"`
	Reference string `json:"reference"`
	Erased    Counts `json:"erased"`
	// Digest is the SHA-256 of the other fields, to compare a printed certificate with the
	// audit trail.
	Digest string `json:"digest,omitempty"`

	// OrganizationKey is the key of the school.
	OrganizationKey int `json:"-"`
}

// Text is the certificate for printing.
func (c Certificate) Text() string {
	return fmt.Sprintf(`CERTIFICATE OF ERASURE

The personal data of one student has been erased. It cannot be brought back.

Student (key)   %s
School          %s (%s)
Erased          %s
On request of   %s
Reference       %s

Removed: the student's record, %d enrollments, %d days of usage, %d usage events; emptied: %d rows of bulk jobs,
%d details of the audit trail. What is left of the usage is part of anonymous sums.

Digest          %s
The audit trail holds an entry ERASURE_CERTIFIED with the same digest.
`, c.StudentID, c.School, c.Organization, c.ErasedAt.Format(time.RFC3339), c.By, c.Reference,
		c.Erased.Enrollments, c.Erased.UsageDays, c.Erased.UsageEvents, c.Erased.BulkJobRows, c.Erased.AuditDetails, c.Digest)
}

func (c Certificate) digest() (string, error) {
	c.Digest = ""
	text, err := json.Marshal(c)
	sum := sha256.Sum256(text)
	return "sha256:" + hex.EncodeToString(sum[:]), err
}

// names reports whether a text names a student, by Student ID, username or last name, in
// any spelling.
func names(text string, st *db.Student) bool {
	text = fold.Text(text)
	for _, name := range []string{st.ExternalID, st.Username, st.LastName} {
		if name = fold.Text(name); name != "" && strings.Contains(text, name) {
			return true
		}
	}
	return false
}

func (s *Service) refuseToErase(ctx context.Context, wanted []Confirmed, students []*db.Student) error {
	v := viewer.FromContext(ctx)
	byID := map[int]*db.Student{}
	ids := make([]int, len(wanted))
	for _, st := range students {
		byID[st.ID] = st
	}
	for i, c := range wanted {
		ids[i] = c.ID
	}
	visible, err := s.db.Client(ctx).Student.Query().Where(student.IDIn(ids...)).IDs(ctx)
	if err != nil {
		return err
	}
	var refusals roster.Refusals
	for i, c := range wanted {
		st := byID[c.ID]
		refuse := func(err *fault.Error, field string) { refusals = append(refusals, err.At("students", i, field)) }
		switch {
		case st == nil,
			st.DeletedAt != nil && setting.IsErasing(*st.DeletedAt) && !v.Administers(st.OrganizationID, st.DistrictID):
			refuse(roster.ErrNoStudent, "id")
		case !v.Administers(st.OrganizationID, st.DistrictID) && slices.Contains(visible, st.ID):
			refuse(fault.Forbiddenf("only administrators can erase students"), "id")
		case !v.Administers(st.OrganizationID, st.DistrictID):
			refuse(roster.ErrNoStudent, "id")
		case st.Synced == 1:
			refuse(fault.Invalidf(
				"the school's information system would bring the student back; "+
					"remove the student there first").WithCode("SYNCED_STUDENT"), "id")
		case roster.Clean(c.ExternalID) != st.ExternalID:
			refuse(fault.Invalidf("the Student ID does not match; nothing was erased").
				WithCode("CONFIRMATION_MISMATCH"), "externalId")
		}
	}
	if len(refusals) > 0 {
		return refusals
	}
	return nil
}
