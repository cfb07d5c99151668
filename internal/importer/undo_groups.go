package importer

import (
	"context"
	"slices"

	"homeroom/ent/db"
	"homeroom/ent/db/group"
	"homeroom/ent/db/groupeducator"
	"homeroom/internal/quote"
	"homeroom/internal/roster"
	"homeroom/internal/viewer"
)

// undoGroups puts groups back, and removes those that the job created as long as
// nobody has joined them. A group's version grows with every member who comes or
// goes, so what counts is whether the fields are as the job left them.
func (k *groupKind) undoGroups(ctx context.Context, client *db.Client, b *undoBatch) error {
	system := viewer.AsSystem(ctx, "put groups back as they were; the purview is checked beside it")
	ids := targets(b.rows, every)
	locked, err := roster.LockGroups(system, client, k.locks(), ids)
	if err != nil {
		return err
	}
	groups := map[int]*db.Group{}
	for _, g := range locked {
		groups[g.ID] = g
	}
	seen, err := idSet(client.Group.Query().Where(group.IDIn(ids...)).IDs(viewer.NewContext(ctx, b.v)))
	if err != nil {
		return err
	}
	taught, err := client.GroupEducator.Query().Where(groupeducator.GroupIDIn(ids...)).All(system)
	if err != nil {
		return err
	}
	for _, r := range b.open() {
		g := groups[r.TargetID]
		if g == nil || !seen[g.ID] {
			r.gone("The class or group")
			continue
		}
		others := slices.ContainsFunc(taught, func(t *db.GroupEducator) bool {
			return t.GroupID == g.ID && !slices.Contains(r.before.Taught, t.EducatorID)
		})
		switch creates := r.plan.Do == doCreate; {
		case creates && !b.v.Administers(g.OrganizationID, g.DistrictID):
			r.keep(Forbidden, hintAsk, "The person who asked for the undo may not delete the class or group.")
		case g.Synced == 1:
			r.keep(ChangedSince, "Make the change in the school's information system.", "The school's information system keeps the class or group now.")
		case !r.stillAs(map[string]any{group.FieldName: g.Name, group.FieldNameKey: g.NameKey, group.FieldExternalID: optional(g.ExternalID)}):
			r.changedSince("the class or group")
		case creates && g.StudentCount > 0:
			r.keep(ChangedSince, "Take the students out of it, and delete it by hand.", "The new class or group has %s by now; it stays.", quote.Count(g.StudentCount, "student"))
		case creates && others:
			r.keep(ChangedSince, "Delete it by hand.", "Somebody else teaches the new class or group by now; it stays.")
		}
	}
	if err := k.keepTakenGroupIDs(system, client, b, groups); err != nil {
		return err
	}
	if err := unteach(system, client, k.instant(), b); err != nil {
		return err
	}
	var gone []any
	var updates []changed
	for _, r := range b.open() {
		switch {
		case r.plan.Do == doCreate:
			gone = append(gone, r.TargetID)
		case len(r.before.Set) > 0:
			updates = append(updates, changed{r.TargetID, r.before.Set})
		}
	}
	if len(gone) > 0 {
		if _, err := client.ExecContext(ctx, "DELETE FROM `groups` WHERE id IN ("+places(len(gone))+")", gone...); err != nil {
			return err
		}
	}
	return updateRows(ctx, client, group.Table, "version = version + 1", updates)
}

func (k *groupKind) keepTakenGroupIDs(system context.Context, client *db.Client, b *undoBatch, groups map[int]*db.Group) error {
	var externalIDs []string
	for _, r := range b.open() {
		if id, ok := r.before.Set[group.FieldExternalID].(string); ok {
			externalIDs = append(externalIDs, id)
		}
	}
	if len(externalIDs) == 0 {
		return nil
	}
	found, err := client.Group.Query().Where(group.DistrictID(b.job.DistrictID), group.ExternalIDIn(externalIDs...)).All(system)
	if err != nil {
		return err
	}
	owner := map[inSchool]int{}
	for _, g := range found {
		owner[inSchool{g.OrganizationID, *g.ExternalID}] = g.ID
	}
	for _, r := range b.open() {
		id, ok := r.before.Set[group.FieldExternalID].(string)
		if o := owner[inSchool{groups[r.TargetID].OrganizationID, id}]; ok && o != 0 && o != r.TargetID {
			r.keep(ExternalIDTaken, hintChanged, "Another class or group has the previous external ID by now.")
		}
	}
	return nil
}
