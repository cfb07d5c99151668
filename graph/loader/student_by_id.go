package loader

import (
	"context"

	"homeroom/ent/db"
	"homeroom/ent/db/student"
	"homeroom/internal/database"
)

func studentByID(d *database.DB) func(context.Context, []int) (map[int]*db.Student, error) {
	return func(ctx context.Context, ids []int) (map[int]*db.Student, error) {
		rows, err := d.Client(ctx).Student.Query().Where(student.IDIn(ids...)).All(ctx)
		return byID(rows, func(row *db.Student) int { return row.ID }), err
	}
}
