package school

import (
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
)

// format is what stands in a file of schools.
var format = sheet.Format{
	Kind: bulkjob.KindIMPORT_ORGANIZATIONS, Plural: "schools", Template: "schools-template.csv",
	Identifying: []string{sheet.ColDatabaseID, sheet.ColExternalID, sheet.ColName},
	Columns: []sheet.Column{
		{
			Name:    sheet.ColDatabaseID,
			Aliases: []string{"Homeroom ID"},
			Help:    "The ID of the school in Homeroom. Leave it blank for new schools.",
		},
		{
			Name: sheet.ColExternalID,
			Aliases: []string{"SIS ID", "School SIS ID", "School ID", "Organization ID", "Organization Number",
				"External Assigned ID", "sourcedId"},
			Instead: []string{"School Number"},
			Help:    "The district's own ID of the school, up to 64 characters.",
		},
		{
			Name:     sheet.ColName,
			Aliases:  []string{"School Name", "Organization Name"},
			Required: true,
			Help:     "The name of the school.",
		},
		{Name: sheet.ColType, Aliases: []string{"Organization Type"}, Help: "Optional. Only schools are created."},
	},
}
