package enrollment

import (
	"slices"

	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/field"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
)

// format describes a file of enrollments. A line has no fields of its own: it names a
// person and a group.
var format = sheet.Format{
	Kind: bulkjob.KindIMPORT_ENROLLMENTS, Plural: "enrollments", Template: "enrollments-template.csv",
	Whose:       sheet.OwnStudent,
	Identifying: []string{field.ColPerson},
	Columns: []field.Column{
		{Name: field.ColGroups, Required: true,
			Aliases: groupIDs,
			Instead: []string{"Section", "Class", "Group", "Classes", "Groups", "Section Name", "Class Name", "Group Name"},
			Help:    "The external ID, Database ID or name of one group."},
		{Name: field.ColPerson, Required: true,
			Aliases: []string{"SIS ID", "Student SIS ID", "Student ID", "User Sourced ID", "User ID", "Student External ID",
				"External ID", "External Assigned ID", "Teacher SIS ID", "Teacher ID", "Educator ID", "Database ID"},
			Instead: []string{"Student Number"},
			Help:    "The Student ID of a student, or the external ID of an educator. A Database ID works, too."},
		{Name: field.ColRole, Help: "Optional: Student or Teacher. Needed if one ID belongs to both."},
	},
	Roles: []sheet.Role{sheet.Student, sheet.Teacher},
	Signs: []sheet.Sign{
		{
			Rank: 10,
			Sure: true,
			Has: [][]string{{"Person ID"},
				slices.Concat(sections,
					[]string{"Classes/Groups", "Classes", "Groups", "Section Name", "Class Name", "Group Name"})},
			Lacks: []string{"Student ID", "Student SIS ID"},
		},
		{Rank: 40, Sure: true, Has: [][]string{{"Section SIS ID", "Class SIS ID", "Class Sourced ID", "Section ID"}, people},
			Lacks: slices.Concat(names, []string{"Password", "Grade", "Username"})},
		// Who teaches which class and who is in it, one student in each row.
		{Rank: 42, Sure: true, Has: [][]string{slices.Concat(sections, []string{"Section Name", "Class Name", "Group Name"}),
			{"Student ID", "Student SIS ID", "Student External ID", "Student Number"}, {"teacher*", "educator*", "staff*"}},
			Lacks: []string{"First Name", "Last Name", "Given Name", "Family Name", "Username", "Password", "Teacher ID",
				"Teacher SIS ID", "Educator ID"}},
		{Rank: 41, Has: [][]string{sections, people}, Lacks: names},
	},
	// StudentEnrollment and TeacherRoster are enrollments.
	Words: []sheet.Word{{Rank: 10, Text: "enrol"}, {Rank: 11, Text: "roster"}},
	// Students and their groups, and nothing else, are the same either way.
	Twin: bulkjob.KindIMPORT_STUDENTS,
}

var (
	groupIDs = []string{"Section SIS ID", "Class SIS ID", "Class Sourced ID", "Section ID", "Class ID", "Group ID",
		"Group External ID", "Group Database ID"}
	sections = slices.Concat(groupIDs, []string{"Section", "Group", "Class"})
	people   = []string{"SIS ID", "Student SIS ID", "Student ID", "User Sourced ID", "User ID", "Student External ID",
		"Teacher SIS ID", "Teacher ID", "Educator ID", "External ID", "Database ID"}
	// With a name, a line is about a thing, and not about who belongs together.
	names = []string{"Name", "Title", "Section Name", "Class Name", "Group Name", "School Name"}
)
