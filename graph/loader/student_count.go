package loader

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/roster"
)

// studentCount counts the students of organizations that the answer has loaded before.
func studentCount(r *roster.Service, organizations *Loader[int, *db.Organization]) func(context.Context,
	[]int) (map[int]int, error) {
	return func(ctx context.Context, ids []int) (map[int]int, error) {
		if err := organizations.Prime(ctx, ids); err != nil {
			return nil, err
		}
		var list []*db.Organization
		for _, id := range ids {
			o, err := organizations.Load(ctx, id)
			if err != nil {
				return nil, err
			}
			if o != nil {
				list = append(list, o)
			}
		}
		return r.CountStudents(ctx, list)
	}
}
