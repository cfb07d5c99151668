package importer

import (
	"context"
	"slices"

	"entgo.io/ent/dialect/sql"

	"homeroom/ent/db"
	"homeroom/ent/db/bulkjobrow"
	"homeroom/ent/db/enrollment"
	"homeroom/ent/db/student"
	"homeroom/internal/viewer"
)

// standing finds out for which students the version has grown because of later jobs
// that have been undone meanwhile, while all that the row of this job did still
// stands. So jobs about the same students are undone one after the other, the last
// one first, though an undo is a change as well.
func (k *studentKind) standing(ctx context.Context, client *db.Client, b *undoBatch, students map[int]*db.Student) (map[*undoRow]bool, error) {
	var rows []*undoRow
	var ids []int
	for _, r := range b.open() {
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
	later := func(s *sql.Selector) { s.Where(sql.GT(s.C(bulkjobrow.FieldJobID), b.job.ID)) }
	err := client.BulkJobRow.Query().Where(bulkjobrow.TargetIDIn(ids...), later, bulkjobrow.State(stateUndone)).
		Unique(true).Select(bulkjobrow.FieldTargetID).Scan(system, &list)
	if err := addIDs(undone)(list, err); err != nil {
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
	stands := map[*undoRow]bool{}
	for _, r := range rows {
		stands[r] = undone[r.TargetID] && standsFor(r, students[r.TargetID], groups[r.TargetID])
	}
	return stands, nil
}

// standsFor reports whether a student, who is in some groups, is as the row has left
// the student: in all that it changed, and altogether if it created the student.
func standsFor(r *undoRow, st *db.Student, groups []int) bool {
	if r.plan.Do != doUpdate && r.plan.Do != doCreate || st.DeletedAt != nil {
		return false
	}
	for column, value := range r.plan.Set {
		if column != student.FieldPasswordHash && valueOf(st, column) != value {
			return false
		}
	}
	changesPassword := slices.ContainsFunc(r.plan.Changes, func(c Change) bool { return c.Field == colPassword })
	if (changesPassword || r.plan.Do == doCreate) && hashPrint(st.PasswordHash) != r.before.Password {
		return false
	}
	isIn := func(id int) bool { return slices.Contains(groups, id) }
	if r.plan.Do == doCreate && len(groups) != len(r.before.Joined) {
		return false
	}
	return !slices.ContainsFunc(r.before.Joined, func(id int) bool { return !isIn(id) }) && !slices.ContainsFunc(r.before.Left, isIn)
}
