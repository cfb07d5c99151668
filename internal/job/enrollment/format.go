package enrollment

import (
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
)

// format is what stands in a file of enrollments.
var format = sheet.Format{
	Kind: bulkjob.KindIMPORT_ENROLLMENTS, Plural: "enrollments", Template: "enrollments-template.csv",
	Identifying: []string{sheet.ColPerson},
	Columns: []sheet.Column{
		{Name: sheet.ColGroups, Required: true,
			Aliases: []string{"Section SIS ID", "Class SIS ID", "Class Sourced ID", "Section ID", "Class ID", "Group ID",
				"Group External ID", "Group Database ID"},
			Instead: []string{"Section", "Class", "Group", "Classes", "Groups", "Section Name", "Class Name", "Group Name"},
			Help:    "The external ID, Database ID or name of one group."},
		{Name: sheet.ColPerson, Required: true,
			Aliases: []string{"SIS ID", "Student SIS ID", "Student ID", "User Sourced ID", "User ID", "Student External ID",
				"External ID", "External Assigned ID", "Teacher SIS ID", "Teacher ID", "Educator ID", "Database ID"},
			Instead: []string{"Student Number"},
			Help:    "The Student ID of a student, or the external ID of an educator; a Database ID will do, too."},
		{Name: sheet.ColRole, Help: "Optional. Student or Teacher, where one ID belongs to both."},
	},
}
