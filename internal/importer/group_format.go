package importer

import "homeroom/ent/db/bulkjob"

// groupFormat is what stands in a file of classes and groups.
var groupFormat = Format{
	Kind: bulkjob.KindIMPORT_GROUPS, Plural: "classes and groups", Template: "groups-template.csv",
	Identifying: []string{colDatabaseID, colExternalID, colName},
	Columns: []Column{
		{Name: colDatabaseID, Aliases: []string{"Homeroom ID"}, Help: "The ID of the group in Homeroom. Leave it blank for new groups."},
		{Name: colExternalID, Aliases: []string{"SIS ID", "Section SIS ID", "Class SIS ID", "Section ID", "Class ID", "Group ID", "Group External ID", "External Assigned ID", "sourcedId"},
			Help: "The school's own ID of the group, up to 64 characters, unique in the school."},
		{Name: colName, Aliases: []string{"Section Name", "Class Name", "Group Name", "Class/Group Name", "Title"}, Required: true, Or: colDatabaseID,
			Help: "Needed for new groups."},
		{Name: colSchool, Aliases: append([]string{"schoolSourcedId"}, schoolIDs...), Instead: schoolNames,
			Help: "The name, external ID or Database ID of the school. Needed unless the file is uploaded for one school."},
		{Name: colEducators, Aliases: []string{"Educator", "Teachers", "Teacher", "Teacher ID", "Teacher SIS ID"},
			Help: "External IDs, email addresses or Database IDs of those who teach the group, separated by semicolons. They are added."},
	},
}
