package loader

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/student"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// studentByID finds nobody for a service key, which sees no students, although answers
// about its imports name some.
func studentByID(d *database.DB) func(context.Context, []int) (map[int]*db.Student, error) {
	return func(ctx context.Context, ids []int) (map[int]*db.Student, error) {
		if v := viewer.FromContext(ctx); v != nil && v.Key != nil {
			return nil, nil
		}
		rows, err := d.Client(ctx).Student.Query().Where(student.IDIn(ids...)).All(ctx)
		return byID(rows, func(row *db.Student) int { return row.ID }), err
	}
}
