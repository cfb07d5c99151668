package student

import (
	"context"
	"slices"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/field"
	"github.com/openhomeroom/homeroom/internal/job/absence"
	"github.com/openhomeroom/homeroom/internal/job/reach"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/sheet"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Last implements kind.Remover.
func (c *checker) Last(ctx context.Context) (int, error) {
	ids, err := c.DB.Client(ctx).Student.Query().Order(db.Desc(student.FieldID)).Limit(1).
		IDs(viewer.AsSystem(ctx, "the last student there is"))
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	return ids[0], nil
}

// notIn are the students whom the submitter sees and who are not in the file.
func (c *checker) notIn(ctx context.Context, job *db.BulkJob, synced int8) *db.StudentQuery {
	return c.DB.Client(ctx).Student.Query().Where(roster.NotIn(job), student.Synced(synced))
}

// Missing implements kind.Remover.
func (c *checker) Missing(ctx context.Context, job *db.BulkJob, after, n int) ([]int, error) {
	return c.notIn(ctx, job, 0).Where(student.IDGT(after)).Order(db.Asc(student.FieldID)).Limit(n).IDs(ctx)
}

// Kept implements kind.Remover.
func (c *checker) Kept(ctx context.Context, job *db.BulkJob) (int, error) {
	return c.notIn(ctx, job, 1).Count(ctx)
}

// Remove implements kind.Remover. Students whom the school's information system keeps stay,
// and so do those of schools that the submitter does not administer.
func (c *checker) Remove(ctx context.Context, rows []*sheet.Row, how absence.Removal) error {
	ids := make([]int, len(rows))
	for i, r := range rows {
		ids[i] = r.About
	}
	found := &lookup{byID: map[int]*db.Student{}, groups: map[int][]*db.Group{}}
	students, err := c.DB.Client(ctx).Student.Query().
		Where(student.DistrictID(c.Job.DistrictID), student.IDIn(ids...), student.Synced(0)).All(ctx)
	if err != nil {
		return err
	}
	for _, st := range students {
		found.byID[st.ID] = st
	}
	var leaving []*studentRow
	for _, r := range rows {
		st := found.byID[r.About]
		if st == nil || !c.Reaches(st.OrganizationID) || !c.Viewer.Administers(st.OrganizationID, st.DistrictID) {
			continue
		}
		r.TargetID, r.Version = st.ID, st.Version
		r.Label = reach.Label(st.FirstName, st.LastName, st.ExternalID)
		leaving = append(leaving,
			&studentRow{Row: r, id: st.ID, st: st, school: c.schoolOf(st), draft: &row.Plan{Student: 1}})
	}
	if err := c.findGroupsOf(ctx, leaving, found); err != nil {
		return err
	}
	for _, r := range leaving {
		p, member := r.draft, c.Listable(found.groups[r.st.ID])
		leave := slices.DeleteFunc(slices.Clone(member), func(g *db.Group) bool { return g.Synced == 1 })
		switch {
		case how == absence.Delete:
			p.Do = row.Delete
			p.Show(field.Deleted, "no", "yes")
			if len(member) > 0 {
				reach.Regroup(p, member, nil, member)
			}
		case len(leave) == 0:
			continue
		default:
			p.Do = row.Update
			reach.Regroup(p, member, nil, leave)
		}
		r.Plan = p
	}
	return nil
}
