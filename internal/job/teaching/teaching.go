// Package teaching changes, and undoes, who teaches a group. Files of groups and files of
// enrollments both use it.
package teaching

import (
	"context"
	"slices"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/ent/db/group"
	"github.com/openhomeroom/homeroom/ent/db/groupeducator"
	"github.com/openhomeroom/homeroom/internal/credential"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
	"github.com/openhomeroom/homeroom/internal/field"
	"github.com/openhomeroom/homeroom/internal/job/reach"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// RefuseGoneEducators refuses rows that name educators who have been renamed, or whom not
// everybody with a hand in the job sees.
func RefuseGoneEducators(ctx context.Context, client *db.Client, b *row.Batch) error {
	ids := row.IDs(b.Open(), func(r *row.Planned) []int { return slices.Concat(r.Plan.Teach, r.Plan.Untaught) })
	if len(ids) == 0 {
		return nil
	}
	visible, err := bulk.IDSet(client.Educator.Query().Where(educator.IDIn(ids...)).
		IDs(viewer.NewContext(ctx, reach.HereOf(b.Viewer, b.Job))))
	if err != nil {
		return err
	}
	for _, r := range b.Open() {
		if slices.ContainsFunc(slices.Concat(r.Plan.Teach, r.Plan.Untaught), func(id int) bool { return !visible[id] }) {
			r.Gone("An educator of this row")
		}
	}
	named, err := client.Educator.Query().Where(educator.IDIn(ids...)).
		Select(educator.FieldID, educator.FieldFirstName, educator.FieldLastName).All(row.SystemFor(ctx))
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

// Teach adds educators to groups, and takes them away, as rows say. target and
// createdID are the groups.
func Teach(system context.Context, client *db.Client, now time.Time, rows []*row.Planned) error {
	groupIDs := row.IDs(rows, func(r *row.Planned) []int {
		if len(r.Plan.Teach)+len(r.Plan.Untaught) == 0 {
			return nil
		}
		return []int{r.TargetID + r.CreatedID}
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
		id, did := r.TargetID+r.CreatedID, false
		for _, e := range r.Plan.Teach {
			if there[pair{id, e}] == 0 {
				there[pair{id, e}] = -1
				added = append(added, []any{now, id, e})
				r.Before.Taught = append(r.Before.Taught, e)
				did = true
			}
		}
		for _, e := range r.Plan.Untaught {
			if key := there[pair{id, e}]; key > 0 {
				delete(there, pair{id, e})
				removed = append(removed, key)
				r.Before.Untaught = append(r.Before.Untaught, e)
				did = true
			}
		}
		r.Already = !did && len(r.Plan.Set) == 0 && r.CreatedID == 0
	}
	if len(removed) > 0 {
		if _, err := client.ExecContext(system,
			"DELETE FROM group_educators WHERE id IN ("+bulk.Placeholders(len(removed))+")", removed...); err != nil {
			return err
		}
	}
	return add(system, client, now, added)
}

// add writes who newly teaches groups, as values of created_at, group_id and
// educator_id. It ends credentials that were set by somebody who administers less than
// the educator then has.
func add(system context.Context, client *db.Client, now time.Time, added [][]any) error {
	var ids []int
	for _, line := range added {
		ids = append(ids, line[1].(int))
	}
	at := map[int]*db.Group{}
	for chunk := range slices.Chunk(slices.Compact(slices.Sorted(slices.Values(ids))), bulk.StatementRows) {
		groups, err := client.Group.Query().Where(group.IDIn(chunk...)).
			Select(group.FieldID, group.FieldOrganizationID, group.FieldDistrictID).All(system)
		if err != nil {
			return err
		}
		for _, g := range groups {
			at[g.ID] = g
		}
	}
	var grants []credential.Grant
	for _, line := range added {
		if g := at[line[1].(int)]; g != nil {
			grants = append(grants, credential.Grant{EducatorID: line[2].(int), Assignment: viewer.Assignment{
				Role: viewer.Teacher, OrganizationID: g.OrganizationID, DistrictID: g.DistrictID}, ByID: true})
		}
	}
	if _, err := credential.Widen(system, client, now, grants); err != nil {
		return err
	}
	return bulk.Insert(system, client, groupeducator.Table, "created_at, group_id, educator_id", added)
}

// Unteach reverses who teaches the groups of rows. If several rows are about a group,
// its version grows once.
func Unteach(system context.Context, client *db.Client, now time.Time, b *row.UndoBatch) error {
	wanted := func(r *row.Applied) bool {
		return r.Kept == nil && !r.Before.Already && len(r.Before.Taught)+len(r.Before.Untaught) > 0
	}
	ids := row.Targets(b.Rows, wanted)
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
	// As in a change by hand, nobody puts an educator into a group whom they do not see.
	var back []int
	for _, r := range b.Rows {
		if wanted(r) {
			back = append(back, r.Before.Untaught...)
		}
	}
	seen, err := bulk.IDSet(client.Educator.Query().Where(educator.IDIn(back...)).IDs(viewer.NewContext(system, b.Viewer)))
	if err != nil {
		return err
	}
	var removed []any
	var added [][]any
	touched := map[int]bulk.Change{}
	for _, r := range b.Rows {
		if !wanted(r) {
			continue
		}
		touched[r.TargetID] = bulk.Change{ID: r.TargetID}
		for _, e := range r.Before.Taught {
			if key := there[pair{r.TargetID, e}]; key != 0 {
				removed = append(removed, key)
			} else {
				r.KeepPart(row.ChangedSince, row.HintChanged, "An educator of this row no longer teaches the class or group.")
			}
		}
		for _, e := range r.Before.Untaught {
			if !seen[e] {
				r.PartGone("An educator of this row")
			} else if there[pair{r.TargetID, e}] == 0 {
				added = append(added, []any{now, r.TargetID, e})
			} else {
				r.KeepPart(row.ChangedSince, row.HintChanged, "An educator of this row teaches the class or group again.")
			}
		}
	}
	for chunk := range slices.Chunk(removed, bulk.StatementRows) {
		if _, err := client.ExecContext(system, "DELETE FROM group_educators WHERE id IN ("+bulk.Placeholders(len(chunk))+")",
			chunk...); err != nil {
			return err
		}
	}
	if err := add(system, client, now, added); err != nil {
		return err
	}
	updates := make([]bulk.Change, 0, len(touched))
	for _, id := range ids {
		updates = append(updates, touched[id])
	}
	return bulk.Update(system, client, group.Table, "version = version + 1", updates)
}

// refuseRenamedEducators refuses the rows that list an educator who was renamed after
// the preview.
func refuseRenamedEducators(b *row.Batch, names map[int]string) {
	for _, r := range b.Open() {
		for _, c := range r.Plan.Changes {
			if c.Field == field.ColEducators &&
				!(reach.Shows(c.Before, names, r.Plan.Untaught) && reach.Shows(c.After, names, r.Plan.Teach)) {
				r.Stale("An educator of this row was renamed after the file was checked.")
			}
		}
	}
}
