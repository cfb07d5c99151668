package importer

import (
	"context"
	"fmt"
	"slices"

	"homeroom/ent/db"
	"homeroom/ent/db/organization"
	"homeroom/internal/fault"
	"homeroom/internal/globalid"
	"homeroom/internal/viewer"
)

// check is what the checks of all kinds of files share.
type check struct {
	env
	job *db.BulkJob
	v   *viewer.Viewer
	// at is the organization for which the file was uploaded.
	at        *db.Organization
	schools   *schools
	finder    *groupFinder
	passwords *jobSeal
	seen      *claims
	// peopled says of schools whether they had students when they were first asked for.
	peopled map[int]bool
}

// newCheck returns what the checks of the rows of a job share. The passwords in a file
// are closed with passwords; a selection has none.
func newCheck(ctx context.Context, e env, job *db.BulkJob, v *viewer.Viewer, passwords *jobSeal) (*check, error) {
	c := &check{env: e, job: job, v: v, passwords: passwords, seen: &claims{}}
	var err error
	if c.schools, err = loadSchools(ctx, e, job.DistrictID); err != nil {
		return nil, err
	}
	// The policies let whoever has a hand in the job see it there; a selection from
	// several schools belongs to a district that the submitter need not see.
	c.at, err = e.db.Client(ctx).Organization.Query().Where(organization.ID(job.OrganizationID)).Only(viewer.AsSystem(ctx, "organization of a job"))
	return c, err
}

// atSchool is the school for which the file was uploaded, or nil where that was
// done for a district.
func (c *check) atSchool() *db.Organization {
	if c.at.Type == organization.TypeSCHOOL {
		return c.at
	}
	return nil
}

// reaches reports whether a school belongs to what the file was uploaded for.
// Administrators of a school see its jobs; they must not read in one of them
// about students elsewhere.
func (c *check) reaches(schoolID int) bool {
	school := c.atSchool()
	return school == nil || school.ID == schoolID
}

// refuseOtherSchool refuses a row that is about something outside of what the file was
// uploaded for. It tells whoever uploaded the file; for the administrators of the
// school the row is not there.
func (c *check) refuseOtherSchool(r *fileRow, column string) {
	r.outside = true
	r.fail(column, problemf(OtherSchool, "Upload the row in a file for its own school, or the whole file for the district.",
		"The file was uploaded for %s; this row is about another school.", c.at.Name))
}

// note notes that a row names groups, as far as they lie outside of what the file was
// uploaded for.
func (c *check) note(r *fileRow, groups ...*db.Group) {
	for _, g := range groups {
		r.outside = r.outside || !c.reaches(g.OrganizationID)
	}
}

// listable are the groups of a student that a preview lists beside those that change:
// in a file for one school they are those of the school.
func (c *check) listable(member []*db.Group, changing ...*db.Group) []*db.Group {
	if c.atSchool() == nil {
		return member
	}
	return slices.DeleteFunc(slices.Clone(member), func(g *db.Group) bool {
		return !c.reaches(g.OrganizationID) && !slices.ContainsFunc(changing, func(o *db.Group) bool { return o.ID == g.ID })
	})
}

// findSchool returns the school that a cell names.
func (c *check) findSchool(r *fileRow, cell string) (*db.Organization, *problem) {
	school, p := c.schools.find(cell)
	// The hint of an ambiguous name lists schools.
	if p != nil && p.Code != UnknownSchool && c.atSchool() != nil || school != nil && !c.reaches(school.ID) {
		r.outside = true
	}
	return school, p
}

// duplicate refuses a row that speaks of the same thing as an earlier one, and
// otherwise notes that this row was the first.
func (c *check) duplicate(r *fileRow, what, kind, key string) bool {
	if first := c.seen.claim(kind, key, r.Row); first != r.Row {
		r.fail("", problemf(DuplicateInFile, "Keep one of the two rows.", "Row %d is about the same %s.", first, what))
		return true
	}
	return false
}

// password notes a new password in the plan, encrypted, if it has passed the rules
// of whoever will have it. [clear] removes the one that is there.
func (c *check) password(r *fileRow, p *plan, rules func(string) *fault.Error, hasOne bool) {
	switch cell := r.text(colPassword); {
	case r.clears(colPassword):
		if hasOne {
			p.set("password_hash", nil)
			p.changes(colPassword, "set", "")
		}
	case cell != "":
		if err := rules(cell); err != nil {
			r.fail(colPassword, fromFault(err, "Choose another password, or leave the cell blank."))
			return
		}
		p.Password = c.passwords.close(r.Row, []byte(cell))
		p.changes(colPassword, "", "set")
	}
}

// candidate is how lists of candidates show one: its name, and its ids.
func candidate(name string, externalID *string, id string) string {
	if externalID == nil || *externalID == "" {
		return fmt.Sprintf("%s (Database ID %s)", name, id)
	}
	return fmt.Sprintf("%s (external ID %s, Database ID %s)", name, *externalID, id)
}

func label(first, last, id string) string {
	if id == "" {
		return first + " " + last
	}
	return first + " " + last + " (" + id + ")"
}

// keyOf returns the key in a Database ID of the wanted type, or 0.
func keyOf(t globalid.Type, id string) int {
	if key, ok := globalid.Key(t, id); ok {
		return key
	}
	return 0
}

// unseenUnless marks a problem that gives away that something is taken, unless the
// submitter sees by whom or what.
func unseenUnless(seen bool, p *problem) *problem {
	p.Unseen = !seen
	return p
}
