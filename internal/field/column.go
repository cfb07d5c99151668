package field

import "slices"

// Column is a column in the files of one kind. Headers are compared without case, accents,
// spaces and punctuation, so student_id is Student ID.
type Column struct {
	// Name is the header in exports and templates.
	Name string
	// Aliases are other headers with the same meaning. A file with two of them is refused,
	// because it is unclear which one is meant.
	Aliases []string
	// Instead lists headers that are used only if the file has none of the others.
	Instead []string
	// Weak lists headers that are used only if the file would be refused otherwise: if the
	// column is required, or if nothing else in the file could change anything.
	Weak []string
	// Required columns must be in the file. Any column of Or is enough instead; the first is
	// as good.
	Required bool
	Or       []string
	// Exported columns are in exports; an import ignores them.
	Exported bool
	// Identifies says that the column identifies whom or what a row is about, or that its
	// values are unique. Rows that share no value in such columns cannot affect each
	// other.
	Identifies bool
	// Person says that the column holds somebody's first or last name.
	Person bool
	// Secret says that nobody may read the values of the column.
	Secret bool
	// Help says in one sentence what to write.
	Help string
}

// Headers returns all headers of the column, its name first, without the weak ones.
func (c Column) Headers() []string {
	return slices.Concat([]string{c.Name}, c.Aliases, c.Instead)
}

// The names of the columns. The preview uses them to name the field that changes.
const (
	ColDatabaseID = "Database ID"
	ColStudentID  = "Student ID"
	ColExternalID = "External ID"
	ColFirstName  = "First Name"
	ColLastName   = "Last Name"
	ColUsername   = "Username"
	ColPassword   = "Password"
	ColGrade      = "Grade"
	ColSchool     = "School"
	ColGroups     = "Classes/Groups"
	ColName       = "Name"
	ColEducators  = "Educators"
	ColEmail      = "Email"
	ColRole       = "Role"
	ColType       = "Type"
	ColPerson     = "Person ID"
	ColMinutes    = "Minutes"
	ColLastActive = "Last Active"

	// Deleted is not a column. The preview shows it for a student who comes back.
	Deleted = "Deleted"
)

// Other headers of the column School: those that hold an ID, and those that hold a name.
// The latter are used if no ID is given.
var (
	SchoolIDs = []string{"School SIS ID", "School ID", "School External ID", "School Sourced ID", "orgSourcedIds",
		"orgSourcedId", "Organization ID"}
	SchoolNames = []string{"School Name", "School Number", "Organization", "Organization Name"}
)
