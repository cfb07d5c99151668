package school

import (
	"context"
	"fmt"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Undo puts the fields of schools back, and removes schools that the job created if they
// are empty.
func (k *importKind) Undo(ctx context.Context, client *db.Client, b *row.UndoBatch) error {
	system := viewer.AsSystem(ctx, "put schools back as they were; the purview is checked beside it")
	schools, err := k.LockSchools(system, client, row.Targets(b.Rows, row.Every))
	if err != nil {
		return err
	}
	for _, r := range b.Open() {
		o := schools[r.TargetID]
		switch {
		case o == nil || !b.Viewer.Administers(b.Job.DistrictID, b.Job.DistrictID):
			r.Keep(row.Forbidden, "Ask an administrator of the district.",
				"The person who asked for the undo may not see the school.")
		case !r.StillAs(compared.Now(o)):
			r.ChangedSince("the school")
		case r.Plan.Do == row.Create && hasSettings(o):
			r.ChangedSince("the settings of the new school")
		}
	}
	if err := k.keepUsedSchools(system, client, b); err != nil {
		return err
	}
	var empty []int
	var updates []bulk.Change
	for _, r := range b.Open() {
		if r.Plan.Do == row.Create {
			empty = append(empty, r.TargetID)
		} else {
			updates = append(updates, bulk.Change{ID: r.TargetID, Set: r.Before.Set})
		}
	}
	if len(empty) > 0 {
		if _, err := client.Organization.Delete().Where(organization.IDIn(empty...)).Exec(system); err != nil {
			return fmt.Errorf("remove new schools: %w", err)
		}
	}
	return bulk.Update(ctx, client, organization.Table, "", updates)
}

// hasSettings reports whether anything is set for a school, which a new one
// inherits.
func hasSettings(o *db.Organization) bool {
	return o.SchoolYearStartsOn != nil || o.SchoolYearEndsOn != nil || o.UsageGoalMinutes != nil || o.TimeZone != nil ||
		o.PasswordMinLength != nil || o.PasswordRequired != nil || o.HoldDeletedPercent != nil ||
		o.HoldChangedPercent != nil ||
		o.RetentionDays != nil || o.JobDays != nil || o.SecondFactorRequired != nil || len(o.PendingSettings) > 0
}

// keepUsedSchools leaves those new schools to which something now belongs.
func (k *importKind) keepUsedSchools(system context.Context, client *db.Client, b *row.UndoBatch) error {
	ids := row.Targets(b.Open(), func(r *row.Applied) bool { return r.Plan.Do == row.Create })
	used, err := row.Uses(system, client, ids, []row.Use{
		{Table: "students", Column: "organization_id", Also: "", Why: "it has students, or deleted ones who can come back"},
		{Table: "groups", Column: "organization_id", Also: "", Why: "it has classes or groups"},
		{Table: "role_assignments", Column: "organization_id", Also: "", Why: "somebody has a role there"},
		{Table: "bulk_jobs", Column: "organization_id", Also: "", Why: "files have been uploaded for it"},
		{Table: "service_keys", Column: "organization_id", Also: "", Why: "there is a service key for it"},
		{Table: "usage_totals", Column: "organization_id", Also: "", Why: "there is usage of its former students"},
	})
	if err != nil {
		return err
	}
	for _, r := range b.Open() {
		if why := used[r.TargetID]; why != "" && r.Plan.Do == row.Create {
			r.Keep(row.ChangedSince, "Rename it, or leave it empty.", "The new school is in use (%s), so it stays.", why)
		}
	}
	return nil
}
