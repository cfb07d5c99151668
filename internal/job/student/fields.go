package student

import (
	"fmt"
	"unicode/utf8"

	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/job/reach"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/quote"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// studentFields plans the fields of a student but for the groups and the
// password, in the order of the columns.
func (c *checker) studentFields(r *studentRow, found *lookup) {
	c.ownFields(r, found)
	if r.draft.SchoolID != 0 || r.st == nil {
		before := ""
		if r.st != nil {
			before = c.Schools.Name(r.st.OrganizationID)
			r.draft.FromID = r.st.OrganizationID
		} else {
			r.draft.SchoolID = r.school.ID
			r.draft.SetColumn(student.FieldOrganizationID, r.school.ID)
		}
		r.draft.Show(sheet.ColSchool, before, r.school.Name)
	}
}

// ownFields plans the fields that have nothing to do with the school.
func (c *checker) ownFields(r *studentRow, found *lookup) {
	r.CannotClear(sheet.ColFirstName, sheet.ColLastName, sheet.ColUsername, sheet.ColGrade)
	c.studentID(r)
	var first, last string
	if r.st != nil {
		first, last = r.st.FirstName, r.st.LastName
	}
	first = c.nameField(r, sheet.ColFirstName, student.FieldFirstName, "first name", first)
	last = c.nameField(r, sheet.ColLastName, student.FieldLastName, "last name", last)
	r.sortName(first, last)
	if r.st == nil {
		r.Label = reach.Label(first, last, r.externalID)
	}
	c.username(r, found)
	c.grade(r)
}

// write plans a new value of a column, unless the student is synced.
func (c *checker) write(r *studentRow, column, field string, value any, before, after string) {
	if r.st != nil && r.st.Synced == 1 {
		r.Fail(column, c.syncedStudent(r))
		return
	}
	r.draft.SetColumn(field, value)
	r.draft.Show(column, before, after)
}

func (c *checker) studentID(r *studentRow) {
	current := ""
	if r.st != nil {
		current = r.st.ExternalID
	}
	value := r.Undamaged(sheet.ColStudentID, current)
	if value == "" || value == current {
		if r.st == nil && r.externalID == "" {
			r.Needs(sheet.ColStudentID, "A new student needs one.")
		}
		return
	}
	if err := roster.CheckExternalID(value); err != nil {
		r.Fail(sheet.ColStudentID, row.FromFault(err, "Shorten it."))
		return
	}
	if first := c.Seen.First("student id", value); first != 0 && first != r.Number {
		r.Fail(sheet.ColStudentID,
			row.Problemf(row.DuplicateInFile, "Keep one of the two rows.", "Row %d has the same Student ID.", first))
		return
	}
	c.write(r, sheet.ColStudentID, student.FieldExternalID, value, current, value)
}

// nameField plans a first or last name and returns what it will be.
func (c *checker) nameField(r *studentRow, column, field, what, current string) string {
	value := r.Legible(column, current)
	switch {
	case value == "" && current == "":
		if !r.Clears(column) && !r.RefusedAt(column) {
			r.Needs(column, "A new student needs one.")
		}
		return current
	case value == "" || value == current:
		return current
	}
	if err := roster.CheckName(value, what, roster.MaxName); err != nil {
		r.Fail(column, row.FromFault(err, "Shorten it."))
		return current
	}
	c.write(r, column, field, value, current, value)
	return value
}

func (c *checker) username(r *studentRow, found *lookup) {
	current := ""
	if r.st != nil {
		current = r.st.Username
	}
	value := r.Undamaged(sheet.ColUsername, current)
	switch {
	case value == "" && current == "" && !r.RefusedAt(sheet.ColUsername):
		r.Needs(sheet.ColUsername, "A new student needs one.")
		return
	case value == "" || value == current:
		return
	}
	if err := roster.CheckUsername(value); err != nil {
		r.Fail(sheet.ColUsername, row.FromFault(err, "Choose another username."))
		return
	}
	key := fold.Key(value)
	if utf8.RuneCountInString(key) > row.MaxKeyLength {
		r.Fail(sheet.ColUsername, row.Problemf(row.TooLong, "Choose another username.", "The username is too long."))
		return
	}
	if key != fold.Key(current) {
		if first := c.Seen.First("username", key); first != 0 && first != r.Number {
			r.Fail(sheet.ColUsername,
				row.Problemf(row.DuplicateInFile, "Give one of the two another username.", "Row %d has the same username.", first))
			return
		}
		if owner := found.usernames[key]; owner != 0 && (r.st == nil || owner != r.st.ID) {
			p := row.Problemf(row.UsernameTaken, c.hintTaken(r, found, owner), "The username is taken in the district.")
			if st := found.byID[owner]; st != nil && r.st == nil && c.Reaches(st.OrganizationID) {
				p.Candidates = []int{st.ID}
			}
			p.Unseen = found.byID[owner] == nil && found.foreign[owner]
			r.Fail(sheet.ColUsername, p)
			return
		}
		r.draft.SetColumn(student.FieldUsernameKey, key)
	}
	c.write(r, sheet.ColUsername, student.FieldUsername, value, current, value)
}

// hintTaken says what to do about a username that somebody has. Where it is a
// student in the purview whose Student ID lost its zeros in the file, that is
// told, because otherwise the student would seem to be a new one.
func (c *checker) hintTaken(r *studentRow, found *lookup, owner int) string {
	if st := found.byID[owner]; st != nil && c.Reaches(st.OrganizationID) && r.st == nil &&
		sheet.Spoiled(st.ExternalID, r.externalID) {
		return "It belongs to " + reach.Label(st.FirstName, st.LastName, st.ExternalID) +
			". Perhaps a spreadsheet program has shortened the Student ID; put it back."
	}
	if st := found.byID[owner]; st != nil && c.Reaches(st.OrganizationID) && r.st == nil {
		return fmt.Sprintf(
			"It belongs to %s. If the row means that student, give it the Database ID %s; otherwise choose another one.",
			reach.Label(st.FirstName, st.LastName, st.ExternalID), globalid.Encode(globalid.Student, st.ID))
	}
	return "Choose another one. Deleted students keep theirs until their data are erased. " +
		"If another row of this file gives it up, upload that row first."
}

func (c *checker) grade(r *studentRow) {
	cell := r.Text(sheet.ColGrade)
	if cell == "" {
		if r.st == nil && !r.Clears(sheet.ColGrade) {
			r.Needs(sheet.ColGrade, "A new student needs one.")
		}
		return
	}
	g, err := roster.CheckGrade(cell)
	switch {
	case err != nil:
		r.Fail(sheet.ColGrade, row.Problemf(err.Code, "Write PK, K, or 1 to 12.", "%s is not a grade.", quote.Text(cell)))
	case r.st == nil:
		c.write(r, sheet.ColGrade, student.FieldGrade, int(g), "", g.String())
	case g != r.st.Grade:
		c.write(r, sheet.ColGrade, student.FieldGrade, int(g), r.st.Grade.String(), g.String())
	}
}
