package importer

import (
	"fmt"
	"unicode/utf8"

	"homeroom/ent/db/student"
	"homeroom/internal/fold"
	"homeroom/internal/globalid"
	"homeroom/internal/quote"
	"homeroom/internal/roster"
)

// studentFields plans the fields of a student but for the groups and the
// password, in the order of the columns.
func (c *studentCheck) studentFields(r *studentRow, found *studentLookup) {
	c.ownFields(r, found)
	if r.draft.SchoolID != 0 || r.st == nil {
		before := ""
		if r.st != nil {
			before = c.schools.name(r.st.OrganizationID)
			r.draft.FromID = r.st.OrganizationID
		} else {
			r.draft.SchoolID = r.school.ID
			r.draft.set(student.FieldOrganizationID, r.school.ID)
		}
		r.draft.changes(colSchool, before, r.school.Name)
	}
}

// ownFields plans the fields that have nothing to do with the school.
func (c *studentCheck) ownFields(r *studentRow, found *studentLookup) {
	r.cannotClear(colFirstName, colLastName, colUsername, colGrade)
	c.studentID(r)
	var first, last string
	if r.st != nil {
		first, last = r.st.FirstName, r.st.LastName
	}
	first = c.nameField(r, colFirstName, student.FieldFirstName, "first name", first)
	last = c.nameField(r, colLastName, student.FieldLastName, "last name", last)
	r.sortName(first, last)
	if r.st == nil {
		r.label = label(first, last, r.externalID)
	}
	c.username(r, found)
	c.grade(r)
}

// write plans a new value of a column, unless the student is synced.
func (c *studentCheck) write(r *studentRow, column, field string, value any, before, after string) {
	if r.st != nil && r.st.Synced == 1 {
		r.fail(column, c.syncedStudent(r))
		return
	}
	r.draft.set(field, value)
	r.draft.changes(column, before, after)
}

func (c *studentCheck) studentID(r *studentRow) {
	current := ""
	if r.st != nil {
		current = r.st.ExternalID
	}
	value := r.undamaged(colStudentID, current)
	if value == "" || value == current {
		if r.st == nil && r.externalID == "" {
			r.needs(colStudentID, "A new student needs one.")
		}
		return
	}
	if err := roster.CheckExternalID(value); err != nil {
		r.fail(colStudentID, fromFault(err, "Shorten it."))
		return
	}
	if first := c.seen.first("student id", value); first != 0 && first != r.Row {
		r.fail(colStudentID, problemf(DuplicateInFile, "Keep one of the two rows.", "Row %d has the same Student ID.", first))
		return
	}
	c.write(r, colStudentID, student.FieldExternalID, value, current, value)
}

// nameField plans a first or last name and returns what it will be.
func (c *studentCheck) nameField(r *studentRow, column, field, what, current string) string {
	value := r.legible(column, current)
	switch {
	case value == "" && current == "":
		if !r.clears(column) && !r.refusedAt(column) {
			r.needs(column, "A new student needs one.")
		}
		return current
	case value == "" || value == current:
		return current
	}
	if err := roster.CheckName(value, what, roster.MaxName); err != nil {
		r.fail(column, fromFault(err, "Shorten it."))
		return current
	}
	c.write(r, column, field, value, current, value)
	return value
}

func (c *studentCheck) username(r *studentRow, found *studentLookup) {
	current := ""
	if r.st != nil {
		current = r.st.Username
	}
	value := r.undamaged(colUsername, current)
	switch {
	case value == "" && current == "" && !r.refusedAt(colUsername):
		r.needs(colUsername, "A new student needs one.")
		return
	case value == "" || value == current:
		return
	}
	if err := roster.CheckUsername(value); err != nil {
		r.fail(colUsername, fromFault(err, "Choose another username."))
		return
	}
	key := fold.Key(value)
	if utf8.RuneCountInString(key) > maxKey {
		r.fail(colUsername, problemf(TooLong, "Choose another username.", "The username is too long."))
		return
	}
	if key != fold.Key(current) {
		if first := c.seen.first("username", key); first != 0 && first != r.Row {
			r.fail(colUsername, problemf(DuplicateInFile, "Give one of the two another username.", "Row %d has the same username.", first))
			return
		}
		if owner := found.usernames[key]; owner != 0 && (r.st == nil || owner != r.st.ID) {
			p := problemf(UsernameTaken, c.hintTaken(r, found, owner), "The username is taken in the district.")
			if st := found.byID[owner]; st != nil && r.st == nil && c.reaches(st.OrganizationID) {
				p.Candidates = []int{st.ID}
			}
			p.Unseen = found.byID[owner] == nil && found.foreign[owner]
			r.fail(colUsername, p)
			return
		}
		r.draft.set(student.FieldUsernameKey, key)
	}
	c.write(r, colUsername, student.FieldUsername, value, current, value)
}

// hintTaken says what to do about a username that somebody has. Where it is a
// student in the purview whose Student ID lost its zeros in the file, that is
// told, because otherwise the student would seem to be a new one.
func (c *studentCheck) hintTaken(r *studentRow, found *studentLookup, owner int) string {
	if st := found.byID[owner]; st != nil && c.reaches(st.OrganizationID) && r.st == nil && spoiled(st.ExternalID, r.externalID) {
		return "It belongs to " + label(st.FirstName, st.LastName, st.ExternalID) +
			". Perhaps a spreadsheet program has shortened the Student ID; put it back."
	}
	if st := found.byID[owner]; st != nil && c.reaches(st.OrganizationID) && r.st == nil {
		return fmt.Sprintf("It belongs to %s. If the row means that student, give it the Database ID %s; otherwise choose another one.",
			label(st.FirstName, st.LastName, st.ExternalID), globalid.Encode(globalid.Student, st.ID))
	}
	return "Choose another one. Deleted students keep theirs until their data are erased. If another row of this file gives it up, upload that row first."
}

func (c *studentCheck) grade(r *studentRow) {
	cell := r.text(colGrade)
	if cell == "" {
		if r.st == nil && !r.clears(colGrade) {
			r.needs(colGrade, "A new student needs one.")
		}
		return
	}
	g, err := roster.CheckGrade(cell)
	switch {
	case err != nil:
		r.fail(colGrade, problemf(err.Code, "Write PK, K, or 1 to 12.", "%s is not a grade.", quote.Text(cell)))
	case r.st == nil:
		c.write(r, colGrade, student.FieldGrade, int(g), "", g.String())
	case g != r.st.Grade:
		c.write(r, colGrade, student.FieldGrade, int(g), r.st.Grade.String(), g.String())
	}
}
