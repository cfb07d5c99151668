package educator

import (
	"cmp"

	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/internal/field"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/hold"
	"github.com/openhomeroom/homeroom/internal/job/row"
)

// tellOfSetters warns a person who gives a role that the password of the account ends,
// or who has set its address; see credential.Widen. A program reads no warning, so it
// has to name the address. A person who gives another address is
// warned that a password ends which somebody else could have set with a link, or whose
// account has the External ID of the row from somebody else; see credential.Readdress.
func (c *educatorCheck) tellOfSetters(r *educatorRow, p *row.Plan, found *educatorLookup) {
	var way hold.Way
	p.ByID = r.Text(field.ColDatabaseID) == "" && r.externalID != "" &&
		(r.email == "" || fold.Key(r.email) != row.Deref(r.e.EmailKey))
	if p.Role != "" {
		way = found.setters.Narrower(r.e.ID, found.all[r.e.ID], given(p, c.Job.DistrictID))
	}
	if !p.ByID {
		way &^= hold.ByID
	}
	if len(p.Password) > 0 {
		way &^= hold.ByPassword | hold.ByLink
	}
	_, another := p.Set[educator.FieldEmailKey]
	cleared := r.Clears(field.ColPassword)
	named := another || r.e.Email == "" || r.email != ""
	switch byAddress := way&hold.ByAddress != 0 && !another; {
	case another && p.ByID && way&^hold.ByAddress == 0 && len(p.Password) == 0 && !cleared && r.e.PasswordHash != "" &&
		found.setters.Named(r.e.ID, handsOf(c.Job)) != 0:
		r.Warn(field.ColExternalID, row.Problemf(row.SetByOthers,
			"Check that the account is that of the person you mean.",
			"%[1]s %[2]s (%[3]s) has this External ID from somebody else, and gets another address. The account's password, "+
				"sessions and links end.",
			r.e.FirstName, r.e.LastName, cmp.Or(r.e.Email, "without an address")))
	case another && way&^hold.ByAddress == 0 && len(p.Password) == 0 && !cleared && r.e.PasswordHash != "" &&
		found.setters.Others(r.e.ID, handsOf(c.Job)) != 0:
		r.Warn(field.ColEmail, row.Problemf(row.SetByOthers,
			"The person sets a new one with the link that the sign-in page sends to the new address.",
			"Somebody else has set the address that %s %s had, and could have set the password of the account with a link. "+
				"The password ends, and so do its sessions and links.", r.e.FirstName, r.e.LastName))
	case way&hold.ByID != 0 && found.program && r.email == "":
		r.Fail(field.ColExternalID, row.Problemf(row.SetByOthers, "Write the person's address in the row.",
			"The External ID of this account was set by somebody who does not administer everything that %s %s would then have.",
			r.e.FirstName, r.e.LastName))
	case way&hold.ByID != 0:
		r.Warn(field.ColExternalID, row.Problemf(row.SetByOthers,
			"Check that the account is that of the person you mean.",
			"%[1]s %[2]s (%[3]s) has this External ID from somebody who does not administer everything that the account "+
				"then has. The account's password, sessions and links end.",
			r.e.FirstName, r.e.LastName, cmp.Or(r.e.Email, "without an address")))
	case way == 0 || way == hold.ByAddress && another:
	case byAddress && !named && found.program:
		r.Fail(field.ColEmail, row.Problemf(row.SetByOthers, "Write the person's address in the row.",
			"The address of this account was set by somebody who does not administer everything that %s %s would then have.",
			r.e.FirstName, r.e.LastName))
	case byAddress:
		r.Warn(field.ColEmail, row.Problemf(row.SetByOthers,
			"Check that the address is the person's own: anyone who reads its mail can set a new password.",
			"The address %[3]s was set by somebody who does not administer everything that %[1]s %[2]s then has. "+
				"The account's password, sessions and links end.", r.e.FirstName, r.e.LastName, r.e.Email))
	default:
		r.Warn(field.ColRole, row.Problemf(row.SetByOthers,
			"The person can set a new one with the link that the sign-in page sends.",
			"The password of this account was set by somebody who does not administer everything that %s %s then has. "+
				"The password ends, and so do the account's sessions and links.", r.e.FirstName, r.e.LastName))
	}
}
