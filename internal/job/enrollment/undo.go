package enrollment

import (
	"context"
	"slices"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/group"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/teaching"
	"github.com/openhomeroom/homeroom/internal/roster"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Undo reverses lines of enrollments. A line is about one person in one group, and is
// reversed if that is still as the line left it. Versions do not help, because several
// lines are about the same student.
func (k *importKind) Undo(ctx context.Context, client *db.Client, b *row.UndoBatch) error {
	system := viewer.AsSystem(ctx, "take enrollments of a job back; the purview is checked beside it")
	asPerson := viewer.NewContext(ctx, b.Viewer)
	ids := row.Targets(b.Rows, func(r *row.Applied) bool { return r.Plan.AboutStudent() })
	students, err := k.LockStudents(system, client, ids)
	if err != nil {
		return err
	}
	groups, err := k.lockUndoGroups(system, client, b)
	if err != nil {
		return err
	}
	seenStudents, err := bulk.IDSet(client.Student.Query().Where(student.IDIn(ids...)).IDs(asPerson))
	if err != nil {
		return err
	}
	seenGroups, err := bulk.IDSet(client.Group.Query().Where(group.IDIn(bulk.KeysOf(groups)...)).IDs(asPerson))
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
	for _, r := range b.Open() {
		for _, id := range groupsOfUndo(r) {
			switch g, st := groups[id], students[r.TargetID]; {
			case g == nil, !seenGroups[id]:
				r.Gone("The class or group")
			case r.Plan.AboutStudent() && (st == nil || !seenStudents[r.TargetID]):
				r.Gone("The student")
			case g.Synced == 1:
				r.Keep(row.ChangedSince, "Make the change in the school's information system.",
					"The school's information system now keeps %s.", g.Name)
			}
		}
		if r.Kept != nil || !r.Plan.AboutStudent() {
			continue
		}
		for _, id := range r.Before.Joined {
			if p := (roster.Pair{StudentID: r.TargetID, GroupID: id}); enrolled[p] {
				leave = append(leave, p)
			} else {
				r.ChangedSince("the enrollment")
			}
		}
		for _, id := range r.Before.Left {
			switch p := (roster.Pair{StudentID: r.TargetID, GroupID: id}); {
			case enrolled[p]:
				r.ChangedSince("the enrollment")
			case groups[id].OrganizationID != students[r.TargetID].OrganizationID:
				r.Keep(row.OtherSchool, row.HintChanged, "The student and %s are at different schools by now.", groups[id].Name)
			default:
				join = append(join, p)
			}
		}
	}
	if _, err := roster.Unenroll(ctx, client, leave); err != nil {
		return err
	}
	if _, err := roster.Enroll(ctx, client, join); err != nil {
		return err
	}
	return teaching.Unteach(system, client, k.Instant(), b)
}

// groupsOfUndo are the groups that a line of enrollments has changed.
func groupsOfUndo(r *row.Applied) []int {
	switch {
	case !r.Plan.AboutStudent():
		return []int{r.TargetID}
	case r.Before == nil:
		return nil
	default:
		return slices.Concat(r.Before.Joined, r.Before.Left)
	}
}

func (k *importKind) lockUndoGroups(system context.Context, client *db.Client,
	b *row.UndoBatch) (map[int]*db.Group, error) {
	var ids []int
	for _, r := range b.Rows {
		ids = append(ids, groupsOfUndo(r)...)
	}
	return k.LockGroups(system, client, ids)
}
