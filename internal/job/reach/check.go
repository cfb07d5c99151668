// Package reach finds the schools, groups and educators that a row names. It finds only
// those that everybody with a hand in the job may see.
package reach

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/field"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Check is what the checks of all kinds of files share.
type Check struct {
	row.Env
	Job    *db.BulkJob
	Viewer *viewer.Viewer
	// at is the organization for which the file was uploaded.
	at        *db.Organization
	Schools   *schools
	finder    *GroupFinder
	passwords *row.Seal
	Seen      *claims
	// shapes are those of the IDs on record, as far as they were looked at.
	shapes map[string]Shape
	// Peopled says of schools whether they had students when they were first asked for.
	Peopled map[int]bool
}

// NewCheck returns what the checks of the rows of a job share. The passwords in a file
// are closed with passwords; a selection has none.
func NewCheck(ctx context.Context, e row.Env, job *db.BulkJob, v *viewer.Viewer, passwords *row.Seal) (*Check, error) {
	c := &Check{Env: e, Job: job, Viewer: v, passwords: passwords, Seen: &claims{}}
	var err error
	if c.Schools, err = loadSchools(ctx, e, job.DistrictID); err != nil {
		return nil, err
	}
	// The policies show it to everybody with a hand in the job. A selection from several
	// schools belongs to a district that the submitter need not see.
	c.at, err = e.DB.Client(ctx).Organization.Query().Where(organization.ID(job.OrganizationID)).
		Only(viewer.AsSystem(ctx, "organization of a job"))
	return c, err
}

// AtSchool is the school for which the file was uploaded; nil if it was uploaded for a
// district.
func (c *Check) AtSchool() *db.Organization {
	if c.at.Type == organization.TypeSCHOOL {
		return c.at
	}
	return nil
}

// Reaches reports whether a school belongs to what the file was uploaded for.
// Administrators of a school see its jobs; they must not read in one of them
// about students elsewhere.
func (c *Check) Reaches(schoolID int) bool {
	school := c.AtSchool()
	return school == nil || school.ID == schoolID
}

// RefuseOtherSchool refuses a row about something outside the organization for which
// the file was uploaded. Only the uploader sees the reason; for the administrators of
// the school the row does not exist.
func (c *Check) RefuseOtherSchool(r *sheet.Row, column string) {
	r.Outside = true
	r.Fail(column,
		row.Problemf(row.OtherSchool, "Upload the row in a file for its own school, or upload the whole file for the "+
			"district.",
			"The file was uploaded for %s; this row is about another school.", c.at.Name))
}

// Note records that a row names groups that are outside the organization of the file.
func (c *Check) Note(r *sheet.Row, groups ...*db.Group) {
	for _, g := range groups {
		r.Outside = r.Outside || !c.Reaches(g.OrganizationID)
	}
}

// Listable returns the groups of a student that a preview lists in addition to those that
// change: in a file for one school, the groups of that school.
func (c *Check) Listable(member []*db.Group, changing ...*db.Group) []*db.Group {
	if c.AtSchool() == nil {
		return member
	}
	return slices.DeleteFunc(slices.Clone(member), func(g *db.Group) bool {
		return !c.Reaches(g.OrganizationID) && !slices.ContainsFunc(changing, func(o *db.Group) bool { return o.ID == g.ID })
	})
}

// FindSchool returns the school that a cell names.
func (c *Check) FindSchool(r *sheet.Row, cell string) (*db.Organization, *row.Problem) {
	school, p := c.Schools.Find(cell)
	// The hint of an ambiguous name lists schools.
	if p != nil && p.Code != row.UnknownSchool && c.AtSchool() != nil || school != nil && !c.Reaches(school.ID) {
		r.Outside = true
	}
	return school, p
}

// Duplicate refuses a row that speaks of the same thing as an earlier one, and
// otherwise notes that this row was the first.
func (c *Check) Duplicate(r *sheet.Row, what, kind, key string) bool {
	if first := c.Seen.Claim(kind, key, r.Number); first != r.Number {
		hint := "Keep one of the two rows."
		switch what {
		case "educator":
			hint += " A further role goes into a row that differs in Role and School alone; for a new educator, upload " +
				"that row again after the file was written."
		case "class or group":
			hint += " Several educators stand in one cell, separated by semicolons."
		}
		r.Fail("", row.Problemf(row.DuplicateInFile, hint,
			"Row %d is about the same %s.", first, what))
		return true
	}
	return false
}

// IsFirst notes that a row gives something an external ID, which no other row may do; a
// second one is refused.
func (c *Check) IsFirst(r *sheet.Row, kind, key string) bool {
	if first := c.Seen.First(kind, key); first != 0 && first != r.Number {
		r.Fail(field.ColExternalID,
			row.Problemf(row.DuplicateInFile, "Keep one of the two rows.", "Row %d has the same external ID.", first))
		return false
	}
	c.Seen.Claim(kind, key, r.Number)
	return true
}

// Password adds a new password to the plan, encrypted, if it satisfies the rules of
// its future owner. [clear] removes the present one.
func (c *Check) Password(r *sheet.Row, p *row.Plan, rules func(string) *fault.Error, hasOne bool) {
	switch cell := r.Text(field.ColPassword); {
	case r.Clears(field.ColPassword):
		if hasOne {
			p.SetColumn("password_hash", nil)
			p.Show(field.ColPassword, "set", "")
		}
	case sheet.HidesPassword(cell):
		r.Warn(field.ColPassword, row.Problemf(row.Required, "Write the password, or leave the cell blank.",
			"The cell holds no password, but a word or signs for one, so no password was set."))
	case cell != "":
		if err := rules(cell); err != nil {
			r.Fail(field.ColPassword, row.FromFault(err, "Choose another password, or leave the cell blank."))
			return
		}
		p.Password = c.passwords.Close(r.Number, []byte(cell))
		p.Show(field.ColPassword, "", "set")
	}
}

// candidate is how lists of candidates show one: its name, and its ids.
func candidate(name string, externalID *string, id string) string {
	if externalID == nil || *externalID == "" {
		return fmt.Sprintf("%s (Database ID %s)", name, id)
	}
	return fmt.Sprintf("%s (external ID %s, Database ID %s)", name, *externalID, id)
}

// Label is what the preview calls a person: the name and, if there is one, the ID.
func Label(first, last, id string) string {
	name := strings.TrimSpace(first + " " + last)
	if id == "" {
		return name
	}
	return name + " (" + id + ")"
}

// WarnOfOneName warns of a new person with a single name, which may also be a cell that
// somebody forgot.
func WarnOfOneName(r *sheet.Row, first, last string) {
	column := field.ColLastName
	if first == "" {
		column = field.ColFirstName
	}
	if (first == "") != (last == "") && !r.Refused {
		r.Warn(column, row.Problemf(row.OneName, "If that is right, you need not do anything.",
			"%s will have a single name, because %s is blank.", strings.TrimSpace(first+" "+last), column))
	}
}

// KeyOf returns the key in a Database ID of the wanted type, or 0.
func KeyOf(t globalid.Type, id string) int {
	if key, ok := globalid.Key(t, id); ok {
		return key
	}
	return 0
}

// UnseenUnless marks a problem as revealing that something is taken, unless the submitter
// sees by whom or by what.
func UnseenUnless(seen bool, p *row.Problem) *row.Problem {
	p.Unseen = !seen
	return p
}
