package importer

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"homeroom/ent/db"
	"homeroom/ent/db/bulkjobproblem"
	"homeroom/internal/fault"
)

// The codes of problems, beside those of csvfile (a file that cannot be read)
// and of roster (TOO_LONG, TOO_SHORT, PASSWORD_TOO_SHORT, UNKNOWN_GRADE, …).
const (
	// About the file as a whole; the row is 0.
	WrongKind       = "WRONG_KIND"
	MissingColumn   = "MISSING_COLUMN"
	DuplicateColumn = "DUPLICATE_COLUMN"
	NoRows          = "NO_ROWS"
	OtherHeader     = "OTHER_HEADER"
	AccountDisabled = "ACCOUNT_DISABLED"
	RoleLost        = "ROLE_LOST"
	Internal        = "INTERNAL"
	ServerEnded     = "SERVER_ENDED"
	Held            = "HELD"
	Expired         = "EXPIRED"
	// TransactionTooLarge is of a job that is all or nothing.
	TransactionTooLarge = "TRANSACTION_TOO_LARGE"

	// About a row.
	ExtraCells      = "EXTRA_CELLS"
	HeaderAgain     = "HEADER_AGAIN"
	Required        = "REQUIRED"
	CannotClear     = "CANNOT_CLEAR"
	DuplicateInFile = "DUPLICATE_IN_FILE"
	DamagedID       = "DAMAGED_ID"
	DamagedText     = "DAMAGED_TEXT"
	CellError       = "CELL_ERROR"
	NotCalculated   = "NOT_CALCULATED"
	TooLong         = "TOO_LONG"
	TooMany         = "TOO_MANY"
	Stale           = "STALE"
	Erased          = "ERASED"
	Forbidden       = "FORBIDDEN"
	OtherSchool     = "OTHER_SCHOOL"

	// About a row that an undo has left as it is.
	ChangedSince = "CHANGED_SINCE"
	CannotUndo   = "CANNOT_UNDO"

	// About whom or what a row means.
	IDMismatch            = "ID_MISMATCH"
	UnknownStudent        = "UNKNOWN_STUDENT"
	UnknownGroup          = "UNKNOWN_GROUP"
	UnknownSchool         = "UNKNOWN_SCHOOL"
	UnknownEducator       = "UNKNOWN_EDUCATOR"
	UnknownPerson         = "UNKNOWN_PERSON"
	UnknownRole           = "UNKNOWN_ROLE"
	AmbiguousGroup        = "AMBIGUOUS_GROUP"
	AmbiguousSchool       = "AMBIGUOUS_SCHOOL"
	AmbiguousPerson       = "AMBIGUOUS_PERSON"
	ExternalIDTaken       = "EXTERNAL_ID_TAKEN"
	UsernameTaken         = "USERNAME_TAKEN"
	EmailTaken            = "EMAIL_TAKEN"
	NotASchool            = "NOT_A_SCHOOL"
	UnsupportedType       = "UNSUPPORTED_TYPE"
	BadEmail              = "BAD_EMAIL"
	SyncedStudent         = "SYNCED_STUDENT"
	SyncedGroup           = "SYNCED_GROUP"
	GroupRequired         = "GROUP_REQUIRED"
	PossibleDuplicate     = "POSSIBLE_DUPLICATE"
	GroupsDoNotMove       = "GROUP_SCHOOL_FIXED"
	DistrictRoleForbidden = "DISTRICT_ROLE_FORBIDDEN"
)

// problem is one thing that is wrong, or odd, in a file. It is data in the
// report, not an error.
type problem struct {
	Row     int
	Column  string // As it stands in the file, or empty.
	Warning bool
	Code    string
	Value   string // Never a password.
	Message string // A sentence.
	Hint    string // A sentence that says what to do.
	// Candidates are students whom the row may mean, as far as the submitter sees them.
	Candidates []int
	// outside is set where it names something outside of the school of the job.
	outside bool
}

// fromFault makes a problem of a refusal that another part of the program words.
func fromFault(e *fault.Error, hint string) *problem {
	return &problem{Code: e.Code, Message: sentence(e.Message), Hint: hint}
}

func problemf(code, hint, format string, args ...any) *problem {
	return &problem{Code: code, Message: fmt.Sprintf(format, args...), Hint: hint}
}

// sentence makes a sentence of a fragment.
func sentence(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return s
	}
	s = string(unicode.ToUpper(r)) + s[n:]
	if !strings.HasSuffix(s, ".") {
		s += "."
	}
	return s
}

func (p *problem) severity() bulkjobproblem.Severity {
	if p.Warning {
		return bulkjobproblem.SeverityWARNING
	}
	return bulkjobproblem.SeverityERROR
}

// The widths of the columns, in characters.
const (
	maxValue   = 255
	maxMessage = 1000
)

func (s *Service) writeProblems(ctx context.Context, client *db.Client, jobID int, problems []*problem) error {
	now := s.instant()
	sealer, err := s.sealOf(jobID, forProblems)
	if err != nil {
		return err
	}
	rows := make([][]any, len(problems))
	for i, p := range problems {
		var candidates any
		if len(p.Candidates) > 0 {
			list, _ := json.Marshal(p.Candidates) // a list of numbers never fails
			// MySQL takes no JSON from bytes that are not said to be text.
			candidates = json.RawMessage(list)
		}
		text, sealed := wording{shorten(p.Value, maxValue), shorten(p.Message, maxMessage), shorten(p.Hint, maxMessage)}, []byte(nil)
		if p.Row > 0 {
			clear, _ := json.Marshal(text) // texts never fail
			text, sealed = wording{}, sealer.close(p.Row, clear)
		}
		rows[i] = []any{now, jobID, p.Row, shorten(p.Column, maxValue), string(p.severity()), p.Code, sealed,
			text.Value, text.Message, text.Hint, candidates, flag(p.outside)}
	}
	return insertRows(ctx, client, "bulk_job_problems",
		"created_at, job_id, `row`, `column`, severity, code, sealed, value, message, hint, candidates, outside", rows)
}

// wording is what a problem says of a row. It quotes cells, and where these have
// slipped, one of them may be a password.
type wording struct {
	Value   string `json:"v,omitempty"`
	Message string `json:"m"`
	Hint    string `json:"h,omitempty"`
}

// readProblems reads problems of one job, which is the only way to read what they
// say: their wording is encrypted. Those that this server cannot open, because they
// were encrypted with another secret key, say so, and stay sealed.
func (s *Service) readProblems(ctx context.Context, jobID int, q *db.BulkJobProblemQuery) ([]*db.BulkJobProblem, error) {
	problems, err := q.All(ctx)
	if err != nil {
		return nil, err
	}
	sealer, err := s.sealOf(jobID, forProblems)
	if err != nil {
		return nil, err
	}
	for _, p := range problems {
		if len(p.Sealed) == 0 {
			continue
		}
		var text wording
		clear, err := sealer.open(p.Row, p.Sealed)
		if err != nil || json.Unmarshal(clear, &text) != nil {
			p.Message, p.Hint = "What is wrong is encrypted with the secret key of another server.", "Look at it on a server that has the key."
			continue
		}
		p.Value, p.Message, p.Hint, p.Sealed = text.Value, text.Message, text.Hint, nil
	}
	return problems, nil
}
