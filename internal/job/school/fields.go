package school

import (
	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/field"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// Fields are the fields of a school; see roster.StudentFields. A file does not contain the
// settings of a school.
var Fields = field.Table[db.Organization]{
	{File: field.Column{Name: field.ColDatabaseID, Aliases: []string{"Homeroom ID"}, Identifies: true,
		Help: "The ID of the school in Homeroom. Leave it blank for new schools."}},
	{
		File: field.Column{Name: field.ColExternalID, Identifies: true, Instead: []string{"School Number", "ID"},
			Aliases: []string{"SIS ID", "School SIS ID", "School ID", "Organization ID", "Organization Number",
				"External Assigned ID", "sourcedId"},
			Help: "The district's own ID for the school, up to 64 characters."},
		API:      "externalId",
		DB:       organization.FieldExternalID,
		Is:       "external ID",
		Optional: true,
		Reading:  field.Identifier,
		Hint:     "Shorten it.",
		Get:      func(o *db.Organization) (any, string) { return bulk.Optional(o.ExternalID), row.Deref(o.ExternalID) },
		Check:    row.CheckExternalID,
		Taken:    row.ExternalIDTaken,
	},
	{
		File: field.Column{
			Name:       field.ColName,
			Aliases:    []string{"School Name", "Organization Name"},
			Required:   true,
			Identifies: true,
			Help:       "The name of the school.",
		},
		API: "name", DB: organization.FieldName, Is: "name of the school", At: func(o *db.Organization) *string {
			return &o.Name
		},
		Reading: field.Words, Hint: "Shorten it.",
		Check: func(s string) *fault.Error { return roster.CheckName(s, "name of the school", row.MaxKeyLength) },
	},
	{File: field.Column{
		Name:    field.ColType,
		Aliases: []string{"Organization Type"},
		Help:    "Optional. Only schools are created.",
	}},
	{
		DB: organization.FieldNameKey, At: func(o *db.Organization) *string {
			return &o.NameKey
		}, From: []string{organization.FieldName},
		Made: func(text func(string) string) string { return fold.Text(text(organization.FieldName)) },
	},
}

// The fields over which the loops of this kind go.
var (
	values   = Fields.Values()
	stored   = Fields.Stored()
	compared = Fields.Compared()
	fixed    = Fields.Fixed()
)
