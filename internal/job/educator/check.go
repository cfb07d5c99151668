package educator

import (
	"cmp"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/internal/credential"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/field"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/identity"
	"github.com/openhomeroom/homeroom/internal/job/reach"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/passwd"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// educatorCheck makes plans of the rows of a file of educators.
type educatorCheck struct {
	*reach.Check
	kind *importKind
}

// educatorRow is one row and what it means.
type educatorRow struct {
	*sheet.Row
	id         int
	externalID string
	email      string
	e          *db.Educator // On record, or nil.
	byEmail    bool         // Found by the address, which stays as it is.
	// first is the first row about the same educator, if this one only gives a further role.
	first *educatorRow
	gives roleAtSchool // What the row asks for.
}

// roleAtSchool is a role at a school.
type roleAtSchool struct {
	role string
	at   int
}

// match finds the educator of a row: by Database ID, by external id, or by the address
// if the row has neither.
func (c *educatorCheck) match(r *educatorRow, found *educatorLookup) {
	r.CannotClear(slices.Concat([]string{field.ColDatabaseID}, fixed, []string{field.ColRole, field.ColSchool})...)
	r.Outside = r.Outside || found.IsElsewhere(r.Text(field.ColDatabaseID)) || found.IsElsewhere(r.externalID) ||
		found.IsElsewhere(r.email)
	switch {
	case r.Refused:
		return
	case r.Text(field.ColDatabaseID) != "":
		if r.e = found.ByID[r.id]; r.e == nil {
			r.Fail(field.ColDatabaseID,
				row.Problemf(row.UnknownEducator, "Copy the Database ID again, or clear the cell.",
					"There is no educator with this Database ID among those you may see."))
			return
		}
		if owner := found.taken[r.externalID]; owner != 0 && owner != r.e.ID {
			r.Fail(field.ColExternalID,
				reach.UnseenUnless(found.ByID[owner] != nil,
					row.Problemf(row.IDMismatch, "Correct one of the two, or clear the Database ID.",
						"The Database ID and the external ID belong to different educators.")))
			return
		}
	case r.externalID != "":
		r.e = found.ByExternal[r.externalID]
		if r.e == nil && found.taken[r.externalID] != 0 {
			r.Fail(field.ColExternalID,
				reach.UnseenUnless(false,
					row.Problemf(row.ExternalIDTaken, "Check the external ID, or ask an administrator of the district.",
						"Somebody else in the district has this external ID.")))
			return
		}
	case r.email != "":
		if r.e, r.byEmail = found.ByEmail[fold.Address(r.email)], true; r.e != nil && !fold.SameAddress(r.e.Email, r.email) {
			r.Fail(field.ColEmail, reach.Similar(r.e, r.email))
			return
		}
	default:
		r.Needs(field.ColExternalID, "Without it or an email address, the row names nobody.")
		return
	}
	switch {
	case r.e != nil:
		r.Label = reach.Label(r.e.FirstName, r.e.LastName, row.Deref(r.e.ExternalID))
		if first := found.first[r.e.ID]; first != nil && !first.Refused && addsARole(first, r) {
			r.first = first
			return
		}
		if !c.Duplicate(r.Row, "educator", "educator", strconv.Itoa(r.e.ID)) {
			found.first[r.e.ID] = r
		}
	case r.externalID != "":
		c.Duplicate(r.Row, "educator", "educator id", r.externalID)
	}
}

// addsARole reports whether a further row about an educator on record says the same as the
// first one but for the role and the school. A blank cell says nothing.
func addsARole(first, r *educatorRow) bool {
	for _, column := range r.Layout.Format.Columns {
		if _, has := r.Layout.Index[column.Name]; !has || column.Exported || column.Name == field.ColRole ||
			column.Name == field.ColSchool {
			continue
		}
		if cell := r.Cell(column.Name); cell != "" && cell != first.Cell(column.Name) {
			return false
		}
	}
	return true
}

// planRole makes the plan of a further row, which gives a role and nothing else.
func (c *educatorCheck) planRole(r *educatorRow, found *educatorLookup) {
	p := &row.Plan{Do: row.Update}
	r.TargetID = r.e.ID
	// What a role does to the credentials of an account is measured by the account as it is.
	if first := r.first.Plan; first != nil && len(first.Set)+len(first.Password) > 0 {
		r.Fail("", row.Problemf(row.DuplicateInFile, "Upload this row again after the file was written.",
			"Row %d changes the account, so this row cannot give a further role at the same time.", r.first.Number))
		return
	}
	c.role(r, p, found)
	if r.Refused {
		return
	}
	if given := found.given[r.e.ID]; p.Role == "" || given[r.gives] {
		r.Warn("", row.Problemf(row.DuplicateInFile, "Delete it; it changes nothing.", "This row repeats row %d.",
			r.first.Number))
		return
	}
	c.guard(r, p, found)
	if !r.Refused {
		c.tellOfSetters(r, p, found)
	}
	if !r.Refused {
		r.Plan = p
		found.gives(r)
	}
}

func (c *educatorCheck) planRow(r *educatorRow, found *educatorLookup) {
	if r.first != nil {
		if r.first.Refused {
			r.Fail("", row.Problemf(row.DuplicateInFile, "Correct that row, and upload both rows again.",
				"Row %d is about the same educator, and is refused.", r.first.Number))
			return
		}
		c.planRole(r, found)
		return
	}
	p := &row.Plan{Do: row.Create}
	on := &db.Educator{}
	if r.e != nil {
		p.Do, on = row.Update, r.e
		r.TargetID = r.e.ID
	}
	if sheet.Slipped(r.Row, Fields, r.e) {
		return
	}
	for _, f := range Fields {
		if f.DB == educator.FieldEmail {
			c.email(r, p, found, on)
		}
		if f.IsValue() {
			c.value(r, p, f)
		}
	}
	sheet.SetMade(p, Fields, r.e)
	first, last := cmp.Or(p.Text(educator.FieldFirstName), on.FirstName),
		cmp.Or(p.Text(educator.FieldLastName), on.LastName)
	if first != on.FirstName || last != on.LastName {
		// The name for sorting is made of both names, even if one of them stays the same.
		p.ExpectColumn(educator.FieldFirstName, on.FirstName)
		p.ExpectColumn(educator.FieldLastName, on.LastName)
	}
	if r.e == nil {
		reach.WarnOfOneName(r.Row, first, last)
	}
	c.refuseOtherPerson(r, p, first+" "+last)
	c.role(r, p, found)
	if !c.isGuessed(r, c.own(r, found, first, last, on)) {
		c.Password(r.Row, p, func(password string) *fault.Error {
			return passwd.Check(password)
		}, on.PasswordHash != "")
	}
	if _, cleared := p.Set[educator.FieldPasswordHash]; cleared || len(p.Password) > 0 {
		p.ExpectColumn(educator.FieldPasswordHash, row.HashPrint(on.PasswordHash))
	}
	if !r.Refused && len(p.Changes) > 0 {
		c.guard(r, p, found)
	}
	switch {
	case r.Refused:
	case r.e != nil:
		c.tellOfSetters(r, p, found)
	default:
		c.warnOfTwin(r, found)
	}
	if !r.Refused && len(p.Changes) > 0 {
		r.Plan = p
		found.gives(r)
	}
}

// gives notes the role that a row gives to an educator on record.
func (l *educatorLookup) gives(r *educatorRow) {
	if r.e == nil || r.Plan.Role == "" {
		return
	}
	if l.given[r.e.ID] == nil {
		l.given[r.e.ID] = map[roleAtSchool]bool{}
	}
	l.given[r.e.ID][r.gives] = true
}

// isGuessed warns of a password that others guess, which is not set. The rest of the row
// is: information systems write one password for every new teacher, and a district
// would lose its teachers with it, who can set one of their own by a link.
func (c *educatorCheck) isGuessed(r *educatorRow, own []string) bool {
	cell := r.Text(field.ColPassword)
	if cell == "" || r.Clears(field.ColPassword) {
		return false
	}
	why := passwd.Check(cell, own...)
	if why == nil || why.Code != passwd.Common && why.Code != passwd.Personal {
		return false
	}
	p := row.FromFault(why,
		"Everything else in the row is written. Choose another password, or let the person set one with the link that "+
			"the sign-in page sends.")
	p.Message = "The password was not set. " + p.Message
	r.Warn(field.ColPassword, p)
	return true
}

// own returns the texts of which the password of a row's educator must not consist: the
// values on record, the values in the row, and the organizations of both.
func (c *educatorCheck) own(r *educatorRow, found *educatorLookup, first, last string, on *db.Educator) []string {
	own := append(passwd.Own(first, last, r.email, roster.Clean(r.Text(field.ColUsername))), r.Text(field.ColSchool))
	own = append(own, passwd.Own(on.FirstName, on.LastName, on.Email, on.Username)...)
	// An administrator of a school does not see the district, which is well known.
	own = append(own, c.Schools.District.Name)
	ids := []int{c.Job.OrganizationID}
	for _, role := range found.all[on.ID] {
		ids = append(ids, role.OrganizationID)
	}
	for _, id := range ids {
		if o := c.Schools.ByID[id]; o != nil {
			own = append(own, o.Name)
		}
	}
	if cell := r.Text(field.ColSchool); cell != "" {
		if o, problem := c.Schools.Find(cell); problem == nil {
			own = append(own, o.Name)
		}
	}
	return own
}

// guard refuses changes of the account that somebody with a hand in the file may not
// make: any change of their own account; for an account with a role elsewhere,
// everything except giving it a role here; and credentials that would bypass a
// provider.
func (c *educatorCheck) guard(r *educatorRow, p *row.Plan, found *educatorLookup) {
	if r.e == nil {
		if why := c.kind.guard.Refuse(c.Viewer, credentialsOf(p, nil, nil)); why != nil {
			r.Fail(field.ColPassword, row.FromFault(why, "Clear the password; this person signs in at the provider."))
		}
		return
	}
	wanted := credentialsOf(p, r.e, found.all[r.e.ID])
	wanted.Behind = found.behind
	switch why := c.kind.guard.Refuse(c.Viewer, wanted); {
	case why != nil && why.Code == credential.OwnAccount:
		r.Fail("", row.FromFault(why, "Remove the row, and ask another administrator for the change."))
	case len(p.Set) == 0 && len(p.Password) == 0:
	case why != nil && why.Code == credential.ByProvider:
		r.Fail(field.ColEmail,
			row.FromFault(why, "Leave the address and the password as they are; this person signs in at the provider."))
	case why != nil, !found.editable[r.e.ID]:
		r.Fail("", row.Problemf(row.Forbidden, "Ask an administrator of the district, or upload the row for the district.",
			"%s %s has a role or a class at another school, so only an administrator of the district can change the account.",
			r.e.FirstName, r.e.LastName))
	}
}

// credentialsOf are what a plan does to the credentials of an account on record, or of a
// new one.
func credentialsOf(p *row.Plan, e *db.Educator, roles []viewer.Assignment) credential.Change {
	c := credential.Change{Roles: roles, Password: len(p.Password) > 0}
	if e != nil {
		c.EducatorID, c.Old = e.ID, row.Deref(e.EmailKey)
	}
	c.New = c.Old
	if value, changes := p.Set[educator.FieldEmailKey]; changes {
		c.New, _ = value.(string)
	}
	return c
}

// value plans a new value of a field.
func (c *educatorCheck) value(r *educatorRow, p *row.Plan, f *field.Field[db.Educator]) {
	v, changes := sheet.Value(r.Row, f, r.e, "educator")
	if changes && (f.DB != educator.FieldExternalID || c.IsFirst(r.Row, "educator id", v.After)) {
		p.SetColumn(f.DB, v.Value)
		p.ExpectColumn(f.DB, v.Before)
		p.Show(f.File.Name, v.Before, v.After)
	}
}

// email plans the address to sign in with. It is unique in the installation,
// because signing in names no district.
func (c *educatorCheck) email(r *educatorRow, p *row.Plan, found *educatorLookup, on *db.Educator) {
	if r.Clears(field.ColEmail) && on.Email != "" {
		p.SetColumn(educator.FieldEmail, "")
		p.SetColumn(educator.FieldEmailKey, nil)
		p.ExpectColumn(educator.FieldEmail, on.Email)
		p.Show(field.ColEmail, on.Email, "")
		return
	}
	key := fold.Address(r.email)
	switch {
	case r.email == "" || r.email == on.Email, r.byEmail && r.e != nil:
		return
	case !identity.IsAddress(r.email):
		r.Fail(field.ColEmail,
			row.Problemf(row.BadEmail, "Write an address such as ada@example.org.", "This is not an email address."))
		return
	case utf8.RuneCountInString(r.email) > row.MaxKeyLength || utf8.RuneCountInString(key) > row.MaxKeyLength:
		r.Fail(field.ColEmail,
			row.Problemf(row.TooLong, "Check the address.", "The address has more than %d characters.", row.MaxKeyLength))
		return
	}
	if owner := found.emails[key]; owner != 0 && owner != on.ID {
		if e := found.ByID[owner]; e != nil && !fold.SameAddress(e.Email, r.email) {
			r.Fail(field.ColEmail, reach.Similar(e, r.email))
			return
		}
		r.Fail(field.ColEmail,
			reach.UnseenUnless(found.ByID[owner] != nil,
				row.Problemf(row.EmailTaken, "Check the address. Everybody needs a different one.",
					"Somebody else signs in with this address.")))
		return
	}
	if first := c.Seen.First("email", key); first != 0 && first != r.Number {
		r.Fail(field.ColEmail,
			row.Problemf(row.DuplicateInFile, "Everybody needs a different address.", "Row %d has the same address.", first))
		return
	}
	c.Seen.Claim("email", key, r.Number)
	p.SetColumn(educator.FieldEmail, r.email)
	if !fold.SameAddress(on.Email, r.email) { // Whoever writes a mailbox otherwise names no other one.
		p.SetColumn(educator.FieldEmailKey, key)
	}
	p.ExpectColumn(educator.FieldEmail, on.Email)
	p.Show(field.ColEmail, on.Email, r.email)
}

// roles are the ways to write a role, by the form in which headers are compared.
var roles = map[string]viewer.Role{
	"teacher": viewer.Teacher, "educator": viewer.Teacher,
	"administrator": viewer.SchoolAdmin, "admin": viewer.SchoolAdmin,
	"schooladministrator": viewer.SchoolAdmin, "schooladmin": viewer.SchoolAdmin, "principal": viewer.SchoolAdmin,
	"siteadministrator":     viewer.SchoolAdmin,
	"districtadministrator": viewer.DistrictAdmin, "districtadmin": viewer.DistrictAdmin,
}

var roleNames = map[viewer.Role]string{
	viewer.Teacher: "Teacher", viewer.SchoolAdmin: "School Administrator", viewer.DistrictAdmin: "District Administrator",
}

// role plans the role that a row gives. Roles are
// only ever added. A row about somebody on record that names neither role nor
// school says nothing about roles.
func (c *educatorCheck) role(r *educatorRow, p *row.Plan, found *educatorLookup) {
	role := viewer.Teacher
	if cell := r.Text(field.ColRole); cell != "" {
		var known bool
		if role, known = roles[sheet.HeaderKey(cell)]; !known {
			r.Fail(field.ColRole,
				row.Problemf(row.UnknownRole, "Write Teacher, School Administrator or District Administrator.",
					"This is not a role."))
			return
		}
	} else if r.e != nil && r.Text(field.ColSchool) == "" {
		return
	}
	at := c.AtSchool()
	if cell := r.Text(field.ColSchool); cell != "" && role != viewer.DistrictAdmin {
		school, problem := c.FindSchool(r.Row, cell)
		if problem != nil {
			r.Fail(field.ColSchool, problem)
			return
		}
		at = school
	}
	if role == viewer.DistrictAdmin {
		at = c.Schools.ByID[c.Job.DistrictID]
	}
	switch {
	case role == viewer.DistrictAdmin && (at == nil || c.AtSchool() != nil || !c.Viewer.Administers(at.ID, at.ID)):
		r.Fail(field.ColRole,
			row.Problemf(row.DistrictRoleForbidden, "Upload the row for the district.",
				"Only an administrator of the district can add another one."))
		return
	case at == nil:
		r.Needs(field.ColSchool, "This role needs a school.")
		return
	case !c.Reaches(at.ID):
		c.RefuseOtherSchool(r.Row, field.ColSchool)
		return
	case !c.Viewer.Administers(at.ID, at.DistrictID):
		r.Fail(field.ColSchool,
			row.Problemf(row.Forbidden, "Ask an administrator of the school.", "You do not administer %s.", at.Name))
		return
	}
	if r.e == nil || !found.roles[r.e.ID][roleAt(string(role), at.ID)] {
		p.Role, p.SchoolID = string(role), at.ID
		r.gives = roleAtSchool{string(role), at.ID}
		p.Show(field.ColRole, "", roleNames[role]+" at "+at.Name)
	}
}
