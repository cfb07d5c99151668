package educator

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/servicekey"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// behind returns the makers of the service keys whose programs have submitted or
// started a job, and whether there is such a program. The makers do not limit the job;
// that they still administer the organization of the key is checked before.
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
