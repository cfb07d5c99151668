package student

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/field"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/job/absence"
	"github.com/openhomeroom/homeroom/internal/job/kind"
	"github.com/openhomeroom/homeroom/internal/job/reach"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// OnRecord implements kind.Finder: it finds the students of rows that say that they have
// left.
func (c *checker) OnRecord(ctx context.Context, rows []*sheet.Row) (map[*sheet.Row]kind.Found, error) {
	byID, byExternal := map[int][]*sheet.Row{}, map[string][]*sheet.Row{}
	ids, externalIDs := map[int]bool{}, map[string]bool{}
	for _, r := range rows {
		if id := reach.KeyOf(globalid.Student, r.Text(field.ColDatabaseID)); id != 0 {
			byID[id], ids[id] = append(byID[id], r), true
		} else if id := roster.Clean(r.Text(field.ColStudentID)); id != "" {
			byExternal[id], externalIDs[id] = append(byExternal[id], r), true
		}
	}
	found := map[*sheet.Row]kind.Found{}
	query := c.DB.Client(ctx).Student.Query().Where(student.DistrictID(c.Job.DistrictID))
	for list := range reach.Chunks(externalIDs) {
		students, err := query.Clone().Where(student.ExternalIDIn(list...)).All(ctx)
		if err != nil {
			return nil, err
		}
		for _, st := range students {
			c.find(found, byExternal[st.ExternalID], st)
		}
	}
	for list := range reach.Chunks(ids) {
		students, err := query.Clone().Where(student.IDIn(list...)).All(ctx)
		if err != nil {
			return nil, err
		}
		for _, st := range students {
			c.find(found, byID[st.ID], st)
		}
	}
	return found, nil
}

func (c *checker) find(found map[*sheet.Row]kind.Found, rows []*sheet.Row, st *db.Student) {
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
	for _, r := range rows {
		r.Label, r.About = label, st.ID
		found[r] = on
	}
}
