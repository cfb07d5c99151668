package group

import (
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// The fields of a group over which the loops of this kind go.
var (
	values   = roster.GroupFields.Values()
	stored   = roster.GroupFields.Stored()
	compared = roster.GroupFields.Compared()
	fixed    = roster.GroupFields.Fixed()
)

// format describes a file of classes and groups.
var format = sheet.Format{
	Kind: bulkjob.KindIMPORT_GROUPS, Plural: "classes and groups", Template: "groups-template.csv", Whose: sheet.OwnGroup,
	Columns: roster.GroupFields.Columns(), Identifying: roster.GroupFields.Identifying(),
	// A row about a class and one of its students does not describe a class.
	Foreign: []string{"Student ID", "Student SIS ID", "Student External ID", "Student Number", "Student Name",
		"Student First Name", "Student Last Name", "Student Username", "Student Email"},
	Signs: []sheet.Sign{
		// A name next to an ID may belong to a class with its own ID, or with the ID of a
		// person.
		{Rank: 50, Sure: true, Has: [][]string{names, {"School", "school*", "term*", "course*", "org*"}},
			Lacks: []string{"First Name", "Last Name", "Person ID", "Student ID", "Student SIS ID", "Student External ID",
				"Student Number", "User ID", "User Sourced ID"}},
		{Rank: 51, Has: [][]string{names}},
		{Rank: 70, Has: [][]string{{"Name", "Title"},
			{"School", "Educators", "Course ID", "schoolsis*", "schoolsourced*", "schoolid*", "term*", "course*", "class*"}}},
	},
	Words: []sheet.Word{{Rank: 40, Text: "section"}, {Rank: 41, Text: "class"}, {Rank: 42, Text: "group"}},
}

var names = []string{"Section Name", "Class Name", "Group Name"}
