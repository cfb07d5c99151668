package sheet

import (
	"strings"
	"unicode"

	"github.com/openhomeroom/homeroom/internal/fold"
)

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
	// Help says in a sentence what to write.
	Help string
}

// The names of the columns. They are the keys of the table below, and what the
// preview shows as the field that changes.
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

	// FieldDeleted is no column; a student who comes back shows it.
	FieldDeleted = "Deleted"
)

var (
	SchoolIDs = []string{"School SIS ID", "School ID", "School External ID", "School Sourced ID", "orgSourcedIds",
		"Organization ID"}
	SchoolNames = []string{"School Name", "Organization", "Organization Name"}
)

// HeaderKey is the form in which headers are compared.
func HeaderKey(header string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsNumber(r) {
			return r
		}
		return -1
	}, fold.Text(header))
}

// isSecret reports whether a header speaks of passwords.
func isSecret(header string) bool { return strings.Contains(HeaderKey(header), "password") }
