package educator

import (
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/internal/field"
	"github.com/openhomeroom/homeroom/internal/hold"
	"github.com/openhomeroom/homeroom/internal/job/row"
)

// tellOfSetters tells whoever gives a role that the password of the account ends with it,
// and who has chosen its address; see identity.Widen. A program, which reads no warning,
// has to name the address.
func (c *educatorCheck) tellOfSetters(r *educatorRow, p *row.Plan, found *educatorLookup) {
	way := found.setters.Narrower(r.e.ID, found.all[r.e.ID], given(p, c.Job.DistrictID))
	if len(p.Password) > 0 {
		way &^= hold.ByPassword
	}
	_, another := p.Set[educator.FieldEmailKey]
	named := another || r.e.Email == "" || r.email != ""
	switch byAddress := way&hold.ByAddress != 0 && !another; {
	case way == 0 || way == hold.ByAddress && another:
	case byAddress && !named && found.program:
		r.Fail(field.ColEmail, row.Problemf(row.SetByOthers, "Write the person's address into the row.",
			"Somebody who does not administer all that %s %s would have has set the address of the account.",
			r.e.FirstName, r.e.LastName))
	case byAddress:
		r.Warn(field.ColEmail, row.Problemf(row.SetByOthers,
			"Check that the address is the person's own: whoever reads its mail can set a new password.",
			"Somebody who does not administer all that %s %s has then has set the address %s. The password of the account, "+
				"its sessions and its links end.", r.e.FirstName, r.e.LastName, r.e.Email))
	default:
		r.Warn(field.ColRole, row.Problemf(row.SetByOthers,
			"The person sets a new one with the link that the sign-in page sends.",
			"Somebody who does not administer all that %s %s has then has set the password of the account. It ends, and so "+
				"do its sessions and links.", r.e.FirstName, r.e.LastName))
	}
}
