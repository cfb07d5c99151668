package student

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/group"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/ent/rule"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
	"github.com/openhomeroom/homeroom/internal/hold"
	"github.com/openhomeroom/homeroom/internal/job/newgroup"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Undo puts students back. Every change of a student, and every group joined or left,
// raises the student's version. If it is the version that the job left, nobody has
// changed the student since. If later jobs have been undone, it differs; see standing.
func (k *shared) Undo(ctx context.Context, client *db.Client, b *row.UndoBatch) error {
	system := viewer.AsSystem(ctx, "put students back as they were; the purview is checked beside it")
	ids := row.Targets(b.Rows, row.Every)
	students, err := k.LockStudents(system, client, ids)
	if err != nil {
		return err
	}
	if err := k.keepChangedStudents(ctx, client, b, students, ids); err != nil {
		return err
	}
	if err := k.keepTaken(system, client, b); err != nil {
		return err
	}
	if err := k.undoGroupsOfStudents(ctx, client, b, students); err != nil {
		return err
	}
	if err := newgroup.Remove(ctx, client, b); err != nil {
		return err
	}
	var updates []bulk.Change
	var renamed []*db.Student
	var recount, back []int
	came, err := k.movedBack(ctx, client, b.Open(), students)
	if err != nil {
		return err
	}
	for _, r := range b.Open() {
		set := map[string]any{}
		maps.Copy(set, r.Before.Set)
		switch r.Plan.Do {
		case row.Create, row.Revive:
			// A student who is hidden again can be brought back for as long as anybody who
			// is deleted now. The old deletion may be so long ago that the student would
			// be erased at once.
			set[student.FieldDeletedAt] = k.Instant()
		case row.Delete:
			set[student.FieldDeletedAt] = nil
			back = append(back, r.TargetID)
		}
		_, moves := set[student.FieldOrganizationID]
		k.noteArrival(students[r.TargetID], set, came)
		if len(set) > 0 {
			updates = append(updates, bulk.Change{ID: r.TargetID, Set: set})
		}
		st := students[r.TargetID]
		if overwrite(st, set) {
			renamed = append(renamed, st)
		}
		// The school, and with it the school year, may be another one; a student who
		// comes back may have missed a new one.
		if moves || r.Plan.Do == row.Delete || r.Plan.Do == row.Revive {
			recount = append(recount, r.TargetID)
		}
	}
	wanted := map[int]string{}
	for _, u := range updates {
		if key, sets := u.Set[student.FieldUsernameKey].(string); sets {
			wanted[u.ID] = key
		}
	}
	if err := vacate(ctx, client, b.Job.ID, wanted, nil, students); err != nil {
		return err
	}
	if err := bulk.Update(ctx, client, student.Table, "version = version + 1", updates); err != nil {
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

// movedBack is moved for rows that are undone.
func (k *shared) movedBack(ctx context.Context, client *db.Client, rows []*row.Applied,
	students map[int]*db.Student) (map[int]*time.Time, error) {
	var moves []hold.Move
	for _, r := range rows {
		if to, goes := r.Before.Set[student.FieldOrganizationID].(int); goes {
			moves = append(moves, moveOf(students[r.TargetID], to))
		}
	}
	return hold.Moved(ctx, client, k.Now(), moves...)
}

// keepChangedStudents leaves the rows whose students are not as the job left them, or
// may not be changed by the person who asked for the undo.
func (k *shared) keepChangedStudents(ctx context.Context, client *db.Client, b *row.UndoBatch,
	students map[int]*db.Student, ids []int) error {
	asPerson := viewer.NewContext(ctx, b.Viewer)
	editable := map[int]bool{}
	seen, err := bulk.IDSet(client.Student.Query().Where(student.IDIn(ids...)).IDs(asPerson))
	if err != nil {
		return err
	}
	if b.Viewer.IsTeacher() {
		if editable, err = bulk.IDSet(client.Student.Query().Where(student.IDIn(ids...), rule.StudentsEdited(b.Viewer)).
			IDs(asPerson)); err != nil {
			return err
		}
	}
	standing, err := k.standing(ctx, client, b, students)
	if err != nil {
		return err
	}
	for _, r := range b.Open() {
		st := students[r.TargetID]
		if st == nil || !seen[st.ID] && !b.Viewer.Administers(st.OrganizationID, st.DistrictID) {
			r.Gone("The student")
			continue
		}
		may := b.Viewer.Administers(st.OrganizationID, st.DistrictID)
		r.ComesBack = may && r.Plan.Do == row.Delete
		if school, moves := r.Before.Set[student.FieldOrganizationID].(int); moves {
			may = may && b.Viewer.Administers(school, st.DistrictID)
		} else if !may && r.Plan.Do == row.Update {
			may = seen[st.ID] && (len(r.Before.Set) == 0 || editable[st.ID])
		}
		switch {
		case st.Version != r.AppliedVersion && !standing[r]:
			r.ChangedSince("the student")
		case !may:
			r.Keep(row.Forbidden, row.HintAsk, "The person who asked for the undo may not see the student.")
		case st.Synced == 1 && len(r.Before.Set) > 0 && !onlyPassword(r.Before.Set):
			r.Keep(row.ChangedSince, "Make the change in the school's information system.",
				"The school's information system now keeps the student.")
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

// keepTaken leaves the rows whose previous Student ID or username somebody else now
// has.
func (k *shared) keepTaken(system context.Context, client *db.Client, b *row.UndoBatch) error {
	for _, f := range unique {
		var wanted []string
		for _, r := range b.Open() {
			if text, sets := r.Before.Set[f.DB].(string); sets {
				wanted = append(wanted, text)
			}
		}
		owners, err := ownersOf(system, client, b.Job.DistrictID, f, wanted)
		if err != nil {
			return err
		}
		gives := map[int]bool{}
		for _, r := range b.Open() {
			if _, sets := r.Before.Set[f.DB].(string); sets && f.DB == student.FieldUsernameKey {
				gives[r.TargetID] = true
			}
		}
		for _, r := range b.Open() {
			text, sets := r.Before.Set[f.DB].(string)
			if id := owners[text]; sets && id != 0 && id != r.TargetID && !gives[id] {
				r.Keep(f.Taken, row.HintChanged, "Another student now has the previous %s.", f.Is)
			}
		}
	}
	return nil
}

// undoGroupsOfStudents removes students from the groups that they joined by the job, and
// returns them to those that they left. A group is skipped and named if it no longer
// exists, is now kept by the school's information system, or is at another school than the
// student.
func (k *shared) undoGroupsOfStudents(ctx context.Context, client *db.Client, b *row.UndoBatch,
	students map[int]*db.Student) error {
	leave, err := k.leftBack(ctx, client, b)
	if err != nil {
		return err
	}
	var ids []int
	for _, r := range b.Open() {
		ids = append(append(ids, r.Before.Joined...), r.Before.Left...)
	}
	if len(ids)+len(leave) == 0 {
		return nil
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	there, err := k.LockGroups(viewer.AsSystem(ctx, "groups that an undo is about"), client, ids)
	if err != nil {
		return err
	}
	seen, err := bulk.IDSet(client.Group.Query().Where(group.IDIn(ids...)).IDs(viewer.NewContext(ctx, b.Viewer)))
	if err != nil {
		return err
	}
	var join, former []roster.Pair
	for _, r := range b.Open() {
		school := schoolBefore(r, students)
		// A student who is hidden again is in no group, no matter who owns the group.
		hides := r.Plan.Do == row.Create || r.Plan.Do == row.Revive
		for _, id := range r.Before.Joined {
			if hides || mayRegroup(r, there[id], seen) {
				leave = append(leave, roster.Pair{StudentID: r.TargetID, GroupID: id})
			}
			if g := there[id]; hides && g != nil && g.OrganizationID == school {
				former = append(former, roster.Pair{StudentID: r.TargetID, GroupID: id})
			}
		}
		for _, id := range r.Before.Left {
			if mayRegroup(r, there[id], seen) && atSchool(r, there[id], school) {
				join = append(join, roster.Pair{StudentID: r.TargetID, GroupID: id})
			}
		}
	}
	open := map[int]bool{}
	for _, r := range b.Open() {
		open[r.TargetID] = true
	}
	leave = slices.DeleteFunc(leave, func(p roster.Pair) bool { return !open[p.StudentID] })
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

// atSchool reports whether a group that a student would join again is at the school where
// the student will be.
func atSchool(r *row.Applied, g *db.Group, school int) bool {
	if g.OrganizationID != school {
		r.KeepPart(row.OtherSchool, row.HintChanged,
			"A class or group of the student is at another school by now; everything else was put back.")
	}
	return g.OrganizationID == school
}

// mayRegroup reports whether a student can leave or join a group again. It takes who
// sees the group, as by hand; but a student who was deleted and comes back comes back
// to all groups, as by hand as well.
func mayRegroup(r *row.Applied, g *db.Group, seen map[int]bool) bool {
	switch {
	case g == nil, !r.ComesBack && !seen[g.ID]:
		r.PartGone("A class or group of the student")
	case g.Synced == 1:
		name := "A class or group of the student"
		if seen[g.ID] {
			name = g.Name
		}
		r.KeepPart(row.ChangedSince, "Make the change in the school's information system.",
			"The school's information system now keeps %s; everything else was put back.", name)
	default:
		return true
	}
	return false
}
