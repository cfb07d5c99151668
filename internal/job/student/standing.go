package student

import (
	"context"
	"slices"

	"entgo.io/ent/dialect/sql"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjobrow"
	"github.com/openhomeroom/homeroom/ent/db/enrollment"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
	"github.com/openhomeroom/homeroom/internal/field"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// standing finds the students whose version has grown because of later jobs that have
// been undone meanwhile, while everything that the row of this job did is still in
// place. So jobs about the same students can be undone one after the other, the last
// one first, although an undo is a change as well.
func (k *shared) standing(ctx context.Context, client *db.Client, b *row.UndoBatch,
	students map[int]*db.Student) (map[*row.Applied]bool, error) {
	var rows []*row.Applied
	var ids []int
	for _, r := range b.Open() {
		if st := students[r.TargetID]; st != nil && st.Version != r.AppliedVersion {
			rows, ids = append(rows, r), append(ids, r.TargetID)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	system := viewer.AsSystem(ctx, "what later jobs have done to students; the purview is checked beside it")
	undone := map[int]bool{}
	var list []int
	later := func(s *sql.Selector) { s.Where(sql.GT(s.C(bulkjobrow.FieldJobID), b.Job.ID)) }
	err := client.BulkJobRow.Query().Where(bulkjobrow.TargetIDIn(ids...), later, bulkjobrow.State(row.StateUndone)).
		Unique(true).Select(bulkjobrow.FieldTargetID).Scan(system, &list)
	if err := bulk.AddIDs(undone)(list, err); err != nil {
		return nil, err
	}
	members, err := client.Enrollment.Query().Where(enrollment.StudentIDIn(ids...)).All(system)
	if err != nil {
		return nil, err
	}
	groups := map[int][]int{}
	for _, e := range members {
		groups[e.StudentID] = append(groups[e.StudentID], e.GroupID)
	}
	stands := map[*row.Applied]bool{}
	for _, r := range rows {
		stands[r] = undone[r.TargetID] && standsFor(r, students[r.TargetID], groups[r.TargetID])
	}
	return stands, nil
}

// standsFor reports whether a student, who is in some groups, is as the row has left
// the student: in all that it changed, and altogether if it created the student.
func standsFor(r *row.Applied, st *db.Student, groups []int) bool {
	if r.Plan.Do != row.Update && r.Plan.Do != row.Create || st.DeletedAt != nil {
		return false
	}
	for column, value := range r.Plan.Set {
		if column != student.FieldPasswordHash && valueOf(st, column) != value {
			return false
		}
	}
	changesPassword := slices.ContainsFunc(r.Plan.Changes, func(c row.Change) bool { return c.Field == field.ColPassword })
	if (changesPassword || r.Plan.Do == row.Create) && row.HashPrint(st.PasswordHash) != r.Before.Password {
		return false
	}
	isIn := func(id int) bool { return slices.Contains(groups, id) }
	// A student who moved to another school has left all groups of the old one, and would
	// have to leave those of the new one that somebody else has chosen.
	if _, moved := r.Plan.Set[student.FieldOrganizationID]; moved && slices.ContainsFunc(groups, func(id int) bool {
		return !slices.Contains(r.Before.Joined, id) && !slices.Contains(r.Plan.Keep, id)
	}) {
		return false
	}
	if r.Plan.Do == row.Create && len(groups) != len(r.Before.Joined) {
		return false
	}
	return !slices.ContainsFunc(r.Before.Joined, func(id int) bool { return !isIn(id) }) &&
		!slices.ContainsFunc(r.Before.Left, isIn)
}
