package group

import (
	"context"
	"strings"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/group"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
	"github.com/openhomeroom/homeroom/internal/job/reach"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/teaching"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Apply writes a batch of rows of classes and groups.
func (k *importKind) Apply(ctx context.Context, client *db.Client, b *row.Batch) error {
	system := viewer.AsSystem(ctx, "write checked rows of a file")
	ids := row.IDs(b.Rows, func(r *row.Planned) []int { return []int{r.TargetID} })
	groups, err := k.LockGroups(ctx, client, ids)
	if err != nil {
		return err
	}
	for _, r := range b.Rows {
		g := groups[r.TargetID]
		switch school := r.Plan.SchoolID; {
		case r.Plan.Do == row.Create && !b.Viewer.WorksAt(school, b.Job.DistrictID):
			r.Gone("The school")
		case r.Plan.Do == row.Create:
		case g == nil:
			r.Gone("The class or group")
		case g.Version != r.TargetVersion:
			r.Stale("Somebody changed the class or group after the file was checked.")
		case g.Synced == 1:
			r.Refuse(reach.SyncedGroup(g))
		}
	}
	if err := k.refuseTakenGroupIDs(system, client, b, groups); err != nil {
		return err
	}
	if err := teaching.RefuseGoneEducators(ctx, client, b); err != nil {
		return err
	}
	if err := k.insertGroups(system, client, b); err != nil {
		return err
	}
	var updates []bulk.Change
	for _, r := range b.Open() {
		if r.Plan.Do == row.Update {
			g := groups[r.TargetID]
			r.Keep(r.Plan.Set, stored.Now(g))
			updates = append(updates, bulk.Change{ID: r.TargetID, Set: r.Plan.Set})
		}
	}
	if err := bulk.Update(ctx, client, group.Table, "version = version + 1", updates); err != nil {
		return err
	}
	return teaching.Teach(system, client, k.Instant(), b.Open())
}

func (k *importKind) refuseTakenGroupIDs(system context.Context, client *db.Client, b *row.Batch,
	groups map[int]*db.Group) error {
	var externalIDs []string
	schoolIDs := row.IDs(b.Open(), func(r *row.Planned) []int { return []int{schoolOfGroup(r, groups)} })
	for _, r := range b.Open() {
		if v, ok := r.Plan.Set[group.FieldExternalID].(string); ok {
			externalIDs = append(externalIDs, v)
		}
	}
	found, err := client.Group.Query().
		Where(group.OrganizationIDIn(schoolIDs...), group.ExternalIDIn(externalIDs...)).All(system)
	if err != nil {
		return err
	}
	owner := map[reach.InSchool]int{}
	for _, g := range found {
		owner[reach.InSchool{School: g.OrganizationID, Text: *g.ExternalID}] = g.ID
	}
	for _, r := range b.Open() {
		v, ok := r.Plan.Set[group.FieldExternalID].(string)
		if id := owner[reach.InSchool{School: schoolOfGroup(r, groups), Text: v}]; ok && id != 0 && id != r.TargetID {
			r.Refuse(row.Problemf(row.ExternalIDTaken, "Upload the row again to see what it would change now.",
				"This external ID was taken after the file was checked."))
		}
	}
	return nil
}

func schoolOfGroup(r *row.Planned, groups map[int]*db.Group) int {
	if g := groups[r.TargetID]; g != nil {
		return g.OrganizationID
	}
	return r.Plan.SchoolID
}

func (k *importKind) insertGroups(system context.Context, client *db.Client, b *row.Batch) error {
	creates := row.Creating(b)
	if len(creates) == 0 {
		return nil
	}
	rows := make([][]any, len(creates))
	for i, r := range creates {
		rows[i] = append([]any{k.Instant(), b.Job.DistrictID, r.Plan.SchoolID, 0, 0, 1}, row.Inserted(stored, b.Job.ID, r)...)
	}
	err := bulk.Insert(system, client, group.Table,
		"created_at, district_id, organization_id, synced, student_count, version, "+
			strings.Join(stored.DB(), ", "), rows)
	if err != nil {
		return err
	}
	found, err := client.Group.Query().
		Where(group.OrganizationIDIn(row.IDs(creates, func(r *row.Planned) []int { return []int{r.Plan.SchoolID} })...),
			group.ExternalIDIn(row.Tags(b.Job.ID, creates)...)).Select(group.FieldID, group.FieldExternalID).All(system)
	if err != nil {
		return err
	}
	ids := map[string]int{}
	for _, g := range found {
		ids[*g.ExternalID] = g.ID
	}
	return row.Untag(system, client, group.Table, b.Job.ID, creates, ids)
}
