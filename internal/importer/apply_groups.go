package importer

import (
	"context"

	"homeroom/ent/db"
	"homeroom/ent/db/group"
	"homeroom/internal/roster"
	"homeroom/internal/viewer"
)

// applyGroups writes a batch of rows of classes and groups.
func (k *groupKind) applyGroups(ctx context.Context, client *db.Client, b *batch) error {
	system := viewer.AsSystem(ctx, "write checked rows of a file")
	ids := grouped(b.rows, func(r *plannedRow) []int { return []int{r.TargetID} })
	locked, err := roster.LockGroups(ctx, client, k.locks(), ids)
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
	if err := k.refuseTakenGroupIDs(system, client, b, groups); err != nil {
		return err
	}
	if err := refuseGoneEducators(ctx, client, b); err != nil {
		return err
	}
	if err := k.insertGroups(system, client, b); err != nil {
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
	return teach(system, client, k.instant(), b.open())
}

func (k *groupKind) refuseTakenGroupIDs(system context.Context, client *db.Client, b *batch, groups map[int]*db.Group) error {
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

func (k *groupKind) insertGroups(system context.Context, client *db.Client, b *batch) error {
	creates := newRows(b)
	if len(creates) == 0 {
		return nil
	}
	rows := make([][]any, len(creates))
	for i, r := range creates {
		set := r.plan.Set
		rows[i] = []any{k.instant(), b.job.DistrictID, r.plan.SchoolID, set[group.FieldName], set[group.FieldNameKey], mark(b.job.ID, r), 0, 0, 1}
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
