package loader

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/roleassignment"
	"github.com/openhomeroom/homeroom/internal/database"
)

func rolesByEducator(d *database.DB) func(context.Context, []int) (map[int][]*db.RoleAssignment, error) {
	return func(ctx context.Context, ids []int) (map[int][]*db.RoleAssignment, error) {
		rows, err := d.Client(ctx).RoleAssignment.Query().Where(roleassignment.EducatorIDIn(ids...)).
			Order(db.Asc(roleassignment.FieldID)).All(ctx)
		roles := make(map[int][]*db.RoleAssignment, len(ids))
		for _, r := range rows {
			roles[r.EducatorID] = append(roles[r.EducatorID], r)
		}
		return roles, err
	}
}
