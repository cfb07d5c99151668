package loader

import (
	"context"

	"homeroom/ent/db"
	"homeroom/ent/db/servicekey"
	"homeroom/internal/database"
)

func serviceKeyByID(d *database.DB) func(context.Context, []int) (map[int]*db.ServiceKey, error) {
	return func(ctx context.Context, ids []int) (map[int]*db.ServiceKey, error) {
		rows, err := d.Client(ctx).ServiceKey.Query().Where(servicekey.IDIn(ids...)).All(ctx)
		return byID(rows, func(row *db.ServiceKey) int { return row.ID }), err
	}
}
