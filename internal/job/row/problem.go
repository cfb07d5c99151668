package row

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/openhomeroom/homeroom/ent/db/bulkjobproblem"
	"github.com/openhomeroom/homeroom/internal/fault"
)

// The codes of problems, in addition to those of csvfile (a file that cannot be read)
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
	TooManyProblems = "TOO_MANY_PROBLEMS"
	Held            = "HELD"
	Expired         = "EXPIRED"
	MissingUnclear  = "MISSING_UNCLEAR"
	MissingKept     = "MISSING_KEPT"
	// TransactionTooLarge is the problem of a job that is all or nothing.
	TransactionTooLarge = "TRANSACTION_TOO_LARGE"

	// About a row.
	ExtraCells      = "EXTRA_CELLS"
	StrayQuote      = "STRAY_QUOTE"
	UnclearName     = "UNCLEAR_NAME"
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
	NotActive       = "NOT_ACTIVE"
	StillOnRecord   = "STILL_ON_RECORD"
	OtherRole       = "OTHER_ROLE"
	UnknownStatus   = "UNKNOWN_STATUS"

	// About a row that an undo has left as it is.
	ChangedSince = "CHANGED_SINCE"
	CannotUndo   = "CANNOT_UNDO"

	// About the person or thing that a row means.
	IDMismatch            = "ID_MISMATCH"
	IDReused              = "ID_REUSED"
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
	OneName               = "ONE_NAME"
	GroupsDoNotMove       = "GROUP_SCHOOL_FIXED"
	DistrictRoleForbidden = "DISTRICT_ROLE_FORBIDDEN"
	SetByOthers           = "SET_BY_OTHERS"
)

// Problem is one thing that is wrong, or odd, in a file. It is data in the
// report, not an error.
type Problem struct {
	Row     int
	Column  string // As the file has it, or empty.
	Warning bool
	Code    string
	Value   string // Never a password.
	Message string // A sentence.
	Hint    string // A sentence that says what to do.
	// Unseen says that the problem reveals somebody whom the submitter does not see; see
	// package probe.
	Unseen bool
	// Candidates are students whom the row may mean, among those that the submitter sees.
	Candidates []int
	// Outside is true if it names something outside the school of the job.
	Outside bool
	// Vague is true of an unknown text that resembles nothing on record.
	Vague bool
}

// FromFault makes a problem of a refusal that another part of the program words.
func FromFault(e *fault.Error, hint string) *Problem {
	return &Problem{Code: e.Code, Message: Sentence(e.Message), Hint: hint}
}

// Problemf makes a problem of a code, of what to do about it, and of a message.
func Problemf(code, hint, format string, args ...any) *Problem {
	return &Problem{Code: code, Message: fmt.Sprintf(format, args...), Hint: hint}
}

// Sentence makes a sentence of a fragment.
func Sentence(s string) string {
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

// Severity is that of the stored problem.
func (p *Problem) Severity() bulkjobproblem.Severity {
	if p.Warning {
		return bulkjobproblem.SeverityWARNING
	}
	return bulkjobproblem.SeverityERROR
}

// Shorten cuts text to at most n characters, and shows that it did.
func Shorten(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}
