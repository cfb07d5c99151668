package importer

import "homeroom/ent/db/bulkjob"

// schoolFormat is what stands in a file of schools.
var schoolFormat = Format{
	Kind: bulkjob.KindIMPORT_ORGANIZATIONS, Plural: "schools", Template: "schools-template.csv",
	Identifying: []string{colDatabaseID, colExternalID, colName},
	Columns: []Column{
		{Name: colDatabaseID, Aliases: []string{"Homeroom ID"}, Help: "The ID of the school in Homeroom. Leave it blank for new schools."},
		{Name: colExternalID, Aliases: []string{"SIS ID", "School SIS ID", "School ID", "Organization ID", "Organization Number", "External Assigned ID", "sourcedId"},
			Instead: []string{"School Number"}, Help: "The district's own ID of the school, up to 64 characters."},
		{Name: colName, Aliases: []string{"School Name", "Organization Name"}, Required: true, Help: "The name of the school."},
		{Name: colType, Aliases: []string{"Organization Type"}, Help: "Optional. Only schools are created."},
	},
}
