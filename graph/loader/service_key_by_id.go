package loader

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/servicekey"
	"github.com/openhomeroom/homeroom/internal/database"
)

func serviceKeyByID(d *database.DB) func(context.Context, []int) (map[int]*db.ServiceKey, error) {
	return func(ctx context.Context, ids []int) (map[int]*db.ServiceKey, error) {
		rows, err := d.Client(ctx).ServiceKey.Query().Where(servicekey.IDIn(ids...)).All(ctx)
		return byID(rows, func(row *db.ServiceKey) int { return row.ID }), err
	}
}
