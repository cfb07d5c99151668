package field

import "slices"

// Column is a column that is understood in the files of one kind.
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
	// Identifies is set where the column says whom or what a row is about, or holds
	// what only one may have. Rows that have nothing in common in such columns have
	// nothing to do with each other.
	Identifies bool
	// Person is set where the column holds the first or last name of somebody.
	Person bool
	// Secret is set where nobody may read what stands in the column.
	Secret bool
	// Help says in a sentence what to write.
	Help string
}

// Headers are all headers that mean the column, its name first.
func (c Column) Headers() []string {
	return slices.Concat([]string{c.Name}, c.Aliases, c.Instead)
}

// The names of the columns. They are what the preview shows as the field that changes.
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

	// Deleted is no column; a student who comes back shows it.
	Deleted = "Deleted"
)

// Other headers of the column School: those that hold an ID, and those that hold a
// name, which are taken where no ID is given.
var (
	SchoolIDs = []string{"School SIS ID", "School ID", "School External ID", "School Sourced ID", "orgSourcedIds",
		"Organization ID"}
	SchoolNames = []string{"School Name", "Organization", "Organization Name"}
)
