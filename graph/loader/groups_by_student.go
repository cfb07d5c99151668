package loader

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/enrollment"
	"github.com/openhomeroom/homeroom/internal/database"
)

func groupsByStudent(d *database.DB) func(context.Context, []int) (map[int][]*db.Group, error) {
	return func(ctx context.Context, ids []int) (map[int][]*db.Group, error) {
		rows, err := d.Client(ctx).Enrollment.Query().Where(enrollment.StudentIDIn(ids...)).WithGroup().All(ctx)
		groups := make(map[int][]*db.Group, len(ids))
		for _, e := range rows {
			if g := e.Edges.Group; g != nil {
				groups[e.StudentID] = append(groups[e.StudentID], g)
			}
		}
		for _, list := range groups {
			sortGroups(list)
		}
		return groups, err
	}
}
