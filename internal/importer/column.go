package importer

import (
	"strings"
	"unicode"

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

// headerKey is the form in which headers are compared.
func headerKey(header string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsNumber(r) {
			return r
		}
		return -1
	}, fold.Text(header))
}

// isSecret reports whether a header speaks of passwords.
func isSecret(header string) bool { return strings.Contains(headerKey(header), "password") }
