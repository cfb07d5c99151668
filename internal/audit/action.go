package audit

import (
	"maps"
	"slices"
)

// Action is what happened.
type Action string

// Changes to the roster.
const (
	StudentCreated          Action = "STUDENT_CREATED"
	StudentRevived          Action = "STUDENT_REVIVED"
	StudentUpdated          Action = "STUDENT_UPDATED"
	StudentMoved            Action = "STUDENT_MOVED"
	StudentsDeleted         Action = "STUDENTS_DELETED"
	StudentsRestored        Action = "STUDENTS_RESTORED"
	DataPurged              Action = "DATA_PURGED"
	ErasureRequested        Action = "ERASURE_REQUESTED"
	ErasureCertified        Action = "ERASURE_CERTIFIED"
	StudentRecordDownloaded Action = "STUDENT_RECORD_DOWNLOADED"
	StudentErased           Action = "STUDENT_ERASED"
	EducatorErased          Action = "EDUCATOR_ERASED"

	StudentsAssigned Action = "STUDENTS_ASSIGNED"
	StudentsRemoved  Action = "STUDENTS_REMOVED"

	GroupCreated Action = "GROUP_CREATED"
	GroupUpdated Action = "GROUP_UPDATED"
	GroupDeleted Action = "GROUP_DELETED"

	OrganizationCreated Action = "ORGANIZATION_CREATED"
	SettingsChanged     Action = "SETTINGS_CHANGED"
	SettingApproved     Action = "SETTING_APPROVED"
	SettingPending      Action = "SETTING_PENDING"
	SettingWithdrawn    Action = "SETTING_WITHDRAWN"
	UsageRecorded       Action = "USAGE_RECORDED"
)

// Changes to accounts and keys.
const (
	SignedIn        Action = "SIGNED_IN"
	SignInRefused   Action = "SIGN_IN_REFUSED"
	SignedOut       Action = "SIGNED_OUT"
	SessionsRevoked Action = "SESSIONS_REVOKED"

	EducatorInvited      Action = "EDUCATOR_INVITED"
	EducatorAdded        Action = "EDUCATOR_ADDED"
	EducatorDisabled     Action = "EDUCATOR_DISABLED"
	EducatorEnabled      Action = "EDUCATOR_ENABLED"
	EducatorRolesChanged Action = "EDUCATOR_ROLES_CHANGED"
	LinkRequested        Action = "LINK_REQUESTED"
	LinkMade             Action = "LINK_MADE"
	PasswordSet          Action = "PASSWORD_SET"
	CredentialsEnded     Action = "CREDENTIALS_ENDED"
	AccountLinked        Action = "ACCOUNT_LINKED"
	OperationsRegistered Action = "OPERATIONS_REGISTERED"
	OperationsRemoved    Action = "OPERATIONS_REMOVED"
	AccountUnlinked      Action = "ACCOUNT_UNLINKED"

	SecondFactorAdded   Action = "SECOND_FACTOR_ADDED"
	SecondFactorRemoved Action = "SECOND_FACTOR_REMOVED"
	SecondFactorsReset  Action = "SECOND_FACTORS_RESET"
	RecoveryCodesMade   Action = "RECOVERY_CODES_MADE"
	PasskeyRenamed      Action = "PASSKEY_RENAMED"
	IdentityProved      Action = "IDENTITY_PROVED"

	KeyCreated Action = "KEY_CREATED"
	KeyRevoked Action = "KEY_REVOKED"
)

// Events of bulk jobs.
const (
	JobSubmitted     Action = "JOB_SUBMITTED"
	JobStarted       Action = "JOB_STARTED"
	JobHeld          Action = "JOB_HELD"
	JobApproved      Action = "JOB_APPROVED"
	JobCanceled      Action = "JOB_CANCELED"
	JobRowCorrected  Action = "JOB_ROW_CORRECTED"
	JobUndoRequested Action = "JOB_UNDO_REQUESTED"
	JobRowsApplied   Action = "JOB_ROWS_APPLIED"
	JobRowsUndone    Action = "JOB_ROWS_UNDONE"
	JobFinished      Action = "JOB_FINISHED"
)

// Reads and refusals.
const (
	StudentsRead         Action = "STUDENTS_READ"
	StudentsWatched      Action = "STUDENTS_WATCHED"
	GraphiQLOpened       Action = "GRAPHIQL_OPENED"
	NoticeDownloaded     Action = "NOTICE_DOWNLOADED"
	StudentsExported     Action = "STUDENTS_EXPORTED"
	FailedRowsDownloaded Action = "FAILED_ROWS_DOWNLOADED"
	AuditRead            Action = "AUDIT_READ"
	AuditDownloaded      Action = "AUDIT_DOWNLOADED"
	AccessRefused        Action = "ACCESS_REFUSED"
	TakenAnswersStopped  Action = "TAKEN_ANSWERS_STOPPED"
	RefusalsCounted      Action = "REFUSALS_COUNTED"
	OperatorCommand      Action = "OPERATOR_COMMAND"
	NumbersRepaired      Action = "NUMBERS_REPAIRED"
	DatabaseMigrated     Action = "DATABASE_MIGRATED"
	SampleDistrictMade   Action = "SAMPLE_DISTRICT_MADE"
)

// meanings describes each action in words, for the API and docs/audit.md. An entry with an
// action that is not here is refused.
var meanings = map[Action]string{
	StudentCreated: "A student was created.",
	StudentRevived: "A deleted student came back, under the same Student ID.",
	StudentUpdated: "A student was changed.",
	StudentMoved:   "A student moved to another school; each of the two schools has an entry.",
	StudentsDeleted: "Students were deleted, that is, hidden and taken out of their groups; one entry for each " +
		"school.",
	StudentsRestored:        "Deleted students were brought back, with their groups; one entry for each school.",
	ErasureRequested:        "Somebody requested the erasure of a student, who is hidden from then on.",
	ErasureCertified:        "The personal data of a student was erased on request; the entry is the certificate.",
	StudentRecordDownloaded: "Everything that is stored about one student was exported as one document.",
	DataPurged: "The personal data of deleted students was erased, " +
		"because their retention had ended; the facts count them.",
	StudentErased:  "The personal data of a student was erased from the audit trail, too.",
	EducatorErased: "The personal data of an educator was erased from the audit trail, too.",

	StudentsAssigned: "Students were put into groups; one entry for each school.",
	StudentsRemoved:  "Students were taken out of groups; one entry for each school.",

	GroupCreated: "A group was created.",
	GroupUpdated: "A group was changed.",
	GroupDeleted: "A group was removed; its students stay.",

	OrganizationCreated: "A district or school was created.",
	SettingsChanged:     "The settings of an organization were changed.",
	SettingApproved:     "A second administrator approved a pending setting, which took effect at once.",
	SettingPending: "Somebody asked to make a hold, a retention or the requirement of a second factor less strict; " +
		"the setting waits.",
	SettingWithdrawn: "A pending setting was withdrawn.",
	UsageRecorded:    "Usage was recorded; one entry for each request.",

	SignedIn:        "Somebody signed in.",
	SignInRefused:   "Somebody tried to sign in; the code says why it was refused.",
	SignedOut:       "Somebody signed out.",
	SessionsRevoked: "Somebody ended sessions of the own account.",

	EducatorInvited:      "An educator got an account and an invitation.",
	EducatorAdded:        "An educator got an account or a role.",
	EducatorDisabled:     "An account was disabled.",
	EducatorEnabled:      "A disabled account was enabled again.",
	EducatorRolesChanged: "The roles of an educator at an organization were changed or ended.",
	LinkRequested:        "Somebody asked for a link to set a new password.",
	LinkMade:             "A link to set a password was made.",
	OperationsRegistered: "The operator registered operations that clients may run.",
	OperationsRemoved:    "The operator removed operations that clients could run.",
	AccountLinked:        "An account was linked to a person at an OpenID provider, who can sign in to it from then on.",
	AccountUnlinked:      "The operator unlinked an account from OpenID providers.",
	PasswordSet:          "A password was set; all sessions of the account ended.",
	CredentialsEnded: "An account got a role or a class. Its password or address had been set by somebody who does not " +
		"administer " +
		"everything it then had, so its password, sessions, links and persons at providers ended.",

	SecondFactorAdded:   "Somebody set up a second factor; the other sessions of the account ended.",
	SecondFactorRemoved: "Somebody removed a second factor of the own account; its other sessions ended.",
	SecondFactorsReset: "Somebody else removed the second factors of an account for its owner; all its sessions and " +
		"links ended.",
	RecoveryCodesMade: "New recovery codes were made; earlier ones no longer work.",
	PasskeyRenamed:    "A passkey was renamed.",
	IdentityProved:    "Somebody who was signed in proved their identity again.",

	KeyCreated: "A service key was made.",
	KeyRevoked: "A service key was revoked.",

	JobSubmitted:     "A bulk job was submitted.",
	JobStarted:       "A bulk job was started.",
	JobHeld:          "A bulk job waits for a second administrator.",
	JobApproved:      "A second administrator approved a bulk job.",
	JobCanceled:      "A bulk job was canceled.",
	JobRowCorrected:  "Cells of a row of a bulk job were corrected before it was started.",
	JobUndoRequested: "Somebody asked to undo a bulk job.",
	JobRowsApplied:   "Rows of a bulk job were written; the rows themselves say what changed.",
	JobRowsUndone:    "Rows of a bulk job were put back.",
	JobFinished:      "A bulk job ended.",

	StudentsRead: "An operation returned students: lists, groups with students, nodes, " +
		"changes and problems of a job.",
	StudentsWatched:      "A subscription that returns personal data began.",
	GraphiQLOpened:       "Somebody opened GraphiQL.",
	NoticeDownloaded:     "The CSV of the students in the notice was downloaded.",
	StudentsExported:     "Students were exported as CSV.",
	FailedRowsDownloaded: "The refused rows of a bulk job were downloaded as CSV.",
	AuditRead:            "Somebody read the audit trail.",
	AuditDownloaded:      "The audit trail was downloaded as CSV.",
	AccessRefused:        "Something was refused; the code says why.",
	TakenAnswersStopped: "In one day somebody learned too often that an ID or username is taken by somebody they cannot " +
		"see; " +
		"further answers are withheld.",
	RefusalsCounted:    "Further refusals of the same caller in the same minute, as a count.",
	OperatorCommand:    "The operator ran a command that changes or exports personal data.",
	NumbersRepaired:    "The doctor repaired numbers that are derived from others.",
	DatabaseMigrated:   "The tables were brought up to date.",
	SampleDistrictMade: "A made-up district was written.",
}

// Actions returns all actions in the order of their names.
func Actions() []Action { return slices.Sorted(maps.Keys(meanings)) }

// Meaning describes an action in words; empty for one that is not known.
func (a Action) Meaning() string { return meanings[a] }
