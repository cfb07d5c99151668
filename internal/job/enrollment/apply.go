package enrollment

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/group"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
	"github.com/openhomeroom/homeroom/internal/job/reach"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/teaching"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// Apply writes a batch of lines that each put one person into one
// group, or take one out. A version is no help here: it grows with the line before
// that is about the same student. What counts is whether the person and the group
// are there; a line that somebody has carried out by hand meanwhile is unchanged.
func (k *importKind) Apply(ctx context.Context, client *db.Client, b *row.Batch) error {
	ids := row.IDs(b.Rows, func(r *row.Planned) []int {
		if r.Plan.AboutStudent() {
			return []int{r.TargetID}
		}
		return nil
	})
	there, err := k.LockStudents(ctx, client, ids)
	if err != nil {
		return err
	}
	for _, r := range b.Open() {
		switch st := there[r.TargetID]; {
		case !r.Plan.AboutStudent():
		case st == nil:
			r.Gone("The student")
		case !r.IsOf(reach.Label(st.FirstName, st.LastName, st.ExternalID)):
			r.Stale("The student's name or ID was changed after the file was checked.")
		}
	}
	if err := k.refuseStaleTaughtGroups(ctx, client, b, there); err != nil {
		return err
	}
	if err := teaching.RefuseGoneEducators(ctx, client, b); err != nil {
		return err
	}
	if err := k.enrollPairs(ctx, client, b); err != nil {
		return err
	}
	var teachers []*row.Planned
	for _, r := range b.Open() {
		if !r.Plan.AboutStudent() {
			teachers = append(teachers, r)
		}
	}
	if err := teaching.Teach(row.SystemFor(ctx), client, k.Instant(), teachers); err != nil {
		return err
	}
	touched := row.IDs(teachers, func(r *row.Planned) []int {
		if r.Already {
			return nil
		}
		return []int{r.TargetID}
	})
	var updates []bulk.Change
	for _, id := range touched {
		updates = append(updates, bulk.Change{ID: id})
	}
	return bulk.Update(ctx, client, group.Table, "version = version + 1", updates)
}

// refuseStaleTaughtGroups is refuseStaleGroups with the groups that educators
// join and leave among those that are locked.
func (k *importKind) refuseStaleTaughtGroups(ctx context.Context, client *db.Client, b *row.Batch,
	students map[int]*db.Student) error {
	there, err := k.LockGroups(ctx, client, row.IDs(b.Open(), groupsOfLine))
	if err != nil {
		return err
	}
	for _, r := range b.Open() {
		for _, id := range groupsOfLine(r) {
			switch g := there[id]; {
			case g == nil:
				r.Gone("The class or group")
			case g.Synced == 1:
				r.Refuse(reach.SyncedGroup(g))
			case len(r.Plan.Join) > 0 && g.OrganizationID != students[r.TargetID].OrganizationID:
				r.Refuse(reach.OtherSchoolByNow(g))
			case !r.Plan.AboutStudent() && !r.IsOf(reach.GroupLabel(g.Name, row.Deref(g.ExternalID))):
				r.Stale("The name or ID of the class or group was changed after the file was checked.")
			}
		}
	}
	reach.RefuseRenamedGroups(b, there)
	return nil
}

func groupsOfLine(r *row.Planned) []int {
	if !r.Plan.AboutStudent() {
		return []int{r.TargetID}
	}
	return r.Plan.Groups()
}

// enrollPairs carries out the lines of students.
func (k *importKind) enrollPairs(ctx context.Context, client *db.Client, b *row.Batch) error {
	var join, leave []roster.Pair
	for _, r := range b.Open() {
		for _, g := range r.Plan.Join {
			join = append(join, roster.Pair{StudentID: r.TargetID, GroupID: g})
		}
		for _, g := range r.Plan.Leave {
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
	for _, r := range b.Open() {
		if !r.Plan.AboutStudent() {
			continue
		}
		r.Already = true
		for _, g := range r.Plan.Join {
			if did[roster.Pair{StudentID: r.TargetID, GroupID: g}] {
				r.Joined, r.Already = []int{g}, false
			}
		}
		for _, g := range r.Plan.Leave {
			if did[roster.Pair{StudentID: r.TargetID, GroupID: g}] {
				r.Left, r.Already = []int{g}, false
			}
		}
	}
	return nil
}
