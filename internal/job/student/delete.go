package student

import (
	"context"
	"slices"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
	"github.com/openhomeroom/homeroom/internal/job/reach"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Apply hides the students of a batch and takes them out of all their
// groups, as roster.DeleteStudents does.
func (k deletionKind) Apply(ctx context.Context, client *db.Client, b *row.Batch) error {
	_, students, err := k.lockFresh(ctx, client, b)
	if err != nil {
		return err
	}
	for _, r := range b.Open() {
		switch st := students[r.TargetID]; {
		case !b.Viewer.Administers(st.OrganizationID, st.DistrictID):
			r.Refuse(row.Problemf(row.Forbidden, "Ask an administrator of the school.", "Only administrators can delete "+
				"students."))
		case st.Synced == 1:
			r.Refuse(row.Problemf(row.SyncedStudent, "Make the change in the school's information system.",
				"The school's information system keeps %s %s.", st.FirstName, st.LastName))
		}
	}
	pairs, err := roster.Enrolled(ctx, client, row.IDs(b.Open(), func(r *row.Planned) []int { return []int{r.TargetID} }))
	if err != nil {
		return err
	}
	groups, err := k.lockGroupsOf(ctx, client, pairs)
	if err != nil {
		return err
	}
	reach.RefuseRenamedGroups(b, groups)
	byStudent := map[int]*row.Planned{}
	updates := make([]bulk.Change, 0, len(b.Rows))
	for _, r := range b.Open() {
		byStudent[r.TargetID] = r
		updates = append(updates, bulk.Change{ID: r.TargetID, Set: map[string]any{student.FieldDeletedAt: k.Instant()}})
	}
	pairs = slices.DeleteFunc(pairs, func(p roster.Pair) bool { return byStudent[p.StudentID] == nil })
	removed, err := roster.Unenroll(ctx, client, pairs)
	if err != nil {
		return err
	}
	for _, p := range removed {
		r := byStudent[p.StudentID]
		r.Left = append(r.Left, p.GroupID)
	}
	if err := roster.KeepFormer(ctx, client, removed); err != nil {
		return err
	}
	return bulk.Update(ctx, client, student.Table, "version = version + 1", updates)
}

// lockGroupsOf locks groups, after their students as everywhere, and returns them by
// their keys.
func (k *shared) lockGroupsOf(ctx context.Context, client *db.Client, pairs []roster.Pair) (map[int]*db.Group, error) {
	var ids []int
	for _, p := range pairs {
		ids = append(ids, p.GroupID)
	}
	return k.LockGroups(viewer.AsSystem(ctx, "groups that students leave"), client, ids)
}
