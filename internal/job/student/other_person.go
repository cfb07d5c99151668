package student

import (
	"cmp"

	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/field"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/grade"
	"github.com/openhomeroom/homeroom/internal/job/reach"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// If an ID is given to a new person, or only one column of a list was sorted, an import
// would turn a student into another person, who would then have the usage, the groups and
// the history of the first.

// refuseOtherPerson refuses a row whose name and username both differ from those of its
// student. The file cannot confirm this, because somebody who makes such a mistake makes
// it in the whole file. A person who means it first changes the name by hand.
func (c *checker) refuseOtherPerson(r *studentRow) {
	if r.st == nil {
		return
	}
	set := r.draft.Set
	was := r.st.FirstName + " " + r.st.LastName
	is := cmp.Or(r.draft.Text(student.FieldFirstName), r.st.FirstName) + " " +
		cmp.Or(r.draft.Text(student.FieldLastName), r.st.LastName)
	_, first := set[student.FieldFirstName]
	_, last := set[student.FieldLastName]
	if !first && !last || reach.ShareAName(was, is) {
		return
	}
	username := roster.Clean(r.Text(field.ColUsername))
	otherUsername := username != "" && fold.Key(username) != fold.Key(r.st.Username)
	n, otherGrade := set[student.FieldGrade].(int)
	said := "student"
	if r.revives {
		said = "student, who was deleted,"
	}
	switch whose := reach.Label(r.st.FirstName, r.st.LastName, r.st.ExternalID); {
	case !otherUsername && username != "":
	case otherUsername, otherGrade && !grade.Stored(n).Follows(r.st.Grade):
		r.Fail(field.ColFirstName, row.Problemf(row.IDReused,
			"Check the ID. Somebody new needs an ID that nobody has had. If it is the same student under a new name, change "+
				"the name in the dashboard first, and upload the row again.",
			"The row has the ID of the %s %s, but the name and the username or grade of somebody else: %s.", said, whose, is))
	default:
		r.Warn(field.ColFirstName, row.Problemf(row.IDReused, "If the row is about somebody else, leave it out and correct "+
			"the ID. If it is the same student under a new name, you need not do anything.",
			"The row gives the %s %s another first and last name: %s.", said, whose, is))
	}
}
