package student

import (
	"slices"

	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// format describes a file of students.
var format = sheet.Format{
	Kind: bulkjob.KindIMPORT_STUDENTS, Plural: "students", Template: "students-template.csv", Whose: sheet.OwnStudent,
	Columns: roster.StudentFields.Columns(), Identifying: roster.StudentFields.Identifying(),
	Roles: []sheet.Role{sheet.Student}, Own: ofStudents,
	Signs: []sheet.Sign{
		// The names may only be there for readers, next to the IDs of an enrollment.
		{Rank: 20, Has: [][]string{firstNames, lastNames, sections}},
		{Rank: 21, Has: [][]string{firstNames, lastNames, ofStudents}, Lacks: ofEducators, Sure: true},
		{Rank: 24, Has: [][]string{firstNames, lastNames}},
		// As in a list with whole names.
		{Rank: 25, Has: [][]string{{"Student ID", "Student Number", "Student SIS ID"},
			{"Username", "User Name", "Login", "Grade", "Grade Level", "Grades"}},
			Lacks: slices.Concat(ofEducators, sections), Sure: true},
		{Rank: 30, Has: [][]string{{"Classes/Groups", "Classes", "Groups"}, {"Student ID", "Database ID", "Student SIS ID"}}},
	},
	Words: []sheet.Word{{Rank: 20, Text: "student"}, {Rank: 21, Text: "pupil"}},
}

var (
	firstNames = []string{"First Name", "Given Name"}
	lastNames  = []string{"Last Name", "Family Name", "Surname"}
	sections   = []string{"Section SIS ID", "Class SIS ID", "Class Sourced ID", "Section ID", "Class ID", "Group ID",
		"Group External ID", "Group Database ID", "Section", "Group", "Class"}
	ofStudents = []string{"Student ID", "Student Number", "Grade", "Grade Level", "Grades", "Classes/Groups",
		"Graduation Year", "Student SIS ID"}
	// A list of educators says what they do, or speaks of them in its headers.
	ofEducators = []string{"Role", "Account Type", "Qualification", "Title", "teacher*", "educator*", "staff*"}
)
