package importer

import (
	"context"
	"fmt"
	"slices"

	"homeroom/ent/db"
	"homeroom/ent/db/bulkjob"
	"homeroom/ent/db/organization"
	"homeroom/internal/csvfile"
	"homeroom/internal/fault"
	"homeroom/internal/globalid"
	"homeroom/internal/roster"
	"homeroom/internal/viewer"
)

// check is what the checks of all kinds of files share.
type check struct {
	s   *Service
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

func (s *Service) checkerOf(ctx context.Context, job *db.BulkJob, v *viewer.Viewer) (checker, error) {
	c := &check{s: s, job: job, v: v, seen: &claims{}}
	var err error
	if c.schools, err = s.loadSchools(ctx, job.DistrictID); err != nil {
		return nil, err
	}
	if c.at, err = s.db.Client(ctx).Organization.Get(ctx, job.OrganizationID); err != nil {
		return nil, err
	}
	if c.passwords, err = s.sealOf(job.ID, forPasswords); err != nil {
		return nil, err
	}
	switch job.Kind {
	case bulkjob.KindIMPORT_STUDENTS:
		return &studentCheck{c}, nil
	case bulkjob.KindIMPORT_GROUPS:
		return &groupCheck{c}, nil
	case bulkjob.KindIMPORT_EDUCATORS:
		return &educatorCheck{c}, nil
	case bulkjob.KindIMPORT_ORGANIZATIONS:
		return &organizationCheck{c}, nil
	case bulkjob.KindIMPORT_ENROLLMENTS:
		return &enrollmentCheck{c}, nil
	default:
		return nil, fmt.Errorf("a job of kind %s has no file", job.Kind)
	}
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

// spoiled reports whether cell is what a spreadsheet program makes of a stored
// id: leading zeros dropped, or digits after the fifteenth turned into zeros.
func spoiled(stored, cell string) bool {
	if stored == cell || !allDigits(stored) || !allDigits(cell) {
		return false
	}
	trimmed := stored
	for len(trimmed) > 1 && trimmed[0] == '0' {
		trimmed = trimmed[1:]
	}
	if trimmed == cell {
		return true
	}
	return len(stored) == len(cell) && len(stored) > 15 && stored[:15] == cell[:15] && allZeros(cell[15:])
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func allZeros(s string) bool {
	for i := range len(s) {
		if s[i] != '0' {
			return false
		}
	}
	return true
}

const hintDamaged = "Format the column as text in your spreadsheet program, and put the right value there."

// undamaged returns the value of a cell that identifies somebody, given what is
// on record, or "" where the cell must not be written. What a spreadsheet
// program has damaged is never written: where it is certain what the cell held
// it is a warning and the value on record stays, otherwise the row is refused.
func (r *fileRow) undamaged(column, current string) string {
	cell := roster.Clean(r.text(column))
	flaw := r.flaw(column)
	damaged := csvfile.DamagedNumber(cell) || flaw == csvfile.Imprecise || flaw == csvfile.Dated
	switch {
	case cell == "":
	case csvfile.LostLetters(current, cell):
		r.warn(column, problemf(DamagedID, hintDamagedText, "Letters of %s were lost when the file was saved; %s stays as it is on record.", current, column))
		return current
	case damaged && cell == current:
		r.warn(column, problemf(DamagedID, hintDamaged, "%s looks like a number that a spreadsheet program has damaged, but it is what is on record.", column))
	case current != "" && flaw == csvfile.Imprecise && spoiled(current, cell):
		r.warn(column, problemf(DamagedID, hintDamaged, "A spreadsheet program has shortened %s; %s stays as it is on record.", current, column))
		return current
	case flaw == csvfile.Imprecise:
		r.fail(column, problemf(DamagedID, hintDamaged, "A spreadsheet program keeps only 15 digits of a number, so %s may be another one than somebody typed.", column))
		return ""
	case flaw == csvfile.Dated:
		r.fail(column, problemf(DamagedID, hintDamaged, "The cell holds a date, which is not what somebody typed but what a spreadsheet program has made of it."))
		return ""
	case damaged:
		r.fail(column, problemf(DamagedID, hintDamaged, "%s is not what somebody typed but what a spreadsheet program has made of it.", column))
		return ""
	case current != "" && spoiled(current, cell):
		r.warn(column, problemf(DamagedID, "To change it on purpose, edit it in the dashboard.",
			"A spreadsheet program seems to have shortened %s; %s stays as it is on record.", current, column))
		return current
	case cell != current && csvfile.DatedID(cell):
		r.warn(column, problemf(DamagedID, hintDamaged, "%s looks like a day that a spreadsheet program has made of something like 1-2.", column))
	}
	return cell
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

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// keyOf returns the key in a Database ID of the wanted type, or 0.
func keyOf(t globalid.Type, id string) int {
	if key, ok := globalid.Key(t, id); ok {
		return key
	}
	return 0
}
