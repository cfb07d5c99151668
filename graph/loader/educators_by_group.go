package loader

import (
	"cmp"
	"context"
	"slices"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/groupeducator"
	"github.com/openhomeroom/homeroom/internal/database"
)

func educatorsByGroup(d *database.DB) func(context.Context, []int) (map[int][]*db.Educator, error) {
	return func(ctx context.Context, ids []int) (map[int][]*db.Educator, error) {
		rows, err := d.Client(ctx).GroupEducator.Query().Where(groupeducator.GroupIDIn(ids...)).WithEducator().All(ctx)
		educators := make(map[int][]*db.Educator, len(ids))
		for _, t := range rows {
			if e := t.Edges.Educator; e != nil {
				educators[t.GroupID] = append(educators[t.GroupID], e)
			}
		}
		for _, list := range educators {
			slices.SortFunc(list, func(a, b *db.Educator) int {
				return cmp.Or(cmp.Compare(a.SortName, b.SortName), cmp.Compare(a.ID, b.ID))
			})
		}
		return educators, err
	}
}
