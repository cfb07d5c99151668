package loader

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/setting"
	"github.com/openhomeroom/homeroom/internal/usage"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// schoolByID reads the schools of students, groups and jobs that the viewer sees. A
// teacher may teach a student of a school where the teacher has no role. The answer then
// names the school, and nothing below it is visible.
func schoolByID(d *database.DB) func(context.Context, []int) (map[int]*db.Organization, error) {
	return func(ctx context.Context, ids []int) (map[int]*db.Organization, error) {
		rows, err := d.Client(ctx).Organization.Query().Where(organization.IDIn(ids...)).
			All(viewer.AsSystem(ctx, "school of what is in the purview"))
		return byID(rows, func(row *db.Organization) int { return row.ID }), err
	}
}

// settings reads the settings of organizations that the answer shows.
func settings(u *usage.Service) func(context.Context, []int) (map[int]setting.Settings, error) {
	return func(ctx context.Context, ids []int) (map[int]setting.Settings, error) {
		return u.SettingsOf(viewer.AsSystem(ctx, "settings of what is in the purview"), ids)
	}
}
