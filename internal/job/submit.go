package job

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"entgo.io/ent/dialect/sql/sqlgraph"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/job/columns"
	"github.com/openhomeroom/homeroom/internal/job/newgroup"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/job/vault"
	"github.com/openhomeroom/homeroom/internal/quote"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Submission is a file, and what to do with it.
type Submission struct {
	OrganizationID int
	Kind           bulkjob.Kind
	FileName       string
	// File is read once, to its end, as it arrives.
	File io.Reader
	// Size is the size of the file in bytes if it is known before it arrives; otherwise 0.
	// It counts towards the quotas at once.
	Size int64
	// GroupsMode says what the groups of a row mean; empty means ADD.
	GroupsMode bulkjob.GroupsMode
	// CommitMode says what happens to the good rows of a file with bad ones; empty means
	// VALID_ROWS.
	CommitMode bulkjob.CommitMode
	// Missing says what happens to students who are on record and not in the file, and
	// Leavers to those whose row says that they have left. Empty means IGNORE, and what
	// Missing says.
	Missing bulkjob.Missing
	Leavers bulkjob.Leavers
	// CreateMissingGroups has groups created that rows of students name and nobody has.
	CreateMissingGroups bool
	// IdempotencyKey, unless it is empty, makes one job of several submissions of the same
	// file with the same key by the same person.
	IdempotencyKey string
	// Columns say as which columns headers of the file are read; nil means as the headers say,
	// or as they were read when a file with the same headers was last written here.
	Columns []sheet.Choice

	// edit is what EDIT_STUDENTS changes; nil for files.
	edit json.RawMessage
	// again is true for a corrected row that is submitted again: it is read as the file was,
	// and later files are not read as it is.
	again bool
	// by are the people who have already written into the submission: if a corrected row
	// is submitted again, the hands in its former job.
	by []int
	// schools are the schools of a selection from several.
	schools string
}

const (
	maxFileName       = 255
	maxIdempotencyKey = 128
)

// Submit stores a file and makes a job of it, which the worker then checks. It
// returns fault.NotFound for an organization outside of the purview,
// fault.Forbidden for a kind that the viewer may not import there,
// fault.TooLarge for a file over the limit, and fault.Conflict for an idempotency
// key with which something else was submitted.
func (s *Service) Submit(ctx context.Context, in Submission) (*db.BulkJob, error) {
	v := viewer.FromContext(ctx)
	o, err := s.target(ctx, in.OrganizationID, in.Kind)
	if err != nil {
		return nil, err
	}
	if in, err = s.submitting.checkSubmission(in); err != nil {
		return nil, err
	}
	if err := cmp.Or(s.submitting.checkRemoval(v, o, in),
		newgroup.MayCreate(v, o, in.Kind, in.CreateMissingGroups)); err != nil {
		return nil, err
	}
	switch there, err := s.submitting.byKey(ctx, v.SubmitterID(), in.IdempotencyKey); {
	case err != nil:
		return nil, err
	case there != nil:
		prints, err := s.vault.PrintsOf(in.File)
		if err != nil {
			return nil, err
		}
		if err := s.submitting.checkResubmission(there, o, in, prints); err != nil {
			return nil, err
		}
		return s.Job(ctx, there.ID)
	}
	job, err := s.submitting.upload(ctx, v, o, in)
	if err != nil {
		return nil, err
	}
	s.wakeUp()
	return job, nil
}

// MaySubmit returns the error of Submit for a viewer who may not import such a file there.
// It is called before a file is read.
func (s *Service) MaySubmit(ctx context.Context, organizationID int, kind bulkjob.Kind) error {
	_, err := s.target(ctx, organizationID, kind)
	return err
}

// target is the organization into which a viewer may import files of a kind.
func (s *Service) target(ctx context.Context, organizationID int, kind bulkjob.Kind) (*db.Organization, error) {
	o, err := s.db.Client(ctx).Organization.Get(ctx, organizationID)
	if db.IsNotFound(err) {
		return nil, roster.ErrNoOrganization.At("organizationId")
	}
	if err != nil {
		return nil, err
	}
	return o, s.kinds.MaySubmit(viewer.FromContext(ctx), o, kind)
}

func (s submitting) checkSubmission(in Submission) (Submission, error) {
	if in.GroupsMode == "" {
		in.GroupsMode = bulkjob.GroupsModeADD
	}
	if in.CommitMode == "" {
		in.CommitMode = bulkjob.CommitModeVALID_ROWS
	}
	if in.Missing == "" {
		in.Missing = bulkjob.MissingIGNORE
	}
	if in.Leavers == "" {
		in.Leavers = bulkjob.Leavers(in.Missing)
	}
	switch {
	case bulkjob.MissingValidator(in.Missing) != nil:
		return in, fault.Invalidf("%s is unknown; write IGNORE, LEAVE_GROUPS or DELETE", quote.Text(in.Missing)).At("missing")
	case bulkjob.LeaversValidator(in.Leavers) != nil:
		return in, fault.Invalidf("%s is unknown; write IGNORE, LEAVE_GROUPS or DELETE", quote.Text(in.Leavers)).At("leavers")
	case bulkjob.GroupsModeValidator(in.GroupsMode) != nil:
		return in, fault.Invalidf("%s is not a groups mode; write ADD, REPLACE or REMOVE", quote.Text(in.GroupsMode)).
			At("groupsMode")
	case bulkjob.CommitModeValidator(in.CommitMode) != nil:
		return in, fault.Invalidf("%s is not a commit mode; write VALID_ROWS or ALL_OR_NOTHING",
			quote.Text(in.CommitMode)).At("commitMode")
	case s.kinds.About(in.Kind).OneByOne && in.GroupsMode == bulkjob.GroupsModeREPLACE:
		return in, fault.Invalidf(
			"a file of enrollments can only add or remove them; to replace the groups of " +
				"students, import students").At("groupsMode")
	case utf8.RuneCountInString(in.IdempotencyKey) > maxIdempotencyKey:
		return in, fault.Invalidf("the idempotency key has more than %d characters", maxIdempotencyKey).WithCode("TOO_LONG").
			At("idempotencyKey")
	}
	if err := s.formats.CheckChoices(in.Kind, in.Columns); err != nil {
		return in, err
	}
	// MySQL does not distinguish a key from the same key with a space at its end.
	in.IdempotencyKey = strings.TrimSpace(in.IdempotencyKey)
	in.FileName = row.Shorten(roster.Clean(in.FileName), maxFileName)
	return in, nil
}

// checkRemoval refuses to remove students who are not in a file, or who have left, if the
// file is not about students or the viewer is no administrator of the organization.
func (s submitting) checkRemoval(v *viewer.Viewer, o *db.Organization, in Submission) error {
	at := "missing"
	if in.Missing == bulkjob.MissingIGNORE {
		if at = "leavers"; in.Leavers == bulkjob.LeaversIGNORE {
			return nil
		}
	}
	switch {
	case in.Kind != bulkjob.KindIMPORT_STUDENTS:
		return fault.Invalidf("only an import of students can remove students who are not in the file or who have left").
			At(at)
	case v.Administers(o.ID, o.DistrictID), v.Holds(viewer.RosterImport, o.ID, o.DistrictID):
		return nil
	default:
		return fault.Forbiddenf("only administrators can remove students who are not in the file or who have left").At(at)
	}
}

// byKey returns the job that a person has submitted with a key before, or nil.
func (s submitting) byKey(ctx context.Context, educatorID int, key string) (*db.BulkJob, error) {
	if key == "" {
		return nil, nil
	}
	job, err := s.db.Client(ctx).BulkJob.Query().
		Where(bulkjob.SubmittedBy(educatorID), bulkjob.IdempotencyKey(key), vault.IsWhole()).
		Only(viewer.AsSystem(ctx, "what the viewer has submitted with a key"))
	if db.IsNotFound(err) {
		return nil, nil
	}
	return job, err
}

// KeyReused is the code for an idempotency key with which something else was
// submitted before.
const KeyReused = "IDEMPOTENCY_KEY_REUSED"

// checkResubmission returns fault.Conflict if a submission differs from the earlier
// one with the same key. Otherwise a program that uses one key for two files would
// take the job of the first for that of the second, which would never be imported.
func (s submitting) checkResubmission(there *db.BulkJob, o *db.Organization, in Submission, prints []string) error {
	if there.OrganizationID == o.ID && there.Kind == in.Kind && there.GroupsMode == in.GroupsMode &&
		there.CommitMode == in.CommitMode && there.Missing == in.Missing && there.Leavers == in.Leavers &&
		there.CreateMissingGroups == in.CreateMissingGroups && columns.SaysTheSame(there, in.Columns) &&
		(slices.Contains(prints, there.ContentPrint) || there.ContentPrint == "" || !s.vault.Opens(there)) {
		return nil
	}
	return fault.Conflictf(
		"another upload has already used this idempotency key; give each upload its own key, " +
			"and repeat a key only to retry the same upload").
		WithCode(KeyReused).At("idempotencyKey")
}

// isDuplicate reports whether a unique index refused a row, also for statements
// that do not go through ent.
func isDuplicate(err error) bool {
	return database.IsDuplicate(err) || sqlgraph.IsUniqueConstraintError(err)
}
