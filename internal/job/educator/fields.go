package educator

import (
	"unicode/utf8"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/field"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// Fields are the fields of an educator; see roster.StudentFields. A role is held at a
// school, and has its own table.
var Fields = field.Table[db.Educator]{
	{File: field.Column{Name: field.ColDatabaseID, Aliases: []string{"Homeroom ID"}, Identifies: true,
		Help: "The ID of the educator in Homeroom. Leave it blank for new educators."}},
	{
		File: field.Column{
			Name:       field.ColExternalID,
			Identifies: true,
			Aliases: []string{"SIS ID", "Teacher SIS ID", "Teacher ID", "Educator ID", "Staff ID",
				"External Assigned ID", "sourcedId"},
			Instead: []string{"Teacher Number", "Staff Number", "ID"},
			Help:    "The district's own ID for the educator, up to 64 characters.",
		},
		API:      "externalId",
		DB:       educator.FieldExternalID,
		Is:       "external ID",
		Optional: true,
		Stays:    true,
		Reading:  field.Identifier,
		Hint:     "Shorten it.",
		Get:      func(e *db.Educator) (any, string) { return bulk.Optional(e.ExternalID), row.Deref(e.ExternalID) },
		Check:    checkExternalID,
		Taken:    row.ExternalIDTaken,
	},
	{
		File: field.Column{
			Name:     field.ColFirstName,
			Aliases:  []string{"Given Name"},
			Required: true,
			Or:       []string{field.ColDatabaseID},
			Person:   true,
			Help:     "Needed for new educators.",
		},
		API: "firstName", DB: educator.FieldFirstName, Is: "first name", At: func(e *db.Educator) *string {
			return &e.FirstName
		},
		Reading: field.Words, Check: longest("first name", roster.MaxName), Hint: "Shorten it.",
	},
	{
		File: field.Column{
			Name:     field.ColLastName,
			Aliases:  []string{"Family Name", "Surname"},
			Required: true,
			Or:       []string{field.ColDatabaseID},
			Person:   true,
			Help:     "Needed for new educators.",
		},
		API: "lastName", DB: educator.FieldLastName, Is: "last name", At: func(e *db.Educator) *string { return &e.LastName },
		Reading: field.Words, Check: longest("last name", roster.MaxName), Hint: "Shorten it.",
	},
	{
		// An address is checked by the kind: it belongs to who signs in, in the whole installation.
		File: field.Column{
			Name:       field.ColEmail,
			Aliases:    []string{"E-mail", "Email Address", "E-mail Address"},
			Identifies: true,
			Help:       "The address to sign in with. Without one, nobody can sign in.",
		},
		API: "email", DB: educator.FieldEmail, Is: "address", At: func(e *db.Educator) *string {
			return &e.Email
		}, Optional: true,
	},
	{
		File: field.Column{
			Name:       field.ColUsername,
			Aliases:    []string{"User Name", "Login"},
			Identifies: true,
			Help:       "Optional.",
		},
		API: "username", DB: educator.FieldUsername, Is: "username", At: func(e *db.Educator) *string {
			return &e.Username
		}, Optional: true,
		Reading: field.Identifier, Check: longest("username", row.MaxKeyLength), Hint: "Shorten it.",
	},
	{
		File: field.Column{Name: field.ColPassword, Secret: true,
			Help: "Optional, at least 8 characters. A blank cell keeps the current password."},
		DB:  educator.FieldPasswordHash,
		Get: func(e *db.Educator) (any, string) { return bulk.Nullable(e.PasswordHash), "" },
	},
	{File: field.Column{Name: field.ColRole, Aliases: []string{"Account Type"},
		Help: "Teacher, School Administrator or District Administrator. A blank cell means Teacher."}},
	{File: field.Column{Name: field.ColSchool, Aliases: field.SchoolIDs, Instead: field.SchoolNames,
		Help: "The name, external ID or Database ID of the school at which the role is held."}},
	{
		DB: educator.FieldSortName, At: func(e *db.Educator) *string { return &e.SortName },
		Made: func(text func(string) string) string {
			return fold.SortName(text(educator.FieldLastName), text(educator.FieldFirstName))
		},
		From: []string{educator.FieldLastName, educator.FieldFirstName},
	},
	{
		// Nobody has an empty address, so there is no key of it.
		DB: educator.FieldEmailKey, Taken: row.EmailTaken, From: []string{educator.FieldEmail},
		Get: func(e *db.Educator) (any, string) { return bulk.Optional(e.EmailKey), row.Deref(e.EmailKey) },
	},
}

// checkExternalID refuses the external IDs of accounts that the server creates for itself.
func checkExternalID(s string) *fault.Error {
	if identity.IsReserved(s) {
		return fault.Invalidf("external IDs that begin with homeroom-operator or homeroom-key- belong to accounts of the " +
			"server").WithCode(row.ExternalIDTaken)
	}
	return row.CheckExternalID(s)
}

// longest checks how long a text is.
func longest(what string, most int) func(string) *fault.Error {
	return func(s string) *fault.Error {
		if utf8.RuneCountInString(s) > most {
			return fault.Invalidf("the %s has more than %d characters", what, most).WithCode(row.TooLong)
		}
		return nil
	}
}

// The fields over which the loops of this kind go.
var (
	stored   = Fields.Stored()
	compared = Fields.Compared()
	fixed    = Fields.Fixed()
	open     = stored.Where(func(f *field.Field[db.Educator]) bool { return !f.File.Secret })
)
