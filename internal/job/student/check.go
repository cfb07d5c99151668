package student

import (
	"context"
	"strconv"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/field"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/hold"
	"github.com/openhomeroom/homeroom/internal/job/newgroup"
	"github.com/openhomeroom/homeroom/internal/job/reach"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// checker makes plans of the rows of a file of students.
type checker struct {
	*reach.Check
	// lacks are the columns that the file needs for new students, and strangers is how many
	// rows are about nobody on record, with an ID like no other.
	lacks []string
	// news numbers the groups that rows name and nobody has; nil if none are created.
	news *newgroup.Namer

	strangers int
}

// studentRow is one row and what it means.
type studentRow struct {
	*sheet.Row
	// id is the key in the Database ID; 0 if the cell is blank or wrong.
	id         int
	externalID string
	// written is the Student ID as the cell has it, if that is another one.
	written string
	// tokens are the groups that the row names, raw the same with the line breaks of the cell.
	tokens, raw []string

	// st is the student on record, nil for one who is to be created.
	st      *db.Student
	revives bool
	// school is the school that the student will have.
	school *db.Organization
	draft  *row.Plan
	// takesFrom is the row that gives up the username which this row takes, or nil.
	takesFrom *studentRow
	// unites is the first row about the same student, with which this one is united, and
	// more are the rows that are united with this one. adds is true if a row adds a group.
	unites *studentRow
	more   []*studentRow
	adds   bool
}

// CheckRows implements kind.Checker.
func (c *checker) CheckRows(ctx context.Context, rows []*sheet.Row) error {
	check, err := c.Prepare(ctx, rows)
	if err != nil {
		return err
	}
	return check(ctx)
}

// Prepare finds the students of rows; what the rows before are about makes no
// difference to that.
func (c *checker) Prepare(ctx context.Context, rows []*sheet.Row) (check func(ctx context.Context) error, err error) {
	all := make([]*studentRow, 0, len(rows))
	for _, r := range rows {
		if !r.Refused {
			all = append(all, newStudentRow(r))
		}
	}
	found, err := c.findStudents(ctx, all)
	return func(ctx context.Context) error { return c.decide(ctx, all, found) }, err
}

// decide makes plans of rows after their students have been looked up.
func (c *checker) decide(ctx context.Context, all []*studentRow, found *lookup) error {
	for _, r := range all {
		c.match(r, found)
	}
	found.givers = giversOf(all)
	for _, r := range all {
		if r.Refused || r.unites != nil {
			continue
		}
		if c.place(r); r.school == nil {
			// A person who corrects the school should not learn of the other problems one by one.
			c.ownFields(r, found)
		}
	}
	if err := c.findGroupsOf(ctx, all, found); err != nil {
		return err
	}
	for _, r := range all {
		if r.school != nil {
			c.unite(r, found)
			c.planRow(r, found)
		}
	}
	c.settleUsernames(all)
	settleUnited(all)
	return c.warnOfAlike(ctx, all)
}

func newStudentRow(r *sheet.Row) *studentRow {
	line := &studentRow{Row: r, externalID: roster.Clean(r.Text(field.ColStudentID)), draft: &row.Plan{Student: 1}}
	if clean := sheet.CleanID(line.externalID); clean != line.externalID {
		line.written, line.externalID = line.externalID, clean
	}
	line.id = reach.KeyOf(globalid.Student, r.Text(field.ColDatabaseID))
	line.tokens, line.raw = groupTexts(r)
	return line
}

// match finds the student of a row: by Database ID if there is one, otherwise by
// Student ID. A row that is refused here has no school afterwards.
func (c *checker) match(r *studentRow, found *lookup) {
	taken := found.taken[r.externalID]
	switch {
	case r.Clears(field.ColDatabaseID) || r.Clears(field.ColStudentID):
		r.CannotClear(field.ColDatabaseID, field.ColStudentID)
		return
	case r.Text(field.ColDatabaseID) != "":
		r.st = found.byID[r.id]
		if r.st == nil && taken != nil && taken.ID == r.id && c.mayRevive(taken) {
			r.st, r.revives = taken, true
		}
		if r.st == nil {
			r.Fail(field.ColDatabaseID,
				row.Problemf(row.UnknownStudent,
					"Copy the Database ID again from an export, or clear the cell to match by Student ID.",
					"There is no student with this Database ID among those you may see."))
			return
		}
	case r.externalID == "" && r.isFoundByUsername():
		r.st = found.byID[found.usernames[fold.Key(roster.Clean(r.Text(field.ColUsername)))]]
		if r.st == nil {
			r.Fail(field.ColUsername,
				row.Problemf(row.UnknownStudent, "Check the username, or add a column Student ID.",
					"You see no student with this username."))
			return
		}
	case r.externalID == "":
		r.Needs(field.ColStudentID, "Without it or a Database ID, the row names nobody.")
		return
	default:
		r.st = found.byExternal[r.externalID]
		if r.st == nil && taken != nil && c.mayRevive(taken) {
			r.st, r.revives = taken, true
		}
		if r.st == nil && taken != nil {
			r.Fail(field.ColStudentID, c.studentIDTaken(taken))
			return
		}
		if r.st == nil && c.refuseUnknown(r, found) {
			return
		}
	}
	if r.st != nil {
		r.About = r.st.ID
		r.Outside = r.Outside || !c.Reaches(r.st.OrganizationID)
		c.claim(r, found, "student", strconv.Itoa(r.st.ID))
		c.otherStudentID(r, found)
	} else {
		c.claim(r, found, "student id", r.externalID)
	}
}

// isFoundByUsername reports whether a row says by the username alone whom it is about,
// because the file has no column with an ID.
func (r *studentRow) isFoundByUsername() bool {
	return !r.Layout.Has(field.ColStudentID) && !r.Layout.Has(field.ColDatabaseID) && r.Text(field.ColUsername) != ""
}

// otherStudentID refuses a Student ID that belongs to another student than the
// Database ID.
func (c *checker) otherStudentID(r *studentRow, found *lookup) {
	taken := found.taken[r.externalID]
	if r.externalID == "" || r.externalID == r.st.ExternalID {
		return
	}
	if taken == nil {
		c.Seen.Claim("student id", r.externalID, r.Number)
		return
	}
	other := found.byExternal[r.externalID]
	switch {
	case sheet.Spoiled(r.st.ExternalID, r.externalID):
		// A spreadsheet program has damaged the ID, and the result happens to belong to
		// somebody else; it is not written anyway.
	case other == nil || !c.Reaches(other.OrganizationID):
		p := c.studentIDTaken(taken)
		p.Unseen = p.Unseen && other == nil
		r.Fail(field.ColStudentID, p)
	default:
		r.Fail(field.ColStudentID, row.Problemf(row.IDMismatch, "Correct one of the two, or clear the Database ID.",
			"The Database ID belongs to %s, and the Student ID to %s.",
			reach.Label(r.st.FirstName, r.st.LastName, r.st.ExternalID),
			reach.Label(other.FirstName, other.LastName, other.ExternalID)))
	}
}

// mayRevive reports whether the submitter may bring a deleted student back.
func (c *checker) mayRevive(st *db.Student) bool {
	return st.DeletedAt != nil && c.Viewer.Administers(st.OrganizationID, st.DistrictID) &&
		c.Schools.SettingsOf(c.schoolOf(st)).Reserves(*st.DeletedAt, c.Now())
}

// studentIDTaken says the same about every student outside of the purview,
// wherever that one is, and about the deleted.
func (c *checker) studentIDTaken(by *db.Student) *row.Problem {
	p := row.Problemf(row.ExternalIDTaken,
		"Check the Student ID. If it is right, ask an administrator. Deleted students keep theirs until "+
			"their data is erased.", "Another student in the district has this Student ID.")
	p.Unseen = !c.Viewer.Administers(by.OrganizationID, by.DistrictID)
	return p
}

// place finds the school of a row: that of its cell, otherwise the student's present
// one, otherwise the one for which the file was uploaded.
func (c *checker) place(r *studentRow) {
	var school *db.Organization
	r.CannotClear(field.ColSchool)
	// An export writes the name of the student's school. If another school has the same
	// name, a cell that repeats what is on record is still clear.
	if cell := r.Text(field.ColSchool); cell != "" && (r.st == nil || fold.Key(c.schoolOf(r.st).Name) != fold.Key(cell)) {
		found, p := c.FindSchool(r.Row, cell)
		if p != nil {
			r.Fail(field.ColSchool, p)
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
		r.Fail(field.ColSchool, c.syncedStudent(r))
		return
	case !c.Viewer.Administers(school.ID, school.DistrictID) || !c.Viewer.Administers(now.ID, now.DistrictID):
		r.Fail(field.ColSchool, row.Problemf(row.Forbidden, "Ask an administrator of the district, or clear the cell.",
			"Only an administrator of both schools can move a student from %s to %s.", now.Name, school.Name))
		return
	default:
		r.draft.SchoolID = school.ID
		r.draft.SetColumn(student.FieldOrganizationID, school.ID)
	}
	r.school = school
}

// schoolOf is the school of a student. A teacher who teaches a student of another
// school does not see that school, and so does not learn its name.
func (c *checker) schoolOf(st *db.Student) *db.Organization {
	if o := c.Schools.ByID[st.OrganizationID]; o != nil {
		return o
	}
	return &db.Organization{ID: st.OrganizationID, DistrictID: st.DistrictID, Type: organization.TypeSCHOOL}
}

func (c *checker) placeNew(r *studentRow, school *db.Organization) {
	if school == nil {
		school = c.AtSchool()
	}
	switch {
	case school == nil:
		r.Needs(field.ColSchool, "A new student needs a school.")
	case !c.Reaches(school.ID):
		c.RefuseOtherSchool(r.Row, field.ColSchool)
	default:
		r.school = school
	}
}

func (c *checker) syncedStudent(r *studentRow) *row.Problem {
	return row.Problemf(row.SyncedStudent,
		"Make the change in the school's information system, or restore the old value of the cell.",
		"The school's information system keeps %s %s.", r.st.FirstName, r.st.LastName)
}

// planRow makes the plan of a row whose student and school are known.
func (c *checker) planRow(r *studentRow, found *lookup) {
	p := r.draft
	p.Do = row.Update
	hasPassword := false
	if r.st == nil {
		p.Do = row.Create
	} else {
		r.TargetID, r.Version = r.st.ID, r.st.Version
		hasPassword = r.st.PasswordHash != ""
	}
	if r.revives {
		p.Do, p.Soon = row.Revive, !hold.Returns(c.Now(), r.st.DeletedAt)
		p.Show(field.Deleted, "yes", "no")
		if r.st.Synced == 1 {
			r.Fail("", c.syncedStudent(r))
		}
	}
	if sheet.Slipped(r.Row, values, r.st) {
		return
	}
	c.studentFields(r, found)
	c.refuseOtherPerson(r)
	c.Password(r.Row, p, func(password string) *fault.Error {
		return roster.CheckPassword(password, c.Schools.SettingsOf(r.school).PasswordMinLength)
	}, hasPassword)
	if p.Do == row.Revive && hasPassword && r.Cell(field.ColPassword) == "" {
		// As with createStudent: people who knew the former password knew it of somebody who
		// had left.
		p.SetColumn(student.FieldPasswordHash, nil)
		p.Show(field.ColPassword, "set", "")
	}
	if p.Do != row.Update && r.Cell(field.ColPassword) == "" && c.Schools.SettingsOf(r.school).PasswordRequired {
		r.Needs(field.ColPassword, "A new student of "+r.school.Name+" needs one.")
	}
	own := p.Do != row.Update || len(p.Set) > 0 || len(p.Password) > 0
	c.groups(r, found)
	switch teacher := !c.Viewer.Administers(r.school.ID, r.school.DistrictID); {
	case teacher && r.st == nil && p.Added() == 0 && !r.Refused:
		r.Fail(field.ColGroups,
			row.Problemf(row.GroupRequired, "Write one of your classes or groups.",
				"As a teacher, you can add new students only to your own classes or groups."))
	case teacher && r.st != nil && own && !found.mayEdit(r.st):
		r.Fail("", row.Problemf(row.Forbidden,
			"First add the student to one of them with a row that changes nothing else, or ask an administrator.",
			"%s %s is in none of your classes or groups, so you cannot make this change.", r.st.FirstName, r.st.LastName))
	}
	// An export of several schools can come back as it is, as long as nothing
	// changes at the others.
	if len(p.Changes) > 0 && r.st != nil && !c.Reaches(r.school.ID) && !c.Reaches(r.st.OrganizationID) {
		c.RefuseOtherSchool(r.Row, field.ColSchool)
	}
	if r.Refused {
		return
	}
	if set := p.Set[student.FieldUsernameKey]; set != nil {
		c.Seen.Claim("username", set.(string), r.Number)
	}
	if p.Do == row.Create {
		c.warnOfLookalike(r, found)
	}
	if len(p.Changes) > 0 {
		r.Row.Plan = p
		r.nameIt()
	}
}

// nameIt says whom the row is about, by the name under which people look for the student.
// Most rows of a file that is uploaded again need none.
func (r *studentRow) nameIt() {
	switch {
	case r.Label != "":
	case r.st != nil:
		r.Label = reach.Label(r.st.FirstName, r.st.LastName, r.st.ExternalID)
	default:
		r.Label = reach.Label(roster.Clean(r.Text(field.ColFirstName)), roster.Clean(r.Text(field.ColLastName)), r.externalID)
	}
}
