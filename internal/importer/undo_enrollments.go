package importer

import (
	"context"
	"slices"

	"homeroom/ent/db"
	"homeroom/ent/db/group"
	"homeroom/ent/db/student"
	"homeroom/internal/roster"
	"homeroom/internal/viewer"
)

// undoEnrollments takes lines of enrollments back. A line is about one person in
// one group: it is put back where that is as the line left it. Versions do not
// help, because several lines are about the same student.
func (k *enrollmentKind) undoEnrollments(ctx context.Context, client *db.Client, b *undoBatch) error {
	system := viewer.AsSystem(ctx, "take enrollments of a job back; the purview is checked beside it")
	asPerson := viewer.NewContext(ctx, b.v)
	ids := targets(b.rows, func(r *undoRow) bool { return r.plan.aboutStudent() })
	locked, err := roster.LockStudents(system, client, k.locks(), ids)
	if err != nil {
		return err
	}
	students := map[int]*db.Student{}
	for _, st := range locked {
		students[st.ID] = st
	}
	groups, err := k.lockUndoGroups(system, client, b)
	if err != nil {
		return err
	}
	seenStudents, err := idSet(client.Student.Query().Where(student.IDIn(ids...)).IDs(asPerson))
	if err != nil {
		return err
	}
	seenGroups, err := idSet(client.Group.Query().Where(group.IDIn(keysOf(groups)...)).IDs(asPerson))
	if err != nil {
		return err
	}
	pairs, err := roster.Enrolled(ctx, client, ids)
	if err != nil {
		return err
	}
	enrolled := map[roster.Pair]bool{}
	for _, p := range pairs {
		enrolled[p] = true
	}
	var leave, join []roster.Pair
	for _, r := range b.open() {
		for _, id := range groupsOfUndo(r) {
			switch g, st := groups[id], students[r.TargetID]; {
			case g == nil, !seenGroups[id]:
				r.gone("The class or group")
			case r.plan.aboutStudent() && (st == nil || !seenStudents[r.TargetID]):
				r.gone("The student")
			case g.Synced == 1:
				r.keep(ChangedSince, "Make the change in the school's information system.", "%s is kept by the school's information system by now.", g.Name)
			}
		}
		if r.kept != nil || !r.plan.aboutStudent() {
			continue
		}
		for _, id := range r.before.Joined {
			if p := (roster.Pair{StudentID: r.TargetID, GroupID: id}); enrolled[p] {
				leave = append(leave, p)
			} else {
				r.changedSince("the enrollment")
			}
		}
		for _, id := range r.before.Left {
			if p := (roster.Pair{StudentID: r.TargetID, GroupID: id}); !enrolled[p] {
				join = append(join, p)
			} else {
				r.changedSince("the enrollment")
			}
		}
	}
	if _, err := roster.Unenroll(ctx, client, leave); err != nil {
		return err
	}
	if _, err := roster.Enroll(ctx, client, join); err != nil {
		return err
	}
	return unteach(system, client, k.instant(), b)
}

// groupsOfUndo are the groups that a line of enrollments has changed.
func groupsOfUndo(r *undoRow) []int {
	switch {
	case !r.plan.aboutStudent():
		return []int{r.TargetID}
	case r.before == nil:
		return nil
	default:
		return slices.Concat(r.before.Joined, r.before.Left)
	}
}

func (k *enrollmentKind) lockUndoGroups(system context.Context, client *db.Client, b *undoBatch) (map[int]*db.Group, error) {
	var ids []int
	for _, r := range b.rows {
		ids = append(ids, groupsOfUndo(r)...)
	}
	slices.Sort(ids)
	locked, err := roster.LockGroups(system, client, k.locks(), slices.Compact(ids))
	groups := map[int]*db.Group{}
	for _, g := range locked {
		groups[g.ID] = g
	}
	return groups, err
}
