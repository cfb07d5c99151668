package loader

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/internal/database"
)

func organizationByID(d *database.DB) func(context.Context, []int) (map[int]*db.Organization, error) {
	return func(ctx context.Context, ids []int) (map[int]*db.Organization, error) {
		rows, err := d.Client(ctx).Organization.Query().Where(organization.IDIn(ids...)).All(ctx)
		return byID(rows, func(row *db.Organization) int { return row.ID }), err
	}
}
