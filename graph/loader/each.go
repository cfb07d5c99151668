package loader

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db"
)

// each reads something of organizations, most of which the answer has loaded before.
func each[V any](organizations *Loader[int, *db.Organization],
	read func(context.Context, []*db.Organization) (map[int]V, error)) func(context.Context, []int) (map[int]V, error) {
	return func(ctx context.Context, ids []int) (map[int]V, error) {
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
		return read(ctx, list)
	}
}
