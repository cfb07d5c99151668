package importer

import (
	"context"
	"homeroom/ent/db"
	"homeroom/internal/viewer"
)

// here returns a context in which the hands in a job see of educators those whom an
// administrator of its school sees as well, where it is for a school: such a job
// changes, names and gives roles to nobody else.
func (c *check) here(ctx context.Context) context.Context {
	return viewer.NewContext(ctx, hereOf(c.v, c.job))
}

// hereOf is a viewer bound to the school of a job. A district is an organization
// like a school here: only its own administrators see anything by it.
func hereOf(v *viewer.Viewer, job *db.BulkJob) *viewer.Viewer {
	if job.OrganizationID == job.DistrictID {
		return v
	}
	return viewer.Jointly(v, viewer.AdministratorOf(job.OrganizationID, job.DistrictID))
}
