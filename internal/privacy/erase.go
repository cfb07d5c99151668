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
	"unicode/utf8"

	"homeroom/ent/db"
	"homeroom/ent/db/loss"
	"homeroom/ent/db/student"
	"homeroom/internal/audit"
	"homeroom/internal/fault"
	"homeroom/internal/fold"
	"homeroom/internal/globalid"
	"homeroom/internal/hold"
	"homeroom/internal/roster"
	"homeroom/internal/setting"
	"homeroom/internal/viewer"
)

const (
	// MaxErased is how many students one request erases.
	MaxErased = 20
	// maxReference counts characters.
	maxReference = 200
)

// Confirmed is a student whom somebody wants erased, with the Student ID that the
// person has typed to show that it is the right one.
type Confirmed struct {
	ID         int
	ExternalID string
}

// Certificate says what was erased, when and by whom, without saying who it was.
// It stands in the audit trail as well.
type Certificate struct {
	// StudentID is the key that the student had, as in the audit trail.
	StudentID    string    `json:"studentId"`
	Organization string    `json:"organizationId"`
	School       string    `json:"school"`
	ErasedAt     time.Time `json:"erasedAt"`
	// By is who asked: the kind of actor, with the id of an educator.
	By        string `json:"by"`
	Reference string `json:"reference"`
	Erased    Counts `json:"erased"`
	// Digest is the SHA-256 of the other fields, by which a printed certificate is
	// compared with the audit trail.
	Digest string `json:"digest,omitempty"`

	// OrganizationKey is the key of the school.
	OrganizationKey int `json:"-"`
}

// Text is the certificate on paper.
func (c Certificate) Text() string {
	return fmt.Sprintf(`CERTIFICATE OF ERASURE

The personal data of one student have been erased. They cannot be brought back.

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

// Erase erases students at once, whether or not they are deleted, without a time
// in which they could come back. Only administrators of the school do it. What is
// refused is refused before anything is erased.
func (s *Service) Erase(ctx context.Context, wanted []Confirmed, reference string) ([]Certificate, error) {
	reference = roster.Clean(reference)
	switch n := utf8.RuneCountInString(reference); {
	case len(wanted) == 0:
		return nil, fault.Invalidf("choose at least one student").WithCode("REQUIRED").At("students")
	case len(wanted) > MaxErased:
		return nil, fault.Invalidf("at most %d students can be erased at once; %d were chosen", MaxErased, len(wanted)).WithCode("TOO_MANY").At("students")
	case n == 0:
		return nil, fault.Invalidf("write what the erasure goes back to, such as the number of a letter").WithCode("REQUIRED").At("reference")
	case n > maxReference:
		return nil, fault.Invalidf("the reference has %d characters; at most %d are allowed", n, maxReference).WithCode("TOO_LONG").At("reference")
	}
	ids := make([]int, len(wanted))
	for i, c := range wanted {
		ids[i] = c.ID
	}
	system := viewer.AsSystem(ctx, "erasure of students of schools that the viewer administers")
	students, err := s.db.Client(ctx).Student.Query().Where(student.IDIn(ids...)).All(system)
	if err != nil {
		return nil, err
	}
	if err := s.refuseToErase(ctx, wanted, students); err != nil {
		return nil, err
	}
	for _, st := range students {
		if names(reference, st) {
			return nil, fault.Invalidf("the reference stays on record; write none that names the student").WithCode("PERSONAL_REFERENCE").At("reference")
		}
	}
	// What is erased is lost, and counted before it is begun.
	err = s.db.InTx(ctx, func(ctx context.Context, client *db.Client) error {
		return hold.Single(ctx, client, s.now(), setting.Holds, roster.Lost(students, loss.VerbDELETED)...)
	})
	if err != nil {
		return nil, err
	}
	// Only the operator can name students of several districts.
	for _, part := range audit.BySchool(students, func(st *db.Student) int { return st.DistrictID }) {
		if err := s.importer.EraseMentions(system, part[0].DistrictID, part, func(context.Context) error { return nil }); err != nil {
			return nil, err
		}
	}
	var certificates []Certificate
	err = s.db.InTx(ctx, func(ctx context.Context, client *db.Client) error {
		certificates = nil
		locked, err := roster.LockStudents(viewer.AsSystem(ctx, "erasure of students of schools that the viewer administers"), client, s.locks(), ids)
		if err != nil {
			return err
		}
		if err := s.refuseToErase(ctx, wanted, locked); err != nil {
			return err
		}
		for _, st := range locked {
			c, err := s.eraseCertified(ctx, client, st, reference)
			if err != nil {
				return err
			}
			certificates = append(certificates, c)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.log.InfoContext(ctx, "personal data of students erased on request", "students", len(certificates))
	if err := s.db.Scrub(ctx); err != nil {
		s.log.WarnContext(ctx, "what was erased is still in the log of the database", "error", err)
	}
	return certificates, nil
}

// names reports whether a text names a student: by Student ID, username or last
// name, however they are written.
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
		case st == nil:
			refuse(roster.ErrNoStudent, "id")
		case !v.Administers(st.OrganizationID, st.DistrictID) && slices.Contains(visible, st.ID):
			refuse(fault.Forbiddenf("only administrators erase students"), "id")
		case !v.Administers(st.OrganizationID, st.DistrictID):
			refuse(roster.ErrNoStudent, "id")
		case st.Synced == 1:
			refuse(fault.Invalidf("the school's information system keeps the student, and would bring the student back; remove the student there first").WithCode("SYNCED_STUDENT"), "id")
		case roster.Clean(c.ExternalID) != st.ExternalID:
			refuse(fault.Invalidf("this is not the Student ID of the student; nothing was erased").WithCode("CONFIRMATION_MISMATCH"), "externalId")
		}
	}
	if len(refusals) > 0 {
		return refusals
	}
	return nil
}

// eraseCertified erases one student and writes the certificate into the audit
// trail. The reference is a text that somebody typed, and so a detail; it is one
// about the school, and stays.
func (s *Service) eraseCertified(ctx context.Context, client *db.Client, st *db.Student, reference string) (Certificate, error) {
	school, err := client.Organization.Get(viewer.AsSystem(ctx, "school of an erased student"), st.OrganizationID)
	if err != nil {
		return Certificate{}, err
	}
	counts, err := s.eraseLocked(ctx, client, []*db.Student{st})
	if err != nil {
		return Certificate{}, err
	}
	c := Certificate{
		StudentID: globalid.Encode(globalid.Student, st.ID), Organization: globalid.Encode(globalid.Organization, school.ID), School: school.Name,
		ErasedAt: s.instant(), By: actor(ctx), Reference: reference, Erased: counts, OrganizationKey: school.ID,
	}
	if c.Digest, err = c.digest(); err != nil {
		return Certificate{}, err
	}
	facts := counts.facts()
	facts["student"], facts["digest"] = c.StudentID, c.Digest
	e := audit.Event{Action: audit.ErasureCertified, DistrictID: st.DistrictID, OrganizationID: st.OrganizationID,
		Target: audit.On(globalid.Organization, school.ID), Facts: facts}
	e.Changes.New("reference", reference)
	audit.Record(ctx, e)
	return c, nil
}

// actor says who asked, as the audit trail does.
func actor(ctx context.Context) string {
	a := audit.ActorOf(ctx)
	switch {
	case a.Kind == audit.Educator:
		return strings.TrimSpace(globalid.Encode(globalid.Educator, a.ID) + " " + a.Roles)
	case a.Label != "":
		return string(a.Kind) + " " + a.Label
	default:
		return string(a.Kind)
	}
}
