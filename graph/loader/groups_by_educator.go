package loader

import (
	"cmp"
	"context"
	"slices"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/groupeducator"
	"github.com/openhomeroom/homeroom/internal/database"
)

func groupsByEducator(d *database.DB) func(context.Context, []int) (map[int][]*db.Group, error) {
	return func(ctx context.Context, ids []int) (map[int][]*db.Group, error) {
		rows, err := d.Client(ctx).GroupEducator.Query().Where(groupeducator.EducatorIDIn(ids...)).WithGroup().All(ctx)
		groups := make(map[int][]*db.Group, len(ids))
		for _, t := range rows {
			if g := t.Edges.Group; g != nil {
				groups[t.EducatorID] = append(groups[t.EducatorID], g)
			}
		}
		for _, list := range groups {
			sortGroups(list)
		}
		return groups, err
	}
}

// sortGroups sorts by name.
func sortGroups(list []*db.Group) {
	slices.SortFunc(list, func(a, b *db.Group) int {
		return cmp.Or(cmp.Compare(a.NameKey, b.NameKey), cmp.Compare(a.ID, b.ID))
	})
}
