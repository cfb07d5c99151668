package roster

import (
	"slices"
	"unicode/utf8"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/group"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/field"
	"github.com/openhomeroom/homeroom/internal/fold"
)

// GroupFields are the fields of a class or group; see StudentFields.
var GroupFields = field.Table[db.Group]{
	{File: field.Column{Name: field.ColDatabaseID, Aliases: []string{"Homeroom ID"}, Identifies: true,
		Help: "The ID of the group in Homeroom. Leave it blank for new groups."}},
	{
		File: field.Column{Name: field.ColExternalID, Identifies: true,
			Aliases: []string{"SIS ID", "Section SIS ID", "Class SIS ID", "Section ID", "Class ID", "Group ID",
				"Group External ID", "External Assigned ID", "sourcedId"},
			Instead: []string{"ID"},
			Help:    "The school's own ID for the group, up to 64 characters, unique in the school."},
		API:      "externalId",
		DB:       group.FieldExternalID,
		Is:       "external ID",
		Optional: true,
		Reading:  field.Identifier,
		Hint:     "Shorten it.",
		Get:      func(g *db.Group) (any, string) { return bulk.Optional(g.ExternalID), deref(g.ExternalID) },
		Check:    checkGroupID,
		Taken:    "EXTERNAL_ID_TAKEN",
	},
	{
		File: field.Column{
			Name:       field.ColName,
			Aliases:    []string{"Section Name", "Class Name", "Group Name", "Class/Group Name", "Title"},
			Instead:    []string{"Course Name", "Course Title"},
			Required:   true,
			Or:         []string{field.ColDatabaseID},
			Identifies: true,
			Help:       "Needed for new groups.",
		},
		API: "name", DB: group.FieldName, Is: "name of the class or group", At: func(g *db.Group) *string { return &g.Name },
		Reading: field.Words, Check: checkGroupName, Hint: "Shorten it.",
	},
	{File: field.Column{
		Name:    field.ColSchool,
		Aliases: append([]string{"schoolSourcedId"}, field.SchoolIDs...),
		Instead: field.SchoolNames,
		Help:    "The name, external ID or Database ID of the school. Needed unless the file is uploaded for one school.",
	}},
	{File: field.Column{
		Name:    field.ColEducators,
		Aliases: []string{"Educator", "Teachers", "Teacher", "Teacher ID", "Teacher SIS ID"},
		Instead: []string{"Staff ID", "Instructor ID", "Teacher Number", "Staff Number", "Teacher Email", "Instructor Email",
			"Instructor", "Instructors", "Teacher Name", "Teacher Names", "Instructor Name", "Teacher Full Name", "Staff Name"},
		Help: "External IDs, email addresses or Database IDs of those who teach the group, " +
			"separated by semicolons. An import adds them and removes nobody.",
	}},
	{
		DB: group.FieldNameKey, At: func(g *db.Group) *string { return &g.NameKey }, From: []string{group.FieldName},
		Made: func(text func(string) string) string { return fold.Text(text(group.FieldName)) },
	},
}

// groupInputs maps a column to the field of GroupChange that holds its new value.
var groupInputs = map[string]func(*GroupChange) *string{
	group.FieldExternalID: func(ch *GroupChange) *string { return ch.ExternalID },
	group.FieldName:       func(ch *GroupChange) *string { return ch.Name },
}

// groupValues are the fields of a group that people write. Answers and the audit trail
// begin with those that every group has.
var groupValues = slices.Concat(
	GroupFields.Values().Where(func(f *field.Field[db.Group]) bool { return !f.Optional }),
	GroupFields.Values().Where(func(f *field.Field[db.Group]) bool { return f.Optional }),
)

// changed returns the new value of a column, or nil if it stays.
func (ch *GroupChange) changed(column string) *string { return groupInputs[column](ch) }

// check cleans the given fields in place and returns what is wrong with them.
func (ch *GroupChange) check() (refusals Refusals) {
	checkFields(groupValues, ch.changed, &refusals)
	return refusals
}

func checkGroupName(s string) *fault.Error {
	return CheckName(s, "name of the class or group", MaxGroupName)
}

// checkGroupID checks an external ID that has been cleaned.
func checkGroupID(s string) *fault.Error {
	if n := utf8.RuneCountInString(s); n > MaxExternalID {
		return fault.Invalidf("the external ID has %d characters; at most %d are allowed", n, MaxExternalID).
			WithCode("TOO_LONG")
	}
	return nil
}
