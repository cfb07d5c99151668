package importer

import (
	"context"
	"strconv"

	"homeroom/ent/db"
	"homeroom/ent/db/organization"
	"homeroom/ent/db/student"
	"homeroom/internal/fault"
	"homeroom/internal/fold"
	"homeroom/internal/globalid"
	"homeroom/internal/roster"
)

// studentCheck makes plans of the rows of a file of students.
type studentCheck struct{ *check }

// studentRow is one row and what it means.
type studentRow struct {
	*fileRow
	// id is the key in the Database ID, or 0 where the cell is blank or wrong.
	id         int
	externalID string
	tokens     []string

	// st is the student on record, nil for one who is to be created.
	st      *db.Student
	revives bool
	// school is where the student is to be.
	school *db.Organization
	draft  *plan
}

func (c *studentCheck) checkRows(ctx context.Context, rows []*fileRow) error {
	check, err := c.prepare(ctx, rows)
	if err != nil {
		return err
	}
	return check(ctx)
}

// prepare finds the students of rows; what the rows before are about makes no
// difference to that.
func (c *studentCheck) prepare(ctx context.Context, rows []*fileRow) (check func(ctx context.Context) error, err error) {
	all := make([]*studentRow, 0, len(rows))
	for _, r := range rows {
		if !r.refused {
			all = append(all, newStudentRow(r))
		}
	}
	found, err := c.findStudents(ctx, all)
	return func(ctx context.Context) error { return c.decide(ctx, all, found) }, err
}

// decide makes plans of rows whose students have been looked for.
func (c *studentCheck) decide(ctx context.Context, all []*studentRow, found *studentLookup) error {
	for _, r := range all {
		c.match(r, found)
		if r.refused {
			continue
		}
		if c.place(r); r.school == nil {
			// Whoever mends the school should not learn of the rest one by one.
			c.ownFields(r, found)
		}
	}
	if err := c.findGroupsOf(ctx, all, found); err != nil {
		return err
	}
	for _, r := range all {
		if r.school != nil {
			c.planRow(r, found)
		}
	}
	return c.warnOfAlike(ctx, all)
}

func newStudentRow(r *fileRow) *studentRow {
	row := &studentRow{fileRow: r, externalID: roster.Clean(r.text(colStudentID)), draft: &plan{Student: 1}}
	row.id = keyOf(globalid.Student, r.text(colDatabaseID))
	row.tokens = groupTexts(r)
	return row
}

// match finds the student of a row: by Database ID where there is one, otherwise
// by Student ID. A row that is refused here has no school afterwards.
func (c *studentCheck) match(r *studentRow, found *studentLookup) {
	taken := found.taken[r.externalID]
	switch {
	case r.clears(colDatabaseID) || r.clears(colStudentID):
		r.cannotClear(colDatabaseID, colStudentID)
		return
	case r.text(colDatabaseID) != "":
		r.st = found.byID[r.id]
		if r.st == nil && taken != nil && taken.ID == r.id && c.mayRevive(taken) {
			r.st, r.revives = taken, true
		}
		if r.st == nil {
			r.fail(colDatabaseID, problemf(UnknownStudent, "Copy the Database ID again from an export, or clear the cell and match by Student ID.",
				"There is no student with this Database ID in your purview."))
			return
		}
	case r.externalID == "":
		r.needs(colStudentID, "Without it, or a Database ID, nobody knows whom the row is about.")
		return
	default:
		r.st = found.byExternal[r.externalID]
		if r.st == nil && taken != nil && c.mayRevive(taken) {
			r.st, r.revives = taken, true
		}
		if r.st == nil && taken != nil {
			r.fail(colStudentID, c.studentIDTaken(taken))
			return
		}
	}
	if r.st != nil {
		r.outside = r.outside || !c.reaches(r.st.OrganizationID)
		c.duplicate(r.fileRow, "student", "student", strconv.Itoa(r.st.ID))
		c.otherStudentID(r, found)
	} else {
		c.duplicate(r.fileRow, "student", "student id", r.externalID)
	}
}

// otherStudentID refuses a Student ID that belongs to another student than the
// Database ID.
func (c *studentCheck) otherStudentID(r *studentRow, found *studentLookup) {
	taken := found.taken[r.externalID]
	if r.externalID == "" || r.externalID == r.st.ExternalID {
		return
	}
	if taken == nil {
		c.seen.claim("student id", r.externalID, r.Row)
		return
	}
	other := found.byExternal[r.externalID]
	switch {
	case spoiled(r.st.ExternalID, r.externalID):
		// What a spreadsheet program has made of the ID happens to be somebody
		// else's; it is not written anyway.
	case other == nil || !c.reaches(other.OrganizationID):
		p := c.studentIDTaken(taken)
		p.Unseen = p.Unseen && other == nil
		r.fail(colStudentID, p)
	default:
		r.fail(colStudentID, problemf(IDMismatch, "Correct one of the two, or clear the Database ID.",
			"The Database ID is of %s, the Student ID of %s.",
			label(r.st.FirstName, r.st.LastName, r.st.ExternalID), label(other.FirstName, other.LastName, other.ExternalID)))
	}
}

// mayRevive reports whether the submitter may bring a deleted student back.
func (c *studentCheck) mayRevive(st *db.Student) bool {
	return st.DeletedAt != nil && c.v.Administers(st.OrganizationID, st.DistrictID) &&
		c.schools.settingsOf(c.schoolOf(st)).Reserves(*st.DeletedAt, c.now())
}

// studentIDTaken says the same about every student outside of the purview,
// wherever that one is, and about the deleted.
func (c *studentCheck) studentIDTaken(by *db.Student) *problem {
	p := problemf(ExternalIDTaken, "Check the Student ID. If it is right, ask an administrator; deleted students keep theirs until their data are erased.",
		"The Student ID is taken in the district.")
	p.Unseen = !c.v.Administers(by.OrganizationID, by.DistrictID)
	return p
}

// place finds the school of a row: that of its cell, otherwise the one where the
// student is, otherwise the one for which the file was uploaded.
func (c *studentCheck) place(r *studentRow) {
	var school *db.Organization
	r.cannotClear(colSchool)
	// An export writes the name of the student's school. That another school has
	// the same name makes no doubt of a cell that says what is there already.
	if cell := r.text(colSchool); cell != "" && (r.st == nil || fold.Key(c.schoolOf(r.st).Name) != fold.Key(cell)) {
		found, p := c.findSchool(r.fileRow, cell)
		if p != nil {
			r.fail(colSchool, p)
			return
		}
		school = found
	}
	if r.st == nil {
		c.placeNew(r, school)
		return
	}
	now := c.schoolOf(r.st)
	if school == nil {
		school = now
	}
	switch {
	case school.ID == now.ID:
	case r.st.Synced == 1:
		r.fail(colSchool, c.syncedStudent(r))
		return
	case !c.v.Administers(school.ID, school.DistrictID) || !c.v.Administers(now.ID, now.DistrictID):
		r.fail(colSchool, problemf(Forbidden, "Ask an administrator of the district, or clear the cell.",
			"Only an administrator of both schools moves a student from %s to %s.", now.Name, school.Name))
		return
	default:
		r.draft.SchoolID = school.ID
		r.draft.set(student.FieldOrganizationID, school.ID)
	}
	r.school = school
}

// schoolOf is the school of a student. A teacher who teaches a student of another
// school does not see that school, and so does not learn its name.
func (c *studentCheck) schoolOf(st *db.Student) *db.Organization {
	if o := c.schools.byID[st.OrganizationID]; o != nil {
		return o
	}
	return &db.Organization{ID: st.OrganizationID, DistrictID: st.DistrictID, Type: organization.TypeSCHOOL}
}

func (c *studentCheck) placeNew(r *studentRow, school *db.Organization) {
	if school == nil {
		school = c.atSchool()
	}
	switch {
	case school == nil:
		r.needs(colSchool, "A new student needs a school.")
	case !c.reaches(school.ID):
		c.refuseOtherSchool(r.fileRow, colSchool)
	default:
		r.school = school
	}
}

func (c *studentCheck) syncedStudent(r *studentRow) *problem {
	return problemf(SyncedStudent, "Make the change in the school's information system, or leave the cell as it was.",
		"%s %s is kept by the school's information system.", r.st.FirstName, r.st.LastName)
}

// planRow makes the plan of a row whose student and school are known.
func (c *studentCheck) planRow(r *studentRow, found *studentLookup) {
	p := r.draft
	p.Do = doUpdate
	hasPassword := false
	if r.st == nil {
		p.Do = doCreate
	} else {
		r.targetID, r.version = r.st.ID, r.st.Version
		hasPassword = r.st.PasswordHash != ""
	}
	if r.revives {
		p.Do = doRevive
		p.changes(fieldDeleted, "yes", "no")
		if r.st.Synced == 1 {
			r.fail("", c.syncedStudent(r))
		}
	}
	c.studentFields(r, found)
	c.password(r.fileRow, p, func(password string) *fault.Error {
		return roster.CheckPassword(password, c.schools.settingsOf(r.school).PasswordMinLength)
	}, hasPassword)
	if p.Do == doCreate && r.cell(colPassword) == "" && c.schools.settingsOf(r.school).PasswordRequired {
		r.needs(colPassword, "A new student of "+r.school.Name+" needs one.")
	}
	own := p.Do != doUpdate || len(p.Set) > 0 || len(p.Password) > 0
	c.groups(r, found)
	switch teacher := !c.v.Administers(r.school.ID, r.school.DistrictID); {
	case teacher && r.st == nil && len(p.Join) == 0 && !r.refused:
		r.fail(colGroups, problemf(GroupRequired, "Write one of your classes or groups.", "A teacher adds a new student to a class or group of the teacher's own."))
	case teacher && r.st != nil && own && !found.mayEdit(r.st):
		r.fail("", problemf(Forbidden, "Assign the student first, with a row that changes nothing else, or ask an administrator.",
			"%s %s is in none of your classes or groups, so you cannot make this change.", r.st.FirstName, r.st.LastName))
	}
	// An export of several schools can come back as it is, as long as nothing
	// changes at the others.
	if len(p.Changes) > 0 && r.st != nil && !c.reaches(r.school.ID) && !c.reaches(r.st.OrganizationID) {
		c.refuseOtherSchool(r.fileRow, colSchool)
	}
	if r.refused {
		return
	}
	if set := p.Set[student.FieldUsernameKey]; set != nil {
		c.seen.claim("username", set.(string), r.Row)
	}
	if len(p.Changes) > 0 {
		r.fileRow.plan = p
		r.nameIt()
	}
}

// nameIt says whom the row is about, by the names that somebody looking for the
// student knows. Most rows of a file that comes again need none.
func (r *studentRow) nameIt() {
	switch {
	case r.label != "":
	case r.st != nil:
		r.label = label(r.st.FirstName, r.st.LastName, r.st.ExternalID)
	default:
		r.label = label(roster.Clean(r.text(colFirstName)), roster.Clean(r.text(colLastName)), r.externalID)
	}
}

// sortName notes the sort name where one of the names changes.
func (r *studentRow) sortName(first, last string) {
	if r.draft.Set[student.FieldFirstName] != nil || r.draft.Set[student.FieldLastName] != nil {
		r.draft.set(student.FieldSortName, fold.SortName(last, first))
	}
}
