package student

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/field"
	"github.com/openhomeroom/homeroom/internal/fold"
	"github.com/openhomeroom/homeroom/internal/job/absence"
	"github.com/openhomeroom/homeroom/internal/job/kind"
	"github.com/openhomeroom/homeroom/internal/job/reach"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// OnRecord implements kind.Finder: it finds the students of rows that do not count. A row
// is matched as one that counts would be, and is unclear if its student is not certain:
// somebody may be removed because of it.
func (c *checker) OnRecord(ctx context.Context, rows []*sheet.Row) (map[*sheet.Row]kind.Found, error) {
	list := make([]*studentRow, len(rows))
	for i, r := range rows {
		list[i] = newStudentRow(r)
	}
	seen, err := c.findStudents(ctx, list)
	if err != nil {
		return nil, err
	}
	found := map[*sheet.Row]kind.Found{}
	for i, r := range list {
		st, certain := whoLeft(r, seen)
		switch {
		case !certain:
			rows[i].Unclear = true
		case st != nil:
			c.find(found, rows[i], st)
		}
	}
	return found, nil
}

// whoLeft returns the student of a row that does not count; nil if nobody on record is
// meant. It is not certain if the row names nobody, if its IDs are those of two students,
// if the ID is damaged or looks like one on record, or if the name is another one.
func whoLeft(r *studentRow, seen *lookup) (st *db.Student, certain bool) {
	byExternal := seen.byExternal[r.externalID]
	switch {
	case r.Text(field.ColDatabaseID) != "":
		st = seen.byID[r.id]
		if r.id == 0 || st == nil && byExternal != nil || st != nil && r.externalID != "" && st != byExternal {
			return nil, false
		}
	case r.externalID != "":
		st = byExternal
		damage, _ := r.Damage(field.ColStudentID)
		if st == nil && (sheet.IsNothing(r.externalID) || damage != "" || len(seen.near[r.externalID]) > 0) {
			return nil, false
		}
	case r.isFoundByUsername():
		st = seen.byID[seen.usernames[fold.Key(roster.Clean(r.Text(field.ColUsername)))]]
	default:
		return nil, false
	}
	first, last := roster.Clean(r.Text(field.ColFirstName)), roster.Clean(r.Text(field.ColLastName))
	if st != nil && first != "" && last != "" && !reach.ShareAName(st.FirstName+" "+st.LastName, first+" "+last) {
		return nil, false
	}
	return st, true
}

func (c *checker) find(found map[*sheet.Row]kind.Found, r *sheet.Row, st *db.Student) {
	if !c.Reaches(st.OrganizationID) {
		return
	}
	label := reach.Label(st.FirstName, st.LastName, st.ExternalID)
	on := kind.Found{
		Is: label + " is still among the students, and stays as before.",
		Hint: "If the student has left, delete the student in the list of students, or upload the file again and choose " +
			"what happens to those who have left. If not, correct this cell and upload the row again.",
	}
	switch absence.OfLeavers(c.Job) {
	case absence.Ignore:
	case absence.Delete:
		on = kind.Found{Is: label + " is still among the students, and is deleted unless another row counts.",
			Hint: "If this is wrong, correct this cell, and upload the file again."}
	default:
		on = kind.Found{Is: label + " is still among the students, and leaves the groups unless another row counts.",
			Hint: "If this is wrong, correct this cell, and upload the file again."}
	}
	r.Label, r.About = label, st.ID
	found[r] = on
}
