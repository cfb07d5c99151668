package importer

import (
	"context"
	"strconv"
	"unicode/utf8"

	"homeroom/ent/db"
	"homeroom/ent/db/educator"
	"homeroom/ent/db/roleassignment"
	"homeroom/ent/rule"
	"homeroom/internal/fault"
	"homeroom/internal/fold"
	"homeroom/internal/globalid"
	"homeroom/internal/identity"
	"homeroom/internal/roster"
	"homeroom/internal/viewer"
)

// educatorCheck makes plans of the rows of a file of educators.
type educatorCheck struct {
	*check
	kind *educatorKind
}

// educatorRow is one row and what it means.
type educatorRow struct {
	*fileRow
	id         int
	externalID string
	email      string
	e          *db.Educator // On record, or nil.
}

// educatorLookup is what a batch of rows needs to know about educators.
type educatorLookup struct {
	*educatorFinder
	editable map[int]bool
	// External ids of the district and addresses of the installation that
	// somebody has, whether or not the submitter sees that one.
	taken  map[string]int
	emails map[string]int
	// roles are those that educators hold: "TEACHER 17" by educator.
	roles map[int]map[string]bool
	// all are all roles of educators, also those that nobody here is shown.
	all map[int][]viewer.Assignment
	// behind are those who stand behind a program.
	behind []int
}

func (c *educatorCheck) checkRows(ctx context.Context, rows []*fileRow) error {
	var all []*educatorRow
	for _, r := range rows {
		if r.refused {
			continue
		}
		row := &educatorRow{fileRow: r, externalID: roster.Clean(r.text(colExternalID)), email: roster.Clean(r.text(colEmail))}
		row.id = keyOf(globalid.Educator, r.text(colDatabaseID))
		r.label = label(roster.Clean(r.text(colFirstName)), roster.Clean(r.text(colLastName)), row.externalID)
		all = append(all, row)
	}
	found, err := c.find(ctx, all)
	if err != nil {
		return err
	}
	for _, r := range all {
		c.match(r, found)
		if !r.refused {
			c.planRow(r, found)
		}
	}
	return nil
}

func (c *educatorCheck) find(ctx context.Context, rows []*educatorRow) (*educatorLookup, error) {
	found := &educatorLookup{editable: map[int]bool{}, taken: map[string]int{}, emails: map[string]int{}, roles: map[int]map[string]bool{}}
	var texts, externalIDs, keys []string
	for _, r := range rows {
		if r.id != 0 {
			texts = append(texts, globalid.Encode(globalid.Educator, r.id))
		}
		if r.externalID != "" {
			texts, externalIDs = append(texts, r.externalID), append(externalIDs, r.externalID)
		}
		if r.email != "" {
			texts, keys = append(texts, r.email), append(keys, fold.Key(r.email))
		}
	}
	var err error
	if found.educatorFinder, err = c.findEducators(ctx, texts); err != nil {
		return nil, err
	}
	client := c.db.Client(ctx)
	system := viewer.AsSystem(ctx, "whether an external id or address is taken")
	taken, err := client.Educator.Query().Where(educator.DistrictID(c.job.DistrictID), educator.ExternalIDIn(externalIDs...)).
		Select(educator.FieldID, educator.FieldExternalID).All(system)
	if err != nil {
		return nil, err
	}
	for _, e := range taken {
		found.taken[*e.ExternalID] = e.ID
	}
	emails, err := client.Educator.Query().Where(educator.EmailKeyIn(keys...)).Select(educator.FieldID, educator.FieldEmailKey).All(system)
	if err != nil {
		return nil, err
	}
	for _, e := range emails {
		found.emails[*e.EmailKey] = e.ID
	}
	return found, c.findRoles(ctx, found)
}

func (c *educatorCheck) findRoles(ctx context.Context, found *educatorLookup) error {
	ctx = c.here(ctx)
	client := c.db.Client(ctx)
	var ids []int
	for id := range found.byID {
		ids = append(ids, id)
	}
	var err error
	if found.all, err = identity.RolesOf(ctx, client, ids); err != nil {
		return err
	}
	if found.behind, err = c.kind.behind(ctx, c.job); err != nil {
		return err
	}
	editable, err := client.Educator.Query().Where(educator.IDIn(ids...), rule.EducatorsEdited(viewer.FromContext(ctx))).IDs(ctx)
	if err != nil {
		return err
	}
	for _, id := range editable {
		found.editable[id] = true
	}
	roles, err := client.RoleAssignment.Query().Where(roleassignment.EducatorIDIn(ids...)).All(ctx)
	for _, r := range roles {
		if found.roles[r.EducatorID] == nil {
			found.roles[r.EducatorID] = map[string]bool{}
		}
		found.roles[r.EducatorID][roleAt(string(r.Role), r.OrganizationID)] = true
	}
	return err
}

func roleAt(role string, organizationID int) string { return role + " " + strconv.Itoa(organizationID) }

// match finds the educator of a row: by Database ID, by external id, or by the
// address where the row has neither.
func (c *educatorCheck) match(r *educatorRow, found *educatorLookup) {
	r.cannotClear(colDatabaseID, colExternalID, colFirstName, colLastName, colRole, colSchool)
	r.outside = r.outside || found.isElsewhere(r.text(colDatabaseID)) || found.isElsewhere(r.externalID) || found.isElsewhere(r.email)
	switch {
	case r.refused:
		return
	case r.text(colDatabaseID) != "":
		if r.e = found.byID[r.id]; r.e == nil {
			r.fail(colDatabaseID, problemf(UnknownEducator, "Copy the Database ID again, or clear the cell.", "There is no educator with this Database ID in your purview."))
			return
		}
		if owner := found.taken[r.externalID]; owner != 0 && owner != r.e.ID {
			r.fail(colExternalID, unseenUnless(found.byID[owner] != nil, problemf(IDMismatch, "Correct one of the two, or clear the Database ID.", "The Database ID and the external ID are not of the same educator.")))
			return
		}
	case r.externalID != "":
		r.e = found.byExternal[r.externalID]
		if r.e == nil && found.taken[r.externalID] != 0 {
			r.fail(colExternalID, unseenUnless(false, problemf(ExternalIDTaken, "Check the external ID, or ask an administrator of the district.", "The external ID is taken in the district.")))
			return
		}
	case r.email != "":
		r.e = found.byEmail[fold.Key(r.email)]
	default:
		r.needs(colExternalID, "Without it, or an email address, nobody knows whom the row is about.")
		return
	}
	switch {
	case r.e != nil:
		r.label = label(r.e.FirstName, r.e.LastName, deref(r.e.ExternalID))
		c.duplicate(r.fileRow, "educator", "educator", strconv.Itoa(r.e.ID))
	case r.externalID != "":
		c.duplicate(r.fileRow, "educator", "educator id", r.externalID)
	}
}

func (c *educatorCheck) planRow(r *educatorRow, found *educatorLookup) {
	p := &plan{Do: doCreate}
	on := &db.Educator{}
	if r.e != nil {
		p.Do, on = doUpdate, r.e
		r.targetID = r.e.ID
	}
	c.externalID(r, p, deref(on.ExternalID))
	first := c.text(r, p, colFirstName, educator.FieldFirstName, "first name", roster.MaxName, on.FirstName, true)
	last := c.text(r, p, colLastName, educator.FieldLastName, "last name", roster.MaxName, on.LastName, true)
	if first != on.FirstName || last != on.LastName {
		// It is made of both, also where one of them stays as it was.
		p.set(educator.FieldSortName, fold.SortName(last, first))
		p.was(educator.FieldFirstName, on.FirstName)
		p.was(educator.FieldLastName, on.LastName)
	}
	c.email(r, p, found, on)
	c.text(r, p, colUsername, educator.FieldUsername, "username", maxKey, on.Username, false)
	c.role(r, p, found)
	if !c.isGuessed(r, c.own(r, found, first, last, on)) {
		c.password(r.fileRow, p, func(password string) *fault.Error { return identity.CheckPassword(password) }, on.PasswordHash != "")
	}
	if _, cleared := p.Set[educator.FieldPasswordHash]; cleared || len(p.Password) > 0 {
		p.was(educator.FieldPasswordHash, hashPrint(on.PasswordHash))
	}
	if !r.refused && len(p.Changes) > 0 {
		c.guard(r, p, found)
	}
	if !r.refused && len(p.Changes) > 0 {
		r.plan = p
	}
}

// isGuessed warns of a password that others guess, which is not set. The rest of the row
// is: information systems write one password for every new teacher, and a district
// would lose its teachers with it, who can set one of their own by a link.
func (c *educatorCheck) isGuessed(r *educatorRow, own []string) bool {
	cell := r.text(colPassword)
	if cell == "" || r.clears(colPassword) {
		return false
	}
	why := identity.CheckPassword(cell, own...)
	if why == nil || why.Code != identity.CommonPassword && why.Code != identity.PersonalPassword {
		return false
	}
	p := fromFault(why, "Nothing else in the row is affected. Choose another password, or let the person set one with the link that the sign-in page sends.")
	p.Message = "The password is not set. " + p.Message
	r.warn(colPassword, p)
	return true
}

// own are the texts of which the password of a row's educator must not be made: what
// is on record, what the row says, and the organizations of both.
func (c *educatorCheck) own(r *educatorRow, found *educatorLookup, first, last string, on *db.Educator) []string {
	own := append(identity.Own(first, last, r.email, roster.Clean(r.text(colUsername))), r.text(colSchool))
	own = append(own, identity.Own(on.FirstName, on.LastName, on.Email, on.Username)...)
	// An administrator of a school does not see the district, which is well known.
	own = append(own, c.schools.district.Name)
	ids := []int{c.job.OrganizationID}
	for _, role := range found.all[on.ID] {
		ids = append(ids, role.OrganizationID)
	}
	for _, id := range ids {
		if o := c.schools.byID[id]; o != nil {
			own = append(own, o.Name)
		}
	}
	if cell := r.text(colSchool); cell != "" {
		if o, problem := c.schools.find(cell); problem == nil {
			own = append(own, o.Name)
		}
	}
	return own
}

// guard refuses what nobody who has a hand in the file may do to the account: to an
// own one anything, to one with a role elsewhere more than to give it a role here, and
// to its credentials what leads around a provider.
func (c *educatorCheck) guard(r *educatorRow, p *plan, found *educatorLookup) {
	if r.e == nil {
		if why := c.kind.guard.Refuse(c.v, credentialsOf(p, nil, nil)); why != nil {
			r.fail(colPassword, fromFault(why, "Clear the password; the person signs in at the provider."))
		}
		return
	}
	wanted := credentialsOf(p, r.e, found.all[r.e.ID])
	wanted.Behind = found.behind
	switch why := c.kind.guard.Refuse(c.v, wanted); {
	case why != nil && why.Code == identity.OwnAccount:
		r.fail("", fromFault(why, "Take the row out, and ask another administrator for the change."))
	case len(p.Set) == 0 && len(p.Password) == 0:
	case why != nil && why.Code == identity.ByProvider:
		r.fail(colEmail, fromFault(why, "Leave address and password as they are; the person signs in at the provider."))
	case why != nil, !found.editable[r.e.ID]:
		r.fail("", problemf(Forbidden, "Ask an administrator of the district, or upload the row for the district.",
			"%s %s has a role elsewhere, so only an administrator of the district changes the account.", r.e.FirstName, r.e.LastName))
	}
}

// credentialsOf are what a plan does to the credentials of an account on record, or of a
// new one.
func credentialsOf(p *plan, e *db.Educator, roles []viewer.Assignment) identity.Change {
	c := identity.Change{Roles: roles, Password: len(p.Password) > 0}
	if e != nil {
		c.EducatorID, c.Old = e.ID, deref(e.EmailKey)
	}
	c.New = c.Old
	if value, changes := p.Set[educator.FieldEmailKey]; changes {
		c.New, _ = value.(string)
	}
	return c
}

func (c *educatorCheck) externalID(r *educatorRow, p *plan, current string) {
	value := r.undamaged(colExternalID, current)
	switch {
	case value == "" || value == current:
	case utf8.RuneCountInString(value) > roster.MaxExternalID:
		r.fail(colExternalID, problemf(TooLong, "Shorten it.", "The external ID has more than %d characters.", roster.MaxExternalID))
	default:
		if first := c.seen.first("educator id", value); first != 0 && first != r.Row {
			r.fail(colExternalID, problemf(DuplicateInFile, "Keep one of the two rows.", "Row %d has the same external ID.", first))
			return
		}
		c.seen.claim("educator id", value, r.Row)
		p.set(educator.FieldExternalID, value)
		p.was(educator.FieldExternalID, current)
		p.changes(colExternalID, current, value)
	}
}

// text plans a field of text and returns what it will be.
func (c *educatorCheck) text(r *educatorRow, p *plan, column, field, what string, longest int, current string, required bool) string {
	value := r.legible(column, current)
	switch {
	case r.clears(column) && !required && current != "":
	case value == "" && current == "" && required && !r.refusedAt(column):
		r.needs(column, "A new educator needs one.")
		return current
	case value == "" || value == current:
		return current
	}
	if utf8.RuneCountInString(value) > longest {
		r.fail(column, problemf(TooLong, "Shorten it.", "The %s has more than %d characters.", what, longest))
		return current
	}
	p.set(field, value)
	p.was(field, current)
	p.changes(column, current, value)
	return value
}

// email plans the address to sign in with. It is unique in the installation,
// because signing in names no district.
func (c *educatorCheck) email(r *educatorRow, p *plan, found *educatorLookup, on *db.Educator) {
	if r.clears(colEmail) && on.Email != "" {
		p.set(educator.FieldEmail, "")
		p.set(educator.FieldEmailKey, nil)
		p.was(educator.FieldEmail, on.Email)
		p.changes(colEmail, on.Email, "")
		return
	}
	key := fold.Key(r.email)
	switch {
	case r.email == "" || r.email == on.Email:
		return
	case !identity.IsAddress(r.email):
		r.fail(colEmail, problemf(BadEmail, "Write an address such as ada@example.org.", "This is not an email address."))
		return
	case utf8.RuneCountInString(r.email) > maxKey || utf8.RuneCountInString(key) > maxKey:
		r.fail(colEmail, problemf(TooLong, "Check the address.", "The address has more than %d characters.", maxKey))
		return
	}
	if owner := found.emails[key]; owner != 0 && owner != on.ID {
		r.fail(colEmail, unseenUnless(found.byID[owner] != nil, problemf(EmailTaken, "Check the address. Everybody needs an own one.", "Somebody else signs in with this address.")))
		return
	}
	if first := c.seen.first("email", key); first != 0 && first != r.Row {
		r.fail(colEmail, problemf(DuplicateInFile, "Everybody needs an own address.", "Row %d has the same address.", first))
		return
	}
	c.seen.claim("email", key, r.Row)
	p.set(educator.FieldEmail, r.email)
	p.set(educator.FieldEmailKey, key)
	p.was(educator.FieldEmail, on.Email)
	p.changes(colEmail, on.Email, r.email)
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
func (c *educatorCheck) role(r *educatorRow, p *plan, found *educatorLookup) {
	role := viewer.Teacher
	if cell := r.text(colRole); cell != "" {
		known := false
		if role, known = roles[headerKey(cell)]; !known {
			r.fail(colRole, problemf(UnknownRole, "Write Teacher, School Administrator or District Administrator.", "This is not a role."))
			return
		}
	} else if r.e != nil && r.text(colSchool) == "" {
		return
	}
	at := c.atSchool()
	if cell := r.text(colSchool); cell != "" && role != viewer.DistrictAdmin {
		school, problem := c.findSchool(r.fileRow, cell)
		if problem != nil {
			r.fail(colSchool, problem)
			return
		}
		at = school
	}
	if role == viewer.DistrictAdmin {
		at = c.schools.byID[c.job.DistrictID]
	}
	switch {
	case role == viewer.DistrictAdmin && (at == nil || c.atSchool() != nil || !c.v.Administers(at.ID, at.ID)):
		r.fail(colRole, problemf(DistrictRoleForbidden, "Upload the row for the district.", "Only an administrator of the district makes another one."))
		return
	case at == nil:
		r.needs(colSchool, "A role is held at a school.")
		return
	case !c.reaches(at.ID):
		c.refuseOtherSchool(r.fileRow, colSchool)
		return
	case !c.v.Administers(at.ID, at.DistrictID):
		r.fail(colSchool, problemf(Forbidden, "Ask an administrator of the school.", "You do not administer %s.", at.Name))
		return
	}
	if r.e == nil || !found.roles[r.e.ID][roleAt(string(role), at.ID)] {
		p.Role, p.SchoolID = string(role), at.ID
		p.changes(colRole, "", roleNames[role]+" at "+at.Name)
	}
}
