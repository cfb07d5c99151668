package loader

import (
	"context"

	"homeroom/ent/db"
	"homeroom/ent/db/bulkjob"
	"homeroom/internal/database"
)

func bulkJobByID(d *database.DB) func(context.Context, []int) (map[int]*db.BulkJob, error) {
	return func(ctx context.Context, ids []int) (map[int]*db.BulkJob, error) {
		rows, err := d.Client(ctx).BulkJob.Query().Where(bulkjob.IDIn(ids...)).All(ctx)
		return byID(rows, func(row *db.BulkJob) int { return row.ID }), err
	}
}
