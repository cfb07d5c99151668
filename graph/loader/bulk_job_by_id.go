package loader

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db"
	jobs "github.com/openhomeroom/homeroom/internal/job"
)

func bulkJobByID(i *jobs.Service) func(context.Context, []int) (map[int]*db.BulkJob, error) {
	return func(ctx context.Context, ids []int) (map[int]*db.BulkJob, error) {
		rows, err := i.JobsByID(ctx, ids)
		return byID(rows, func(row *db.BulkJob) int { return row.ID }), err
	}
}
