package importer

import (
	"context"
	"slices"

	"homeroom/ent/db"
	"homeroom/ent/db/educator"
	"homeroom/ent/db/group"
	"homeroom/ent/db/groupeducator"
	"homeroom/ent/db/student"
	"homeroom/internal/roster"
	"homeroom/internal/viewer"
)

// undoEnrollments takes lines of enrollments back. A line is about one person in
// one group: it is put back where that is as the line left it. Versions do not
// help, because several lines are about the same student.
func (s *Service) undoEnrollments(ctx context.Context, client *db.Client, b *undoBatch) error {
	system := viewer.AsSystem(ctx, "take enrollments of a job back; the purview is checked beside it")
	asPerson := viewer.NewContext(ctx, b.v)
	ids := targets(b.rows, func(r *undoRow) bool { return r.plan.aboutStudent() })
	locked, err := roster.LockStudents(system, client, s.locks(), ids)
	if err != nil {
		return err
	}
	students := map[int]*db.Student{}
	for _, st := range locked {
		students[st.ID] = st
	}
	groups, err := s.lockUndoGroups(system, client, b)
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
	return s.unteach(system, client, b)
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

func (s *Service) lockUndoGroups(system context.Context, client *db.Client, b *undoBatch) (map[int]*db.Group, error) {
	var ids []int
	for _, r := range b.rows {
		ids = append(ids, groupsOfUndo(r)...)
	}
	slices.Sort(ids)
	locked, err := roster.LockGroups(system, client, s.locks(), slices.Compact(ids))
	groups := map[int]*db.Group{}
	for _, g := range locked {
		groups[g.ID] = g
	}
	return groups, err
}

func keysOf[T any](rows map[int]T) []int {
	ids := make([]int, 0, len(rows))
	for id := range rows {
		ids = append(ids, id)
	}
	return ids
}

// unteach takes back who teaches the groups of rows. Where several rows are about
// a group, its version grows once.
func (s *Service) unteach(system context.Context, client *db.Client, b *undoBatch) error {
	wanted := func(r *undoRow) bool {
		return r.kept == nil && !r.before.Already && len(r.before.Taught)+len(r.before.Untaught) > 0
	}
	ids := targets(b.rows, wanted)
	if len(ids) == 0 {
		return nil
	}
	found, err := client.GroupEducator.Query().Where(groupeducator.GroupIDIn(ids...)).All(system)
	if err != nil {
		return err
	}
	type pair struct{ group, educator int }
	there := map[pair]int{}
	for _, t := range found {
		there[pair{t.GroupID, t.EducatorID}] = t.ID
	}
	// As by hand, nobody puts an educator into a group whom he does not see.
	var back []int
	for _, r := range b.rows {
		if wanted(r) {
			back = append(back, r.before.Untaught...)
		}
	}
	seen, err := idSet(client.Educator.Query().Where(educator.IDIn(back...)).IDs(viewer.NewContext(system, b.v)))
	if err != nil {
		return err
	}
	var removed []any
	var added [][]any
	touched := map[int]changed{}
	for _, r := range b.rows {
		if !wanted(r) {
			continue
		}
		touched[r.TargetID] = changed{id: r.TargetID}
		for _, e := range r.before.Taught {
			if key := there[pair{r.TargetID, e}]; key != 0 {
				removed = append(removed, key)
			} else {
				r.keepPart(ChangedSince, hintChanged, "An educator of this row no longer teaches the class or group.")
			}
		}
		for _, e := range r.before.Untaught {
			if !seen[e] {
				r.partGone("An educator of this row")
			} else if there[pair{r.TargetID, e}] == 0 {
				added = append(added, []any{s.instant(), r.TargetID, e})
			} else {
				r.keepPart(ChangedSince, hintChanged, "An educator of this row teaches the class or group again.")
			}
		}
	}
	for chunk := range slices.Chunk(removed, statementRows) {
		if _, err := client.ExecContext(system, "DELETE FROM group_educators WHERE id IN ("+places(len(chunk))+")", chunk...); err != nil {
			return err
		}
	}
	if err := insertRows(system, client, groupeducator.Table, "created_at, group_id, educator_id", added); err != nil {
		return err
	}
	updates := make([]changed, 0, len(touched))
	for _, id := range ids {
		updates = append(updates, touched[id])
	}
	return updateRows(system, client, group.Table, "version = version + 1", updates)
}
