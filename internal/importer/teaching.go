package importer

import (
	"context"
	"homeroom/ent/db"
	"homeroom/ent/db/educator"
	"homeroom/ent/db/group"
	"homeroom/ent/db/groupeducator"
	"homeroom/internal/viewer"
	"slices"
	"time"
)

// refuseGoneEducators refuses the rows that name educators whom not everybody sees
// who has a hand in the job, or who have got another name.
func refuseGoneEducators(ctx context.Context, client *db.Client, b *batch) error {
	ids := grouped(b.open(), func(r *plannedRow) []int { return slices.Concat(r.plan.Teach, r.plan.Untaught) })
	if len(ids) == 0 {
		return nil
	}
	visible, err := idSet(client.Educator.Query().Where(educator.IDIn(ids...)).IDs(viewer.NewContext(ctx, hereOf(b.v, b.job))))
	if err != nil {
		return err
	}
	for _, r := range b.open() {
		if slices.ContainsFunc(slices.Concat(r.plan.Teach, r.plan.Untaught), func(id int) bool { return !visible[id] }) {
			r.gone("An educator of this row")
		}
	}
	named, err := client.Educator.Query().Where(educator.IDIn(ids...)).Select(educator.FieldID, educator.FieldFirstName, educator.FieldLastName).All(systemFor(ctx))
	if err != nil {
		return err
	}
	names := map[int]string{}
	for _, e := range named {
		names[e.ID] = e.FirstName + " " + e.LastName
	}
	refuseRenamedEducators(b, names)
	return nil
}

// teach adds educators to groups, and takes them away, as rows say. target and
// createdID are the groups.
func teach(system context.Context, client *db.Client, now time.Time, rows []*plannedRow) error {
	groupIDs := grouped(rows, func(r *plannedRow) []int {
		if len(r.plan.Teach)+len(r.plan.Untaught) == 0 {
			return nil
		}
		return []int{r.TargetID + r.createdID}
	})
	if len(groupIDs) == 0 {
		return nil
	}
	type pair struct{ group, educator int }
	there := map[pair]int{}
	found, err := client.GroupEducator.Query().Where(groupeducator.GroupIDIn(groupIDs...)).All(system)
	if err != nil {
		return err
	}
	for _, t := range found {
		there[pair{t.GroupID, t.EducatorID}] = t.ID
	}
	var added [][]any
	var removed []any
	for _, r := range rows {
		id, did := r.TargetID+r.createdID, false
		for _, e := range r.plan.Teach {
			if there[pair{id, e}] == 0 {
				there[pair{id, e}] = -1
				added = append(added, []any{now, id, e})
				r.before.Taught = append(r.before.Taught, e)
				did = true
			}
		}
		for _, e := range r.plan.Untaught {
			if key := there[pair{id, e}]; key > 0 {
				delete(there, pair{id, e})
				removed = append(removed, key)
				r.before.Untaught = append(r.before.Untaught, e)
				did = true
			}
		}
		r.already = !did && len(r.plan.Set) == 0 && r.createdID == 0
	}
	if len(removed) > 0 {
		if _, err := client.ExecContext(system, "DELETE FROM group_educators WHERE id IN ("+places(len(removed))+")", removed...); err != nil {
			return err
		}
	}
	return insertRows(system, client, groupeducator.Table, "created_at, group_id, educator_id", added)
}

// unteach takes back who teaches the groups of rows. Where several rows are about
// a group, its version grows once.
func unteach(system context.Context, client *db.Client, now time.Time, b *undoBatch) error {
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
				added = append(added, []any{now, r.TargetID, e})
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

// refuseRenamedEducators refuses the rows that list an educator who has got another
// name since the preview was made.
func refuseRenamedEducators(b *batch, names map[int]string) {
	for _, r := range b.open() {
		for _, c := range r.plan.Changes {
			if c.Field == colEducators && !(shows(c.Before, names, r.plan.Untaught) && shows(c.After, names, r.plan.Teach)) {
				r.stale("An educator of this row has got another name since the file was checked.")
			}
		}
	}
}
