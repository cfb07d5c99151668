package loader

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/internal/database"
)

func educatorByID(d *database.DB) func(context.Context, []int) (map[int]*db.Educator, error) {
	return func(ctx context.Context, ids []int) (map[int]*db.Educator, error) {
		rows, err := d.Client(ctx).Educator.Query().Where(educator.IDIn(ids...)).All(ctx)
		return byID(rows, func(row *db.Educator) int { return row.ID }), err
	}
}
