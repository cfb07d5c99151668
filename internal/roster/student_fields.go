package roster

import (
	"slices"
	"strconv"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/field"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/grade"
)

// StudentFields are the fields of a student, in the order of exports and templates.
// Reading and writing files, previews, undo, and the API's changes with their checks and
// records all loop over this table. docs/add-a-field.md says what else a new field needs.
var StudentFields = field.Table[db.Student]{
	{File: field.Column{Name: field.ColDatabaseID, Aliases: []string{"Homeroom ID"}, Identifies: true,
		Help: "The ID of the student in Homeroom, from an export. Do not change it. Leave it blank for new students."}},
	{
		File: field.Column{Name: field.ColStudentID,
			Aliases: []string{"SIS ID", "External Assigned ID", "External ID", "Student SIS ID",
				"Student External ID", "sourcedId"},
			Instead: []string{"Student Number"}, Weak: []string{"ID", "User ID"},
			Required: true, Or: []string{field.ColDatabaseID, field.ColUsername}, Identifies: true,
			Help: "The district's own ID for the student, 1 to 64 characters. Leading zeros count."},
		API: "externalId", DB: student.FieldExternalID, Is: "Student ID", At: func(st *db.Student) *string {
			return &st.ExternalID
		},
		Reading: field.Identifier, Check: CheckExternalID, Hint: "Shorten it.", Taken: "EXTERNAL_ID_TAKEN", Searched: true,
	},
	{
		File: field.Column{
			Name:    field.ColFirstName,
			Aliases: []string{"Given Name"},
			Person:  true,
			Help:    "Needed for new students.",
		},
		API: "firstName", DB: student.FieldFirstName, Is: "first name", At: func(st *db.Student) *string {
			return &st.FirstName
		},
		Reading: field.Words, Check: checkFirstName, Hint: "Shorten it.", Searched: true,
	},
	{
		File: field.Column{
			Name:    field.ColLastName,
			Aliases: []string{"Family Name", "Surname"},
			Person:  true,
			Help:    "Needed for new students.",
		},
		API: "lastName", DB: student.FieldLastName, Is: "last name", At: func(st *db.Student) *string {
			return &st.LastName
		},
		Reading: field.Words, Check: checkLastName, Hint: "Shorten it.", Searched: true,
	},
	{
		File: field.Column{Name: field.ColUsername, Aliases: []string{"User Name", "Login"}, Identifies: true,
			Help: "3 or more characters, unique in the district. Needed for new students."},
		API: "username", DB: student.FieldUsername, Is: "username", At: func(st *db.Student) *string { return &st.Username },
		Reading: field.Identifier, Check: CheckUsername, Hint: "Choose another username.", Searched: true,
	},
	{
		File: field.Column{
			Name:   field.ColPassword,
			Secret: true,
			Help:   "Optional. A blank cell keeps the current password.",
		},
		API: "password", DB: student.FieldPasswordHash, Is: "password",
		// Code that reads fields only learns whether there is a password.
		Get: func(st *db.Student) (any, string) { return bulk.Nullable(st.PasswordHash), "" },
	},
	{
		File: field.Column{
			Name:    field.ColGrade,
			Aliases: []string{"Grades", "Grade Level"},
			Help:    grade.Wanted + ". Needed for new students.",
		},
		API: "grade", DB: student.FieldGrade, Is: "grade", Hint: "Write " + grade.Wanted + ".",
		Get: func(st *db.Student) (any, string) { return int(st.Grade), st.Grade.String() },
		Put: func(st *db.Student, text string) error {
			n, err := strconv.Atoi(text)
			st.Grade = grade.Stored(n)
			return err
		},
		Typed: func(value any) any { return grade.Stored(value.(int)) },
		Parse: func(text string) (any, string, *fault.Error) {
			g, err := CheckGrade(text)
			return int(g), g.String(), err
		},
	},
	{
		File: field.Column{Name: field.ColSchool, Aliases: field.SchoolIDs, Instead: field.SchoolNames,
			Help: "The name, external ID or Database ID of the school. Needed for new students, " +
				"unless the file is uploaded for one school."},
		API: "organization", DB: student.FieldOrganizationID, Is: "school",
		Get: func(st *db.Student) (any, string) { return st.OrganizationID, "" },
	},
	{File: field.Column{Name: field.ColGroups, Aliases: []string{"Classes Groups", "Classes", "Groups", "Class", "Group"},
		Instead: []string{"Homeroom"},
		Weak:    []string{"Cohort", "Form Group", "Tutor Group", "Form", "Advisory"},
		Help:    "Names, external IDs or Database IDs, separated by semicolons."}},
	{File: field.Column{Name: field.ColMinutes, Exported: true, Help: "Part of an export; an import ignores it."}},
	{File: field.Column{Name: field.ColLastActive, Exported: true, Help: "Part of an export; an import ignores it."}},
	{
		DB: student.FieldUsernameKey, Is: "username", At: func(st *db.Student) *string {
			return &st.UsernameKey
		}, Taken: "USERNAME_TAKEN",
		Made: func(text func(string) string) string { return fold.Key(text(student.FieldUsername)) },
		From: []string{student.FieldUsername},
	},
	{
		DB: student.FieldSortName, Is: "name for sorting", At: func(st *db.Student) *string { return &st.SortName },
		Made: func(text func(string) string) string {
			return fold.SortName(text(student.FieldLastName), text(student.FieldFirstName))
		},
		From: []string{student.FieldLastName, student.FieldFirstName},
	},
}

// studentInputs maps a column to the fields of NewStudent and StudentChange that hold its
// new value.
var studentInputs = map[string]struct {
	given   func(*NewStudent) *string
	changed func(*StudentChange) **string
}{
	student.FieldExternalID: {func(in *NewStudent) *string { return &in.ExternalID }, func(ch *StudentChange) **string {
		return &ch.ExternalID
	}},
	student.FieldFirstName: {func(in *NewStudent) *string { return &in.FirstName }, func(ch *StudentChange) **string {
		return &ch.FirstName
	}},
	student.FieldLastName: {func(in *NewStudent) *string { return &in.LastName }, func(ch *StudentChange) **string {
		return &ch.LastName
	}},
	student.FieldUsername: {func(in *NewStudent) *string { return &in.Username }, func(ch *StudentChange) **string {
		return &ch.Username
	}},
	student.FieldGrade: {func(in *NewStudent) *string { return &in.Grade }, func(ch *StudentChange) **string {
		return &ch.Grade
	}},
}

var (
	studentValues = StudentFields.Values()
	searched      = StudentFields.Where(func(f *field.Field[db.Student]) bool { return f.Searched })
)

// changed returns the new value of a column, or nil if it stays.
func (ch *StudentChange) changed(column string) *string { return *studentInputs[column].changed(ch) }

// changesValues reports whether anything changes that the school's information system owns.
func (ch *StudentChange) changesValues() bool {
	return ch.OrganizationID != nil ||
		slices.ContainsFunc(studentValues, func(f *field.Field[db.Student]) bool { return ch.changed(f.DB) != nil })
}

// change returns the input for a new student as a change of every field.
func (in *NewStudent) change() StudentChange {
	ch := StudentChange{Password: in.Password}
	for _, f := range studentValues {
		*studentInputs[f.DB].changed(&ch) = studentInputs[f.DB].given(in)
	}
	return ch
}
