package educator

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/servicekey"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// behind are those who have made the service keys of the programs that have submitted
// or started a job, and whether there is such a program. They do not limit it, because a
// key goes on when its maker leaves.
func (k *importKind) behind(ctx context.Context, job *db.BulkJob) (ids []int, program bool, err error) {
	agents := []int{job.SubmittedBy}
	if job.StartedBy != nil {
		agents = append(agents, *job.StartedBy)
	}
	keys, err := k.DB.Client(ctx).ServiceKey.Query().Where(servicekey.AgentIDIn(agents...)).
		All(viewer.AsSystem(ctx, "who made the key of a job"))
	for _, k := range keys {
		if k.CreatedBy != nil {
			ids = append(ids, *k.CreatedBy)
		}
	}
	return ids, len(keys) > 0, err
}
