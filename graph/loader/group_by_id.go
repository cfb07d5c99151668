package loader

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/group"
	"github.com/openhomeroom/homeroom/internal/database"
)

func groupByID(d *database.DB) func(context.Context, []int) (map[int]*db.Group, error) {
	return func(ctx context.Context, ids []int) (map[int]*db.Group, error) {
		rows, err := d.Client(ctx).Group.Query().Where(group.IDIn(ids...)).All(ctx)
		return byID(rows, func(row *db.Group) int { return row.ID }), err
	}
}
