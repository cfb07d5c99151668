package importer

import "homeroom/ent/db/bulkjob"

// educatorFormat is what stands in a file of educators.
var educatorFormat = Format{
	Kind: bulkjob.KindIMPORT_EDUCATORS, Plural: "educators", Template: "educators-template.csv",
	Identifying: []string{colDatabaseID, colExternalID, colEmail, colUsername},
	Columns: []Column{
		{Name: colDatabaseID, Aliases: []string{"Homeroom ID"}, Help: "The ID of the educator in Homeroom. Leave it blank for new educators."},
		{Name: colExternalID, Aliases: []string{"SIS ID", "Teacher SIS ID", "Teacher ID", "Educator ID", "Staff ID", "External Assigned ID", "sourcedId"},
			Instead: []string{"Teacher Number", "Staff Number"}, Help: "The district's own ID of the educator, up to 64 characters."},
		{Name: colFirstName, Aliases: []string{"Given Name"}, Required: true, Or: colDatabaseID, Help: "Needed for new educators."},
		{Name: colLastName, Aliases: []string{"Family Name", "Surname"}, Required: true, Or: colDatabaseID, Help: "Needed for new educators."},
		{Name: colEmail, Aliases: []string{"E-mail", "Email Address", "E-mail Address"}, Help: "The address to sign in with. Nobody signs in without one."},
		{Name: colUsername, Aliases: []string{"User Name", "Login"}, Help: "Optional."},
		{Name: colPassword, Help: "Optional, at least 8 characters. A blank cell keeps the password that the educator has."},
		{Name: colRole, Aliases: []string{"Account Type"}, Help: "Teacher, School Administrator or District Administrator; Teacher where blank."},
		{Name: colSchool, Aliases: schoolIDs, Instead: schoolNames,
			Help: "The name, external ID or Database ID of the school at which the role is held."},
	},
}
