package educator

import (
	"slices"

	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
)

// format describes a file of educators.
var format = sheet.Format{
	Kind: bulkjob.KindIMPORT_EDUCATORS, Plural: "educators", Template: "educators-template.csv", Whose: sheet.OwnEducator,
	Columns: Fields.Columns(), Identifying: Fields.Identifying(),
	Roles: []sheet.Role{sheet.Teacher, sheet.Staff}, Own: ofEducators,
	Signs: []sheet.Sign{
		{
			Rank: 22,
			Sure: true,
			Has: [][]string{firstNames, lastNames,
				{"Role", "Account Type", "Qualification", "Title", "teacher*", "educator*", "staff*"}},
			// Lists of all users have a role as well.
			Lacks: slices.Concat(ofStudents, []string{"sourcedId", "orgSourcedIds", "enabledUser"}),
		},
		{Rank: 23, Has: [][]string{firstNames, lastNames, {"Email", "Email Address"}}, Lacks: ofStudents},
	},
	Words: []sheet.Word{{Rank: 30, Text: "teacher"}, {Rank: 31, Text: "educator"}, {Rank: 32, Text: "staff"},
		{Rank: 33, Text: "faculty"}, {Rank: 34, Text: "instructor"}, {Rank: 35, Text: "personnel"},
		{Rank: 36, Text: "employee"}},
}

var (
	firstNames  = []string{"First Name", "Given Name"}
	lastNames   = []string{"Last Name", "Family Name", "Surname"}
	ofEducators = []string{"Role", "Account Type", "Qualification", "Title", "Email", "Email Address", "teacher*",
		"educator*", "staff*"}
	ofStudents = []string{"Student ID", "Student Number", "Grade", "Grade Level", "Grades", "Classes/Groups",
		"Graduation Year", "Student SIS ID"}
)
