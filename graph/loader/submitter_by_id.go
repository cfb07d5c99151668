package loader

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/educator"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// submitterByID reads the submitters of jobs that the viewer sees: a job names its
// submitter to everybody who sees the job.
func submitterByID(d *database.DB) func(context.Context, []int) (map[int]*db.Educator, error) {
	return func(ctx context.Context, ids []int) (map[int]*db.Educator, error) {
		rows, err := d.Client(ctx).Educator.Query().Where(educator.IDIn(ids...)).
			All(viewer.AsSystem(ctx, "name of the submitter of a job in the purview"))
		return byID(rows, func(e *db.Educator) int { return e.ID }), err
	}
}
