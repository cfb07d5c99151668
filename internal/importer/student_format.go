package importer

import "homeroom/ent/db/bulkjob"

// studentFormat is what stands in a file of students.
var studentFormat = Format{
	Kind: bulkjob.KindIMPORT_STUDENTS, Plural: "students", Template: "students-template.csv",
	Identifying: []string{colDatabaseID, colStudentID, colUsername},
	Columns: []Column{
		{Name: colDatabaseID, Aliases: []string{"Homeroom ID"},
			Help: "The ID of the student in Homeroom, from an export. Do not change it; leave it blank for new students."},
		{Name: colStudentID, Aliases: []string{"SIS ID", "External Assigned ID", "External ID", "Student SIS ID", "Student External ID", "sourcedId"},
			Instead: []string{"Student Number"}, Required: true, Or: colDatabaseID,
			Help: "The district's own ID of the student, 1 to 64 characters. Leading zeros count."},
		{Name: colFirstName, Aliases: []string{"Given Name"}, Help: "Needed for new students."},
		{Name: colLastName, Aliases: []string{"Family Name", "Surname"}, Help: "Needed for new students."},
		{Name: colUsername, Aliases: []string{"User Name", "Login"}, Help: "3 or more characters, unique in the district. Needed for new students."},
		{Name: colPassword, Help: "Optional. A blank cell keeps the password that the student has."},
		{Name: colGrade, Aliases: []string{"Grades", "Grade Level"}, Help: "PK, K, or 1 to 12. Needed for new students."},
		{Name: colSchool, Aliases: schoolIDs, Instead: schoolNames,
			Help: "The name, external ID or Database ID of the school. Needed for new students, unless the file is uploaded for one school."},
		{Name: colGroups, Aliases: []string{"Classes Groups", "Classes", "Groups", "Class", "Group"},
			Help: "Names, external IDs or Database IDs, separated by semicolons."},
		{Name: "Minutes", Exported: true, Help: "Comes with an export and is passed over."},
		{Name: "Last Active", Exported: true, Help: "Comes with an export and is passed over."},
	},
}
