package school

import (
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
)

// format describes a file of schools.
var format = sheet.Format{
	Kind: bulkjob.KindIMPORT_ORGANIZATIONS, Plural: "schools", Template: "schools-template.csv", Whose: sheet.OwnSchool,
	Columns: Fields.Columns(), Identifying: Fields.Identifying(),
	Signs: []sheet.Sign{
		{Rank: 60, Sure: true, Has: [][]string{
			{"Name", "Title", "Section Name", "Class Name", "Group Name", "School Name"},
			{"principal*", "schoolnces*", "schoolnumber*", "gradelow*"},
		}},
		{Rank: 80, Has: [][]string{{"Name", "School Name"},
			{"SIS ID", "External ID", "School ID", "School SIS ID", "sourcedId", "Type"}}, Lacks: ofPeople},
	},
	Words: []sheet.Word{{Rank: 50, Text: "school"}, {Rank: 51, Text: "org"}},
}

// ofPeople are columns that a list of schools does not have.
var ofPeople = []string{"Student ID", "Student Number", "Student SIS ID", "Username", "User Name", "Login", "Password",
	"Grade", "Grades", "Classes/Groups", "First Name", "Last Name"}
