package group

import (
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
)

// format is what stands in a file of classes and groups.
var format = sheet.Format{
	Kind: bulkjob.KindIMPORT_GROUPS, Plural: "classes and groups", Template: "groups-template.csv",
	Identifying: []string{sheet.ColDatabaseID, sheet.ColExternalID, sheet.ColName},
	Columns: []sheet.Column{
		{
			Name:    sheet.ColDatabaseID,
			Aliases: []string{"Homeroom ID"},
			Help:    "The ID of the group in Homeroom. Leave it blank for new groups.",
		},
		{
			Name: sheet.ColExternalID,
			Aliases: []string{"SIS ID", "Section SIS ID", "Class SIS ID", "Section ID", "Class ID", "Group ID",
				"Group External ID", "External Assigned ID", "sourcedId"},
			Help: "The school's own ID of the group, up to 64 characters, unique in the school.",
		},
		{
			Name:     sheet.ColName,
			Aliases:  []string{"Section Name", "Class Name", "Group Name", "Class/Group Name", "Title"},
			Required: true,
			Or:       sheet.ColDatabaseID,
			Help:     "Needed for new groups.",
		},
		{Name: sheet.ColSchool, Aliases: append([]string{"schoolSourcedId"}, sheet.SchoolIDs...), Instead: sheet.SchoolNames,
			Help: "The name, external ID or Database ID of the school. Needed unless the file is uploaded for one school."},
		{Name: sheet.ColEducators, Aliases: []string{"Educator", "Teachers", "Teacher", "Teacher ID", "Teacher SIS ID"},
			Help: "External IDs, email addresses or Database IDs of those who teach the group, " +
				"separated by semicolons. They are added."},
	},
}
