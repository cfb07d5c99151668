package educator

import (
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/internal/field"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/job/reach"
	"github.com/openhomeroom/homeroom/internal/job/row"
)

// refuseOtherPerson refuses a row that would give the account of one person, with its
// roles and groups, to another: both the name and the address are different.
func (c *educatorCheck) refuseOtherPerson(r *educatorRow, p *row.Plan, is string) {
	_, first := p.Set[educator.FieldFirstName]
	_, last := p.Set[educator.FieldLastName]
	if r.e == nil || !first && !last || reach.ShareAName(r.e.FirstName+" "+r.e.LastName, is) {
		return
	}
	otherEmail := r.email != "" && !fold.SameAddress(r.e.Email, r.email)
	switch whose := reach.Label(r.e.FirstName, r.e.LastName, row.Deref(r.e.ExternalID)); {
	case !otherEmail && r.email != "":
	case otherEmail:
		r.Fail(field.ColFirstName, row.Problemf(row.IDReused,
			"Check the ID. Somebody new needs an ID that nobody has had. If it is the same person under a new name, change the "+
				"name first in a file without the address, and upload the row again.",
			"The row has the ID of %s, but the name and address of somebody else: %s.", whose, is))
	default:
		r.Warn(field.ColFirstName, row.Problemf(row.IDReused,
			"If the row is about somebody else, leave it out and correct the ID. If it is the same person under a new name, "+
				"you need not do anything.", "The row gives %s another first and last name: %s.", whose, is))
	}
}
