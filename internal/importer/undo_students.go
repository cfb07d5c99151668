package importer

import (
	"context"
	"slices"

	"homeroom/ent/db"
	"homeroom/ent/db/group"
	"homeroom/ent/db/student"
	"homeroom/ent/rule"
	"homeroom/internal/roster"
	"homeroom/internal/viewer"
)

// undoStudents puts students back. Every change of a student, and every group
// joined or left, raises the student's version: where it is the one that the job
// left behind, nobody has touched the student since. Where later jobs have been
// undone it is another one; see standing.
func (k *studentKind) undoStudents(ctx context.Context, client *db.Client, b *undoBatch) error {
	system := viewer.AsSystem(ctx, "put students back as they were; the purview is checked beside it")
	ids := targets(b.rows, every)
	locked, err := roster.LockStudents(system, client, k.locks(), ids)
	if err != nil {
		return err
	}
	students := map[int]*db.Student{}
	for _, st := range locked {
		students[st.ID] = st
	}
	if err := k.keepChangedStudents(ctx, client, b, students, ids); err != nil {
		return err
	}
	if err := k.keepTaken(system, client, b); err != nil {
		return err
	}
	if err := k.undoGroupsOfStudents(ctx, client, b); err != nil {
		return err
	}
	var updates []changed
	var renamed []*db.Student
	var recount, back []int
	for _, r := range b.open() {
		set := map[string]any{}
		for column, value := range r.before.Set {
			set[column] = value
		}
		switch r.plan.Do {
		case doCreate:
			set[student.FieldDeletedAt] = k.instant()
		case doDelete:
			set[student.FieldDeletedAt] = nil
			back = append(back, r.TargetID)
		case doRevive:
			set[student.FieldDeletedAt] = r.before.DeletedAt
		}
		if len(set) > 0 {
			updates = append(updates, changed{r.TargetID, set})
		}
		st := students[r.TargetID]
		if overwrite(st, set) {
			renamed = append(renamed, st)
		}
		// The school, and with it the school year, may be another one; a student who
		// comes back may have missed a new one.
		if _, moves := set[student.FieldOrganizationID]; moves || r.plan.Do == doDelete || r.plan.Do == doRevive {
			recount = append(recount, r.TargetID)
		}
	}
	if err := updateRows(ctx, client, student.Table, "version = version + 1", updates); err != nil {
		return err
	}
	if err := roster.WriteWords(ctx, client, renamed, false); err != nil {
		return err
	}
	if err := roster.ForgetFormer(ctx, client, back); err != nil {
		return err
	}
	if len(recount) == 0 || k.recount == nil {
		return nil
	}
	slices.Sort(recount)
	return k.recount(ctx, client, recount)
}

// keepChangedStudents keeps the rows whose students are not as the job left them,
// or may not be changed by the person who asked for the undo.
func (k *studentKind) keepChangedStudents(ctx context.Context, client *db.Client, b *undoBatch, students map[int]*db.Student, ids []int) error {
	asPerson := viewer.NewContext(ctx, b.v)
	editable := map[int]bool{}
	seen, err := idSet(client.Student.Query().Where(student.IDIn(ids...)).IDs(asPerson))
	if err != nil {
		return err
	}
	if b.v.IsTeacher() {
		if editable, err = idSet(client.Student.Query().Where(student.IDIn(ids...), rule.StudentsEdited(b.v)).IDs(asPerson)); err != nil {
			return err
		}
	}
	standing, err := k.standing(ctx, client, b, students)
	if err != nil {
		return err
	}
	for _, r := range b.open() {
		st := students[r.TargetID]
		if st == nil || !seen[st.ID] && !b.v.Administers(st.OrganizationID, st.DistrictID) {
			r.gone("The student")
			continue
		}
		may := b.v.Administers(st.OrganizationID, st.DistrictID)
		r.comesBack = may && r.plan.Do == doDelete
		if school, moves := r.before.Set[student.FieldOrganizationID].(int); moves {
			may = may && b.v.Administers(school, st.DistrictID)
		} else if !may && r.plan.Do == doUpdate {
			may = seen[st.ID] && (len(r.before.Set) == 0 || editable[st.ID])
		}
		switch {
		case st.Version != r.AppliedVersion && !standing[r]:
			r.changedSince("the student")
		case !may:
			r.keep(Forbidden, hintAsk, "The student is not in the purview of the person who asked for the undo.")
		case st.Synced == 1 && len(r.before.Set) > 0 && !onlyPassword(r.before.Set):
			r.keep(ChangedSince, "Make the change in the school's information system.", "The school's information system keeps the student now.")
		}
	}
	return nil
}

// onlyPassword reports whether a password is all that changes; that of a synced
// student is set here.
func onlyPassword(set map[string]any) bool {
	_, password := set[student.FieldPasswordHash]
	return password && len(set) == 1
}

// keepTaken keeps the rows whose previous Student ID or username somebody else
// has by now.
func (k *studentKind) keepTaken(system context.Context, client *db.Client, b *undoBatch) error {
	for _, field := range []string{student.FieldExternalID, student.FieldUsernameKey} {
		by := map[string]*undoRow{}
		for _, r := range b.open() {
			if v, ok := r.before.Set[field].(string); ok {
				by[v] = r
			}
		}
		if len(by) == 0 {
			continue
		}
		values := make([]string, 0, len(by))
		for v := range by {
			values = append(values, v)
		}
		where := student.ExternalIDIn(values...)
		if field == student.FieldUsernameKey {
			where = student.UsernameKeyIn(values...)
		}
		found, err := client.Student.Query().Where(student.DistrictID(b.job.DistrictID), where).
			Select(student.FieldID, field).All(system)
		if err != nil {
			return err
		}
		for _, st := range found {
			r := by[st.ExternalID+st.UsernameKey]
			switch {
			case r == nil || r.TargetID == st.ID:
			case field == student.FieldExternalID:
				r.keep(ExternalIDTaken, hintChanged, "Another student has the previous Student ID by now.")
			default:
				r.keep(UsernameTaken, hintChanged, "Another student has the previous username by now.")
			}
		}
	}
	return nil
}

// undoGroupsOfStudents has students leave the groups that they joined by the job
// and join those that they left. A group that is gone, or that the school's
// information system keeps by now, is passed over and named.
func (k *studentKind) undoGroupsOfStudents(ctx context.Context, client *db.Client, b *undoBatch) error {
	var ids []int
	for _, r := range b.open() {
		ids = append(append(ids, r.before.Joined...), r.before.Left...)
	}
	if len(ids) == 0 {
		return nil
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	there := map[int]*db.Group{}
	for chunk := range slices.Chunk(ids, statementRows) {
		groups, err := roster.LockGroups(viewer.AsSystem(ctx, "groups that an undo is about"), client, k.locks(), chunk)
		if err != nil {
			return err
		}
		for _, g := range groups {
			there[g.ID] = g
		}
	}
	seen, err := idSet(client.Group.Query().Where(group.IDIn(ids...)).IDs(viewer.NewContext(ctx, b.v)))
	if err != nil {
		return err
	}
	var leave, join, former []roster.Pair
	for _, r := range b.open() {
		// A student who is hidden again is in no group, whoever keeps it.
		hides := r.plan.Do == doCreate || r.plan.Do == doRevive
		for _, id := range r.before.Joined {
			if hides || mayRegroup(r, there[id], seen) {
				leave = append(leave, roster.Pair{StudentID: r.TargetID, GroupID: id})
			}
			if hides {
				former = append(former, roster.Pair{StudentID: r.TargetID, GroupID: id})
			}
		}
		for _, id := range r.before.Left {
			if mayRegroup(r, there[id], seen) {
				join = append(join, roster.Pair{StudentID: r.TargetID, GroupID: id})
			}
		}
	}
	if len(leave) > 0 {
		if _, err := roster.Unenroll(ctx, client, leave); err != nil {
			return err
		}
	}
	if err := roster.KeepFormer(ctx, client, former); err != nil {
		return err
	}
	if len(join) == 0 {
		return nil
	}
	_, err = roster.Enroll(ctx, client, join)
	return err
}

// mayRegroup reports whether a student can leave or join a group again. It takes who
// sees the group, as by hand; but a student who was deleted and comes back comes back
// to all groups, as by hand as well.
func mayRegroup(r *undoRow, g *db.Group, seen map[int]bool) bool {
	switch {
	case g == nil, !r.comesBack && !seen[g.ID]:
		r.partGone("A class or group of the student")
	case g.Synced == 1:
		name := "A class or group of the student"
		if seen[g.ID] {
			name = g.Name
		}
		r.keepPart(ChangedSince, "Make the change in the school's information system.", "%s is kept by the school's information system by now; everything else was put back.", name)
	default:
		return true
	}
	return false
}
