package importer

import (
	"context"
	"fmt"

	"homeroom/ent/db"
	"homeroom/ent/db/organization"
	"homeroom/internal/viewer"
)

// undoOrganizations puts the fields of schools back, and removes those that the job
// created as long as nothing is in them.
func (k *schoolKind) undoOrganizations(ctx context.Context, client *db.Client, b *undoBatch) error {
	system := viewer.AsSystem(ctx, "put schools back as they were; the purview is checked beside it")
	q := client.Organization.Query().Where(organization.IDIn(targets(b.rows, every)...)).Order(db.Asc(organization.FieldID))
	if k.locks() {
		q.ForUpdate()
	}
	locked, err := q.All(system)
	if err != nil {
		return err
	}
	schools := map[int]*db.Organization{}
	for _, o := range locked {
		schools[o.ID] = o
	}
	for _, r := range b.open() {
		o := schools[r.TargetID]
		switch {
		case o == nil || !b.v.Administers(b.job.DistrictID, b.job.DistrictID):
			r.keep(Forbidden, "Ask an administrator of the district.", "The school is not in the purview of the person who asked for the undo.")
		case !r.stillAs(map[string]any{organization.FieldName: o.Name, organization.FieldExternalID: optional(o.ExternalID)}):
			r.changedSince("the school")
		case r.plan.Do == doCreate && hasSettings(o):
			r.changedSince("the settings of the new school")
		}
	}
	if err := k.keepUsedSchools(system, client, b); err != nil {
		return err
	}
	var empty []int
	var updates []changed
	for _, r := range b.open() {
		if r.plan.Do == doCreate {
			empty = append(empty, r.TargetID)
		} else {
			updates = append(updates, changed{r.TargetID, r.before.Set})
		}
	}
	if len(empty) > 0 {
		if _, err := client.Organization.Delete().Where(organization.IDIn(empty...)).Exec(system); err != nil {
			return fmt.Errorf("remove new schools: %w", err)
		}
	}
	return updateRows(ctx, client, organization.Table, "", updates)
}

// hasSettings reports whether anything is set for a school, which a new one
// inherits.
func hasSettings(o *db.Organization) bool {
	return o.SchoolYearStartsOn != nil || o.SchoolYearEndsOn != nil || o.UsageGoalMinutes != nil || o.TimeZone != nil ||
		o.PasswordMinLength != nil || o.PasswordRequired != nil || o.HoldDeletedPercent != nil || o.HoldChangedPercent != nil ||
		o.RetentionDays != nil || o.JobDays != nil || o.SecondFactorRequired != nil || len(o.PendingSettings) > 0
}

// keepUsedSchools keeps those of the new schools that something belongs to by now.
func (k *schoolKind) keepUsedSchools(system context.Context, client *db.Client, b *undoBatch) error {
	ids := targets(b.open(), func(r *undoRow) bool { return r.plan.Do == doCreate })
	used, err := usesOf(system, client, ids, []use{
		{"students", "organization_id", "", "it has students, or deleted ones who can come back"},
		{"groups", "organization_id", "", "it has classes or groups"},
		{"role_assignments", "organization_id", "", "somebody has a role there"},
		{"bulk_jobs", "organization_id", "", "files have been uploaded for it"},
		{"service_keys", "organization_id", "", "there is a service key for it"},
		{"usage_totals", "organization_id", "", "there is usage of its former students"},
	})
	if err != nil {
		return err
	}
	for _, r := range b.open() {
		if why := used[r.TargetID]; why != "" && r.plan.Do == doCreate {
			r.keep(ChangedSince, "Rename it, or leave it empty.", "The new school is in use: %s. It stays.", why)
		}
	}
	return nil
}
