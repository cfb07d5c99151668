package importer

import (
	"context"

	"homeroom/ent/db"
	"homeroom/ent/db/group"
	"homeroom/internal/roster"
)

// applyEnrollments writes a batch of lines that each put one person into one
// group, or take one out. A version is no help here: it grows with the line before
// that is about the same student. What counts is whether the person and the group
// are there; a line that somebody has carried out by hand meanwhile is unchanged.
func (k *enrollmentKind) applyEnrollments(ctx context.Context, client *db.Client, b *batch) error {
	ids := grouped(b.rows, func(r *plannedRow) []int {
		if r.plan.aboutStudent() {
			return []int{r.TargetID}
		}
		return nil
	})
	students, err := roster.LockStudents(ctx, client, k.locks(), ids)
	if err != nil {
		return err
	}
	there := map[int]*db.Student{}
	for _, st := range students {
		there[st.ID] = st
	}
	for _, r := range b.open() {
		switch st := there[r.TargetID]; {
		case !r.plan.aboutStudent():
		case st == nil:
			r.gone("The student")
		case !r.isOf(label(st.FirstName, st.LastName, st.ExternalID)):
			r.stale("The student has got another name or ID since the file was checked.")
		}
	}
	if err := k.refuseStaleTaughtGroups(ctx, client, b); err != nil {
		return err
	}
	if err := refuseGoneEducators(ctx, client, b); err != nil {
		return err
	}
	if err := k.enrollPairs(ctx, client, b); err != nil {
		return err
	}
	var teachers []*plannedRow
	for _, r := range b.open() {
		if !r.plan.aboutStudent() {
			teachers = append(teachers, r)
		}
	}
	if err := teach(systemFor(ctx), client, k.instant(), teachers); err != nil {
		return err
	}
	touched := grouped(teachers, func(r *plannedRow) []int {
		if r.already {
			return nil
		}
		return []int{r.TargetID}
	})
	var updates []changed
	for _, id := range touched {
		updates = append(updates, changed{id: id})
	}
	return updateRows(ctx, client, group.Table, "version = version + 1", updates)
}

// refuseStaleTaughtGroups is refuseStaleGroups with the groups that educators
// join and leave among those that are locked.
func (k *enrollmentKind) refuseStaleTaughtGroups(ctx context.Context, client *db.Client, b *batch) error {
	ids := grouped(b.open(), groupsOfLine)
	groups, err := roster.LockGroups(ctx, client, k.locks(), ids)
	if err != nil {
		return err
	}
	there := map[int]*db.Group{}
	for _, g := range groups {
		there[g.ID] = g
	}
	for _, r := range b.open() {
		for _, id := range groupsOfLine(r) {
			switch g := there[id]; {
			case g == nil:
				r.gone("The class or group")
			case g.Synced == 1:
				r.refuse(syncedGroup(g))
			case !r.plan.aboutStudent() && !r.isOf(groupLabel(g.Name, deref(g.ExternalID))):
				r.stale("The class or group has got another name or ID since the file was checked.")
			}
		}
	}
	refuseRenamedGroups(b, there)
	return nil
}

func groupsOfLine(r *plannedRow) []int {
	if !r.plan.aboutStudent() {
		return []int{r.TargetID}
	}
	return r.plan.groups()
}

// enrollPairs carries out the lines of students.
func (k *enrollmentKind) enrollPairs(ctx context.Context, client *db.Client, b *batch) error {
	var join, leave []roster.Pair
	for _, r := range b.open() {
		for _, g := range r.plan.Join {
			join = append(join, roster.Pair{StudentID: r.TargetID, GroupID: g})
		}
		for _, g := range r.plan.Leave {
			leave = append(leave, roster.Pair{StudentID: r.TargetID, GroupID: g})
		}
	}
	did := map[roster.Pair]bool{}
	for _, change := range []struct {
		pairs []roster.Pair
		do    func(context.Context, *db.Client, []roster.Pair) ([]roster.Pair, error)
	}{{join, roster.Enroll}, {leave, roster.Unenroll}} {
		if len(change.pairs) == 0 {
			continue
		}
		done, err := change.do(ctx, client, change.pairs)
		if err != nil {
			return err
		}
		for _, p := range done {
			did[p] = true
		}
	}
	for _, r := range b.open() {
		if !r.plan.aboutStudent() {
			continue
		}
		r.already = true
		for _, g := range r.plan.Join {
			if did[roster.Pair{StudentID: r.TargetID, GroupID: g}] {
				r.joined, r.already = []int{g}, false
			}
		}
		for _, g := range r.plan.Leave {
			if did[roster.Pair{StudentID: r.TargetID, GroupID: g}] {
				r.left, r.already = []int{g}, false
			}
		}
	}
	return nil
}
