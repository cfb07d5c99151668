package importer

import (
	"context"
	"slices"

	"homeroom/ent/db"
	"homeroom/ent/db/student"
	"homeroom/internal/roster"
	"homeroom/internal/viewer"
)

// applyDeletion hides the students of a batch and takes them out of all their
// groups, as roster.DeleteStudents does.
func (k *studentKind) applyDeletion(ctx context.Context, client *db.Client, b *batch) error {
	system := viewer.AsSystem(ctx, "lock what a checked row is about; the purview is checked beside it")
	ids := grouped(b.rows, func(r *plannedRow) []int { return []int{r.TargetID} })
	locked, err := roster.LockStudents(system, client, k.locks(), ids)
	if err != nil {
		return err
	}
	students := map[int]*db.Student{}
	for _, st := range locked {
		students[st.ID] = st
	}
	if err := k.refuseStaleStudents(ctx, client, b, students, ids); err != nil {
		return err
	}
	for _, r := range b.open() {
		switch st := students[r.TargetID]; {
		case !b.v.Administers(st.OrganizationID, st.DistrictID):
			r.refuse(problemf(Forbidden, "Ask an administrator of the school.", "Only administrators delete students."))
		case st.Synced == 1:
			r.refuse(problemf(SyncedStudent, "Make the change in the school's information system.",
				"%s %s is kept by the school's information system.", st.FirstName, st.LastName))
		}
	}
	pairs, err := roster.Enrolled(ctx, client, grouped(b.open(), func(r *plannedRow) []int { return []int{r.TargetID} }))
	if err != nil {
		return err
	}
	groups, err := k.lockGroupsOf(ctx, client, pairs)
	if err != nil {
		return err
	}
	refuseRenamedGroups(b, groups)
	byStudent := map[int]*plannedRow{}
	updates := make([]changed, 0, len(b.rows))
	for _, r := range b.open() {
		byStudent[r.TargetID] = r
		updates = append(updates, changed{r.TargetID, map[string]any{student.FieldDeletedAt: k.instant()}})
	}
	pairs = slices.DeleteFunc(pairs, func(p roster.Pair) bool { return byStudent[p.StudentID] == nil })
	removed, err := roster.Unenroll(ctx, client, pairs)
	if err != nil {
		return err
	}
	for _, p := range removed {
		r := byStudent[p.StudentID]
		r.left = append(r.left, p.GroupID)
	}
	if err := roster.KeepFormer(ctx, client, removed); err != nil {
		return err
	}
	return updateRows(ctx, client, student.Table, "version = version + 1", updates)
}

// lockGroupsOf locks groups, after their students as everywhere, and returns them by
// their keys.
func (k *studentKind) lockGroupsOf(ctx context.Context, client *db.Client, pairs []roster.Pair) (map[int]*db.Group, error) {
	var ids []int
	for _, p := range pairs {
		ids = append(ids, p.GroupID)
	}
	slices.Sort(ids)
	groups := map[int]*db.Group{}
	for chunk := range slices.Chunk(slices.Compact(ids), statementRows) {
		locked, err := roster.LockGroups(viewer.AsSystem(ctx, "groups that students leave"), client, k.locks(), chunk)
		if err != nil {
			return nil, err
		}
		for _, g := range locked {
			groups[g.ID] = g
		}
	}
	return groups, nil
}
