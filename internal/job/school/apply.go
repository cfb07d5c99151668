package school

import (
	"context"
	"strings"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
	"github.com/openhomeroom/homeroom/internal/job/row"
)

// Apply writes a batch of rows of schools. A new school counts usage from the same day
// as its district, whose school year it inherits.
func (k *importKind) Apply(ctx context.Context, client *db.Client, b *row.Batch) error {
	system := row.SystemFor(ctx)
	district, err := client.Organization.Get(system, b.Job.DistrictID)
	if err != nil {
		return err
	}
	schools, err := k.LockSchools(ctx, client, row.IDs(b.Rows, func(r *row.Planned) []int { return []int{r.TargetID} }))
	if err != nil {
		return err
	}
	var externalIDs []string
	for _, r := range b.Rows {
		o := schools[r.TargetID]
		switch {
		case r.Plan.Do == row.Create:
		case o == nil:
			r.Stale("The person who uploaded the file may no longer see the school.")
		case !row.AsItWas(r.Plan, compared.Texts(o)):
			r.Stale("Somebody changed the school after the file was checked.")
		}
		if v, ok := r.Plan.Set[organization.FieldExternalID].(string); ok {
			externalIDs = append(externalIDs, v)
		}
	}
	found, err := client.Organization.Query().
		Where(organization.DistrictID(district.ID), organization.ExternalIDIn(externalIDs...)).All(system)
	if err != nil {
		return err
	}
	owner := map[string]int{}
	for _, o := range found {
		owner[*o.ExternalID] = o.ID
	}
	var updates []bulk.Change
	for _, r := range b.Open() {
		id, _ := r.Plan.Set[organization.FieldExternalID].(string)
		switch o := owner[id]; {
		case o != 0 && o != r.TargetID:
			r.Refuse(row.Problemf(row.ExternalIDTaken, "Upload the row again to see what it would change now.",
				"This external ID was taken after the file was checked."))
		case r.Plan.Do == row.Update:
			o := schools[r.TargetID]
			r.Keep(r.Plan.Set, stored.Now(o))
			updates = append(updates, bulk.Change{ID: r.TargetID, Set: r.Plan.Set})
		}
	}
	if err := bulk.Update(ctx, client, organization.Table, "", updates); err != nil {
		return err
	}
	return k.insertSchools(system, client, b, district)
}

func (k *importKind) insertSchools(system context.Context, client *db.Client, b *row.Batch,
	district *db.Organization) error {
	creates := row.Creating(b)
	if len(creates) == 0 {
		return nil
	}
	rows := make([][]any, len(creates))
	for i, r := range creates {
		rows[i] = append(
			[]any{k.Instant(), string(organization.TypeSCHOOL), district.ID, district.ID, int(district.UsageCountedFrom)},
			row.Inserted(stored, b.Job.ID, r)...)
	}
	err := bulk.Insert(system, client, organization.Table,
		"created_at, type, district_id, parent_id, usage_counted_from, "+
			strings.Join(stored.DB(), ", "), rows)
	if err != nil {
		return err
	}
	found, err := client.Organization.Query().
		Where(organization.DistrictID(district.ID), organization.ExternalIDIn(row.Tags(b.Job.ID, creates)...)).
		Select(organization.FieldID, organization.FieldExternalID).All(system)
	if err != nil {
		return err
	}
	ids := map[string]int{}
	for _, o := range found {
		ids[*o.ExternalID] = o.ID
	}
	return row.Untag(system, client, organization.Table, b.Job.ID, creates, ids)
}
