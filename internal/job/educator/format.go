package educator

import (
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
)

// format is what stands in a file of educators.
var format = sheet.Format{
	Kind: bulkjob.KindIMPORT_EDUCATORS, Plural: "educators", Template: "educators-template.csv",
	Identifying: []string{sheet.ColDatabaseID, sheet.ColExternalID, sheet.ColEmail, sheet.ColUsername},
	Columns: []sheet.Column{
		{
			Name:    sheet.ColDatabaseID,
			Aliases: []string{"Homeroom ID"},
			Help:    "The ID of the educator in Homeroom. Leave it blank for new educators.",
		},
		{
			Name: sheet.ColExternalID,
			Aliases: []string{"SIS ID", "Teacher SIS ID", "Teacher ID", "Educator ID", "Staff ID",
				"External Assigned ID", "sourcedId"},
			Instead: []string{"Teacher Number", "Staff Number"},
			Help:    "The district's own ID of the educator, up to 64 characters.",
		},
		{
			Name:     sheet.ColFirstName,
			Aliases:  []string{"Given Name"},
			Required: true,
			Or:       sheet.ColDatabaseID,
			Help:     "Needed for new educators.",
		},
		{
			Name:     sheet.ColLastName,
			Aliases:  []string{"Family Name", "Surname"},
			Required: true,
			Or:       sheet.ColDatabaseID,
			Help:     "Needed for new educators.",
		},
		{
			Name:    sheet.ColEmail,
			Aliases: []string{"E-mail", "Email Address", "E-mail Address"},
			Help:    "The address to sign in with. Nobody signs in without one.",
		},
		{Name: sheet.ColUsername, Aliases: []string{"User Name", "Login"}, Help: "Optional."},
		{
			Name: sheet.ColPassword,
			Help: "Optional, at least 8 characters. A blank cell keeps the password that the educator has.",
		},
		{
			Name:    sheet.ColRole,
			Aliases: []string{"Account Type"},
			Help:    "Teacher, School Administrator or District Administrator; Teacher where blank.",
		},
		{Name: sheet.ColSchool, Aliases: sheet.SchoolIDs, Instead: sheet.SchoolNames,
			Help: "The name, external ID or Database ID of the school at which the role is held."},
	},
}
