package importer

import (
	"context"
	"homeroom/ent/db"
	"homeroom/ent/db/organization"
)

// applyOrganizations writes a batch of rows of schools. A new school counts usage
// from the day of its district, whose school year it inherits.
func (k *schoolKind) applyOrganizations(ctx context.Context, client *db.Client, b *batch) error {
	system := systemFor(ctx)
	district, err := client.Organization.Get(system, b.job.DistrictID)
	if err != nil {
		return err
	}
	ids := grouped(b.rows, func(r *plannedRow) []int { return []int{r.TargetID} })
	q := client.Organization.Query().Where(organization.IDIn(ids...)).Order(db.Asc(organization.FieldID))
	if k.locks() {
		q.ForUpdate()
	}
	locked, err := q.All(ctx)
	if err != nil {
		return err
	}
	schools := map[int]*db.Organization{}
	for _, o := range locked {
		schools[o.ID] = o
	}
	var externalIDs []string
	for _, r := range b.rows {
		o := schools[r.TargetID]
		switch {
		case r.plan.Do == doCreate:
		case o == nil:
			r.stale("The school is no longer in the purview of the person who uploaded the file.")
		case !asItWas(r.plan, map[string]string{organization.FieldName: o.Name, organization.FieldExternalID: deref(o.ExternalID)}):
			r.stale("Somebody has changed the school since the file was checked.")
		}
		if v, ok := r.plan.Set[organization.FieldExternalID].(string); ok {
			externalIDs = append(externalIDs, v)
		}
	}
	found, err := client.Organization.Query().Where(organization.DistrictID(district.ID), organization.ExternalIDIn(externalIDs...)).All(system)
	if err != nil {
		return err
	}
	owner := map[string]int{}
	for _, o := range found {
		owner[*o.ExternalID] = o.ID
	}
	var updates []changed
	for _, r := range b.open() {
		id, _ := r.plan.Set[organization.FieldExternalID].(string)
		switch o := owner[id]; {
		case o != 0 && o != r.TargetID:
			r.refuse(problemf(ExternalIDTaken, "Upload the row again to see what it would change now.", "Somebody has taken the external ID since the file was checked."))
		case r.plan.Do == doUpdate:
			o := schools[r.TargetID]
			r.keep(r.plan.Set, map[string]any{organization.FieldName: o.Name, organization.FieldNameKey: o.NameKey, organization.FieldExternalID: optional(o.ExternalID)})
			updates = append(updates, changed{r.TargetID, r.plan.Set})
		}
	}
	if err := updateRows(ctx, client, organization.Table, "", updates); err != nil {
		return err
	}
	return k.insertSchools(system, client, b, district)
}

func (k *schoolKind) insertSchools(system context.Context, client *db.Client, b *batch, district *db.Organization) error {
	creates := newRows(b)
	if len(creates) == 0 {
		return nil
	}
	rows := make([][]any, len(creates))
	for i, r := range creates {
		rows[i] = []any{k.instant(), string(organization.TypeSCHOOL), district.ID, district.ID,
			r.plan.Set[organization.FieldName], r.plan.Set[organization.FieldNameKey], mark(b.job.ID, r), int(district.UsageCountedFrom)}
	}
	err := insertRows(system, client, organization.Table, "created_at, type, district_id, parent_id, name, name_key, external_id, usage_counted_from", rows)
	if err != nil {
		return err
	}
	found, err := client.Organization.Query().Where(organization.DistrictID(district.ID), organization.ExternalIDIn(marks(b.job.ID, creates)...)).
		Select(organization.FieldID, organization.FieldExternalID).All(system)
	if err != nil {
		return err
	}
	ids := map[string]int{}
	for _, o := range found {
		ids[*o.ExternalID] = o.ID
	}
	return unmark(system, client, organization.Table, b.job.ID, creates, ids)
}
