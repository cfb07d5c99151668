package reach

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Here returns a context for jobs of a school in which the hands see only those
// educators that an administrator of the school also sees. Such a job changes, names
// and gives roles to nobody else.
func (c *Check) Here(ctx context.Context) context.Context {
	return viewer.NewContext(ctx, HereOf(c.Viewer, c.Job))
}

// HereOf returns a viewer limited to the school of a job. A district counts as an
// organization like a school here: only its own administrators see anything through it.
func HereOf(v *viewer.Viewer, job *db.BulkJob) *viewer.Viewer {
	if job.OrganizationID == job.DistrictID {
		return v
	}
	return viewer.Jointly(v, viewer.AdministratorOf(job.OrganizationID, job.DistrictID))
}
