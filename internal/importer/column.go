package importer

import (
	"strings"
	"unicode"

	"homeroom/ent/db/bulkjob"
	"homeroom/internal/fold"
)

// Column is a column that the importer understands in the files of one kind.
// Headers are compared without regard to case, accents, spaces and signs, so
// that student_id is Student ID.
type Column struct {
	// Name is the header in exports and templates.
	Name string
	// Aliases are other headers that mean the same. Two of them in one file are
	// refused, because it cannot be known which one is meant.
	Aliases []string
	// Instead are headers that are taken only where there is none of the others.
	Instead []string
	// Required columns must be in the file. Where Or is set, that column will do.
	Required bool
	Or       string
	// Exported columns come with an export and are passed over.
	Exported bool
	// Help says in a sentence what to write.
	Help string
}

// The names of the columns. They are the keys of the table below, and what the
// preview shows as the field that changes.
const (
	colDatabaseID = "Database ID"
	colStudentID  = "Student ID"
	colExternalID = "External ID"
	colFirstName  = "First Name"
	colLastName   = "Last Name"
	colUsername   = "Username"
	colPassword   = "Password"
	colGrade      = "Grade"
	colSchool     = "School"
	colGroups     = "Classes/Groups"
	colName       = "Name"
	colEducators  = "Educators"
	colEmail      = "Email"
	colRole       = "Role"
	colType       = "Type"
	colPerson     = "Person ID"

	// fieldDeleted is no column; a student who comes back shows it.
	fieldDeleted = "Deleted"
)

var (
	schoolIDs   = []string{"School SIS ID", "School ID", "School External ID", "School Sourced ID", "orgSourcedIds", "Organization ID"}
	schoolNames = []string{"School Name", "Organization", "Organization Name"}
)

// columns is what the importer reads, for each kind of file.
var columns = map[bulkjob.Kind][]Column{
	bulkjob.KindIMPORT_STUDENTS: {
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
	bulkjob.KindIMPORT_GROUPS: {
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
	bulkjob.KindIMPORT_EDUCATORS: {
		{Name: colDatabaseID, Aliases: []string{"Homeroom ID"}, Help: "The ID of the educator in Homeroom. Leave it blank for new educators."},
		{Name: colExternalID, Aliases: []string{"SIS ID", "Teacher SIS ID", "Teacher ID", "Educator ID", "Staff ID", "External Assigned ID", "sourcedId"},
			Instead: []string{"Teacher Number", "Staff Number"}, Help: "The district's own ID of the educator, up to 64 characters."},
		{Name: colFirstName, Aliases: []string{"Given Name"}, Required: true, Or: colDatabaseID, Help: "Needed for new educators."},
		{Name: colLastName, Aliases: []string{"Family Name", "Surname"}, Required: true, Or: colDatabaseID, Help: "Needed for new educators."},
		{Name: colEmail, Aliases: []string{"E-mail", "Email Address", "E-mail Address"}, Help: "The address to sign in with. Nobody signs in without one."},
		{Name: colUsername, Aliases: []string{"User Name", "Login"}, Help: "Optional."},
		{Name: colPassword, Help: "Optional, at least 8 characters. A blank cell keeps the password that the educator has."},
		{Name: colRole, Aliases: []string{"Account Type"}, Help: "Teacher, School Administrator or District Administrator; Teacher where blank."},
		{Name: colSchool, Aliases: schoolIDs, Instead: schoolNames,
			Help: "The name, external ID or Database ID of the school at which the role is held."},
	},
	bulkjob.KindIMPORT_ORGANIZATIONS: {
		{Name: colDatabaseID, Aliases: []string{"Homeroom ID"}, Help: "The ID of the school in Homeroom. Leave it blank for new schools."},
		{Name: colExternalID, Aliases: []string{"SIS ID", "School SIS ID", "School ID", "Organization ID", "Organization Number", "External Assigned ID", "sourcedId"},
			Instead: []string{"School Number"}, Help: "The district's own ID of the school, up to 64 characters."},
		{Name: colName, Aliases: []string{"School Name", "Organization Name"}, Required: true, Help: "The name of the school."},
		{Name: colType, Aliases: []string{"Organization Type"}, Help: "Optional. Only schools are created."},
	},
	bulkjob.KindIMPORT_ENROLLMENTS: {
		{Name: colGroups, Required: true,
			Aliases: []string{"Section SIS ID", "Class SIS ID", "Class Sourced ID", "Section ID", "Class ID", "Group ID", "Group External ID", "Group Database ID"},
			Instead: []string{"Section", "Class", "Group", "Classes", "Groups", "Section Name", "Class Name", "Group Name"},
			Help:    "The external ID, Database ID or name of one group."},
		{Name: colPerson, Required: true,
			Aliases: []string{"SIS ID", "Student SIS ID", "Student ID", "User Sourced ID", "User ID", "Student External ID", "External ID", "External Assigned ID", "Teacher SIS ID", "Teacher ID", "Educator ID", "Database ID"},
			Instead: []string{"Student Number"},
			Help:    "The Student ID of a student, or the external ID of an educator; a Database ID will do, too."},
		{Name: colRole, Help: "Optional. Student or Teacher, where one ID belongs to both."},
	},
}

// Columns returns the columns of a kind of file, in the order of the templates.
func Columns(kind bulkjob.Kind) []Column { return columns[kind] }

// headerKey is the form in which headers are compared.
func headerKey(header string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsNumber(r) {
			return r
		}
		return -1
	}, fold.Text(header))
}
