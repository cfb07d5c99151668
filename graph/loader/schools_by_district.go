package loader

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/organization"
	"github.com/openhomeroom/homeroom/internal/database"
)

func schoolsByDistrict(d *database.DB) func(context.Context, []int) (map[int][]*db.Organization, error) {
	return func(ctx context.Context, ids []int) (map[int][]*db.Organization, error) {
		rows, err := d.Client(ctx).Organization.Query().
			Where(organization.ParentIDIn(ids...)).
			Order(db.Asc(organization.FieldNameKey, organization.FieldID)).All(ctx)
		schools := make(map[int][]*db.Organization, len(ids))
		for _, o := range rows {
			schools[*o.ParentID] = append(schools[*o.ParentID], o)
		}
		return schools, err
	}
}
