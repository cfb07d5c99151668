package student

import (
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
)

// format is what stands in a file of students.
var format = sheet.Format{
	Kind: bulkjob.KindIMPORT_STUDENTS, Plural: "students", Template: "students-template.csv",
	Identifying: []string{sheet.ColDatabaseID, sheet.ColStudentID, sheet.ColUsername},
	Columns: []sheet.Column{
		{Name: sheet.ColDatabaseID, Aliases: []string{"Homeroom ID"},
			Help: "The ID of the student in Homeroom, from an export. Do not change it; leave it blank for new students."},
		{
			Name: sheet.ColStudentID,
			Aliases: []string{"SIS ID", "External Assigned ID", "External ID", "Student SIS ID",
				"Student External ID", "sourcedId"},
			Instead:  []string{"Student Number"},
			Required: true,
			Or:       sheet.ColDatabaseID,
			Help:     "The district's own ID of the student, 1 to 64 characters. Leading zeros count.",
		},
		{Name: sheet.ColFirstName, Aliases: []string{"Given Name"}, Help: "Needed for new students."},
		{Name: sheet.ColLastName, Aliases: []string{"Family Name", "Surname"}, Help: "Needed for new students."},
		{
			Name:    sheet.ColUsername,
			Aliases: []string{"User Name", "Login"},
			Help:    "3 or more characters, unique in the district. Needed for new students.",
		},
		{Name: sheet.ColPassword, Help: "Optional. A blank cell keeps the password that the student has."},
		{
			Name:    sheet.ColGrade,
			Aliases: []string{"Grades", "Grade Level"},
			Help:    "PK, K, or 1 to 12. Needed for new students.",
		},
		{Name: sheet.ColSchool, Aliases: sheet.SchoolIDs, Instead: sheet.SchoolNames,
			Help: "The name, external ID or Database ID of the school. Needed for new students, " +
				"unless the file is uploaded for one school."},
		{Name: sheet.ColGroups, Aliases: []string{"Classes Groups", "Classes", "Groups", "Class", "Group"},
			Help: "Names, external IDs or Database IDs, separated by semicolons."},
		{Name: "Minutes", Exported: true, Help: "Comes with an export and is passed over."},
		{Name: "Last Active", Exported: true, Help: "Comes with an export and is passed over."},
	},
}
