package importer

import (
	"context"
	"fmt"
	"slices"

	"homeroom/ent/db"
	"homeroom/ent/db/educator"
	"homeroom/ent/db/group"
	"homeroom/ent/db/groupeducator"
	"homeroom/internal/roster"
	"homeroom/internal/viewer"
)

// applyGroups writes a batch of rows of classes and groups.
func (s *Service) applyGroups(ctx context.Context, client *db.Client, b *batch) error {
	system := viewer.AsSystem(ctx, "write checked rows of a file")
	ids := grouped(b.rows, func(r *plannedRow) []int { return []int{r.TargetID} })
	locked, err := roster.LockGroups(ctx, client, s.locks(), ids)
	if err != nil {
		return err
	}
	groups := map[int]*db.Group{}
	for _, g := range locked {
		groups[g.ID] = g
	}
	for _, r := range b.rows {
		g := groups[r.TargetID]
		switch school := r.plan.SchoolID; {
		case r.plan.Do == doCreate && !b.v.WorksAt(school, b.job.DistrictID):
			r.gone("The school")
		case r.plan.Do == doCreate:
		case g == nil:
			r.gone("The class or group")
		case g.Version != r.TargetVersion:
			r.stale("Somebody has changed the class or group since the file was checked.")
		case g.Synced == 1:
			r.refuse(syncedGroup(g))
		}
	}
	if err := s.refuseTakenGroupIDs(system, client, b, groups); err != nil {
		return err
	}
	if err := s.refuseGoneEducators(ctx, client, b); err != nil {
		return err
	}
	if err := s.insertGroups(system, client, b); err != nil {
		return err
	}
	var updates []changed
	for _, r := range b.open() {
		if r.plan.Do == doUpdate {
			g := groups[r.TargetID]
			r.keep(r.plan.Set, map[string]any{group.FieldName: g.Name, group.FieldNameKey: g.NameKey, group.FieldExternalID: optional(g.ExternalID)})
			updates = append(updates, changed{r.TargetID, r.plan.Set})
		}
	}
	if err := updateRows(ctx, client, group.Table, "version = version + 1", updates); err != nil {
		return err
	}
	return s.teach(system, client, b.open())
}

func (s *Service) refuseTakenGroupIDs(system context.Context, client *db.Client, b *batch, groups map[int]*db.Group) error {
	var externalIDs []string
	schoolIDs := grouped(b.open(), func(r *plannedRow) []int { return []int{schoolOfGroup(r, groups)} })
	for _, r := range b.open() {
		if v, ok := r.plan.Set[group.FieldExternalID].(string); ok {
			externalIDs = append(externalIDs, v)
		}
	}
	found, err := client.Group.Query().Where(group.OrganizationIDIn(schoolIDs...), group.ExternalIDIn(externalIDs...)).All(system)
	if err != nil {
		return err
	}
	owner := map[inSchool]int{}
	for _, g := range found {
		owner[inSchool{g.OrganizationID, *g.ExternalID}] = g.ID
	}
	for _, r := range b.open() {
		v, ok := r.plan.Set[group.FieldExternalID].(string)
		if id := owner[inSchool{schoolOfGroup(r, groups), v}]; ok && id != 0 && id != r.TargetID {
			r.refuse(problemf(ExternalIDTaken, "Upload the row again to see what it would change now.",
				"Somebody has taken the external ID since the file was checked."))
		}
	}
	return nil
}

func schoolOfGroup(r *plannedRow, groups map[int]*db.Group) int {
	if g := groups[r.TargetID]; g != nil {
		return g.OrganizationID
	}
	return r.plan.SchoolID
}

// refuseGoneEducators refuses the rows that name educators whom not everybody sees
// who has a hand in the job, or who have got another name.
func (s *Service) refuseGoneEducators(ctx context.Context, client *db.Client, b *batch) error {
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

func (s *Service) insertGroups(system context.Context, client *db.Client, b *batch) error {
	creates := newRows(b)
	if len(creates) == 0 {
		return nil
	}
	rows := make([][]any, len(creates))
	for i, r := range creates {
		set := r.plan.Set
		rows[i] = []any{s.instant(), b.job.DistrictID, r.plan.SchoolID, set[group.FieldName], set[group.FieldNameKey], mark(b.job.ID, r), 0, 0, 1}
	}
	err := insertRows(system, client, group.Table, "created_at, district_id, organization_id, name, name_key, external_id, synced, student_count, version", rows)
	if err != nil {
		return err
	}
	found, err := client.Group.Query().Where(group.OrganizationIDIn(grouped(creates, func(r *plannedRow) []int { return []int{r.plan.SchoolID} })...),
		group.ExternalIDIn(marks(b.job.ID, creates)...)).Select(group.FieldID, group.FieldExternalID).All(system)
	if err != nil {
		return err
	}
	ids := map[string]int{}
	for _, g := range found {
		ids[*g.ExternalID] = g.ID
	}
	return unmark(system, client, group.Table, b.job.ID, creates, ids)
}

// newRows are the rows of a batch that create something.
func newRows(b *batch) []*plannedRow {
	var rows []*plannedRow
	for _, r := range b.open() {
		if r.plan.Do == doCreate {
			rows = append(rows, r)
		}
	}
	return rows
}

// mark is an external id that a new row has until the end of the statement after
// next: its own id is optional, and its key cannot be counted on from that of
// another row, so without a mark nobody could tell which of the new rows is which.
func mark(jobID int, r *plannedRow) string { return fmt.Sprintf("\x01job %d row %d", jobID, r.Row) }

func marks(jobID int, rows []*plannedRow) []string {
	list := make([]string, len(rows))
	for i, r := range rows {
		list[i] = mark(jobID, r)
	}
	return list
}

// unmark notes the keys of new rows and gives them their own external ids.
func unmark(ctx context.Context, client *db.Client, table string, jobID int, rows []*plannedRow, ids map[string]int) error {
	updates := make([]changed, len(rows))
	for i, r := range rows {
		r.createdID = ids[mark(jobID, r)]
		if r.createdID == 0 {
			return fmt.Errorf("row %d was not found again in %s after it had been created", r.Row, table)
		}
		updates[i] = changed{r.createdID, map[string]any{"external_id": r.plan.Set["external_id"]}}
	}
	return updateRows(ctx, client, table, "", updates)
}

// teach adds educators to groups, and takes them away, as rows say. target and
// createdID are the groups.
func (s *Service) teach(system context.Context, client *db.Client, rows []*plannedRow) error {
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
				added = append(added, []any{s.instant(), id, e})
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
