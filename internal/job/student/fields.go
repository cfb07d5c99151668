package student

import (
	"fmt"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/field"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/job/reach"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// studentFields plans the fields of a student, except the groups and the password, in
// the order of the columns.
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
		r.draft.Show(field.ColSchool, before, r.school.Name)
	}
}

// The fields of a student over which the loops of this kind go.
var (
	values = roster.StudentFields.Values()
	fixed  = roster.StudentFields.Fixed()
)

// ownFields plans the fields that have nothing to do with the school.
func (c *checker) ownFields(r *studentRow, found *lookup) {
	r.CannotClear(fixed...)
	for _, f := range values {
		if f.DB == student.FieldUsername && r.isFoundByUsername() {
			continue // It says whom the row is about, in whatever case.
		}
		if v, changes := sheet.Value(r.Row, f, r.st, "student"); changes && c.isFree(r, f, v.After, found) {
			c.write(r, f, v)
		}
	}
	sheet.SetMade(r.draft, roster.StudentFields, r.st)
	if r.st == nil {
		reach.WarnOfOneName(r.Row, r.draft.Text(student.FieldFirstName), r.draft.Text(student.FieldLastName))
		r.Label = reach.Label(r.draft.Text(student.FieldFirstName), r.draft.Text(student.FieldLastName), r.externalID)
	}
}

// write plans a new value of a field, unless the student is synced.
func (c *checker) write(r *studentRow, f *field.Field[db.Student], v sheet.New) {
	if r.st != nil && r.st.Synced == 1 {
		r.Fail(f.File.Name, c.syncedStudent(r))
		return
	}
	r.draft.SetColumn(f.DB, v.Value)
	r.draft.Show(f.File.Name, v.Before, v.After)
}

// isFree reports whether nobody else has a new value that only one student may have.
// All other fields may have any value.
func (c *checker) isFree(r *studentRow, f *field.Field[db.Student], value string, found *lookup) bool {
	switch f.DB {
	case student.FieldExternalID:
		if first := c.Seen.First("student id", value); first != 0 && first != r.Number {
			r.Fail(field.ColStudentID,
				row.Problemf(row.DuplicateInFile, "Keep one of the two rows.", "Row %d has the same Student ID.", first))
		}
	case student.FieldUsername:
		c.usernameIsFree(r, fold.Key(value), found)
	}
	return !r.RefusedAt(f.File.Name)
}

func (c *checker) usernameIsFree(r *studentRow, key string, found *lookup) {
	if r.st != nil && key == fold.Key(r.st.Username) {
		return
	}
	if first := c.Seen.First("username", key); first != 0 && first != r.Number {
		r.Fail(field.ColUsername,
			row.Problemf(row.DuplicateInFile, "Give one of the two another username.", "Row %d has the same username.", first))
		return
	}
	if owner := found.usernames[key]; owner != 0 && (r.st == nil || owner != r.st.ID) {
		if c.Seen.First(gaveUp, key) != 0 {
			return
		}
		if r.takesFrom = found.givers[owner]; r.takesFrom != nil {
			return
		}
		p := row.Problemf(row.UsernameTaken, c.hintTaken(r, found, owner), "Another student in the district has this "+
			"username.")
		if st := found.byID[owner]; st != nil && r.st == nil && c.Reaches(st.OrganizationID) {
			p.Candidates = []int{st.ID}
		}
		p.Unseen = found.byID[owner] == nil && found.foreign[owner]
		r.Fail(field.ColUsername, p)
	}
}

// hintTaken says what to do about a username that somebody else has. If that is a
// student in the purview whose Student ID lost its zeros in the file, the hint says
// so, because otherwise the row would seem to be about a new student.
func (c *checker) hintTaken(r *studentRow, found *lookup, owner int) string {
	if st := found.byID[owner]; st != nil && c.Reaches(st.OrganizationID) && r.st == nil &&
		sheet.Spoiled(st.ExternalID, r.externalID) {
		return "It belongs to " + reach.Label(st.FirstName, st.LastName, st.ExternalID) +
			". Perhaps a spreadsheet program shortened the Student ID; restore it."
	}
	if st := found.byID[owner]; st != nil && c.Reaches(st.OrganizationID) && r.st == nil {
		return fmt.Sprintf(
			"It belongs to %s. If the row means that student, give it the Database ID %s; otherwise choose another one.",
			reach.Label(st.FirstName, st.LastName, st.ExternalID), globalid.Encode(globalid.Student, st.ID))
	}
	return "Choose another one. Deleted students keep theirs until their data is erased. " +
		"If a row further down in this file gives it up, put that row before this one."
}
