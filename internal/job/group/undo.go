package group

import (
	"context"
	"slices"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/group"
	"github.com/openhomeroom/homeroom/ent/db/groupeducator"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
	"github.com/openhomeroom/homeroom/internal/job/reach"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/teaching"
	"github.com/openhomeroom/homeroom/internal/quote"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Undo puts groups back, and removes those that the job created if nobody has joined them.
// A group's version grows with every member who joins or leaves, so what counts is whether
// the fields are as the job left them.
func (k *importKind) Undo(ctx context.Context, client *db.Client, b *row.UndoBatch) error {
	system := viewer.AsSystem(ctx, "put groups back as they were; the purview is checked beside it")
	ids := row.Targets(b.Rows, row.Every)
	groups, err := k.LockGroups(system, client, ids)
	if err != nil {
		return err
	}
	seen, err := bulk.IDSet(client.Group.Query().Where(group.IDIn(ids...)).IDs(viewer.NewContext(ctx, b.Viewer)))
	if err != nil {
		return err
	}
	taught, err := client.GroupEducator.Query().Where(groupeducator.GroupIDIn(ids...)).All(system)
	if err != nil {
		return err
	}
	for _, r := range b.Open() {
		g := groups[r.TargetID]
		if g == nil || !seen[g.ID] {
			r.Gone("The class or group")
			continue
		}
		others := slices.ContainsFunc(taught, func(t *db.GroupEducator) bool {
			return t.GroupID == g.ID && !slices.Contains(r.Before.Taught, t.EducatorID)
		})
		switch creates := r.Plan.Do == row.Create; {
		case creates && !b.Viewer.Administers(g.OrganizationID, g.DistrictID):
			r.Keep(row.Forbidden, row.HintAsk, "The person who asked for the undo may not delete the class or group.")
		case g.Synced == 1:
			r.Keep(row.ChangedSince, "Make the change in the school's information system.",
				"The school's information system now keeps the class or group.")
		case !r.StillAs(compared.Now(g)):
			r.ChangedSince("the class or group")
		case creates && g.StudentCount > 0:
			r.Keep(row.ChangedSince, "Remove its students, and delete it by hand.",
				"The new class or group now has %s, so it stays.", quote.Count(g.StudentCount, "student"))
		case creates && others:
			r.Keep(row.ChangedSince, "Delete it by hand.", "Somebody else now teaches the new class or group, so it stays.")
		}
	}
	if err := k.keepTakenGroupIDs(system, client, b, groups); err != nil {
		return err
	}
	if err := teaching.Unteach(system, client, k.Instant(), b); err != nil {
		return err
	}
	var gone []any
	var updates []bulk.Change
	for _, r := range b.Open() {
		switch {
		case r.Plan.Do == row.Create:
			gone = append(gone, r.TargetID)
		case len(r.Before.Set) > 0:
			updates = append(updates, bulk.Change{ID: r.TargetID, Set: r.Before.Set})
		}
	}
	if len(gone) > 0 {
		if _, err := client.ExecContext(ctx, "DELETE FROM `groups` WHERE id IN ("+bulk.Placeholders(len(gone))+")",
			gone...); err != nil {
			return err
		}
	}
	return bulk.Update(ctx, client, group.Table, "version = version + 1", updates)
}

func (k *importKind) keepTakenGroupIDs(system context.Context, client *db.Client, b *row.UndoBatch,
	groups map[int]*db.Group) error {
	var externalIDs []string
	for _, r := range b.Open() {
		if id, ok := r.Before.Set[group.FieldExternalID].(string); ok {
			externalIDs = append(externalIDs, id)
		}
	}
	if len(externalIDs) == 0 {
		return nil
	}
	found, err := client.Group.Query().
		Where(group.DistrictID(b.Job.DistrictID), group.ExternalIDIn(externalIDs...)).All(system)
	if err != nil {
		return err
	}
	owner := map[reach.InSchool]int{}
	for _, g := range found {
		owner[reach.InSchool{School: g.OrganizationID, Text: *g.ExternalID}] = g.ID
	}
	for _, r := range b.Open() {
		id, ok := r.Before.Set[group.FieldExternalID].(string)
		if o := owner[reach.InSchool{School: groups[r.TargetID].OrganizationID, Text: id}]; ok && o != 0 && o != r.TargetID {
			r.Keep(row.ExternalIDTaken, row.HintChanged, "Another class or group now has the previous external ID.")
		}
	}
	return nil
}
