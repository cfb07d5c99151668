package job

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// record records a step of a job, in the transaction of the step. Rows have no
// entries of their own: each batch has one, with a digest of what the rows say.
func record(ctx context.Context, action audit.Action, job *db.BulkJob, facts audit.Facts) {
	audit.Record(ctx, audit.Event{Action: action, DistrictID: job.DistrictID, OrganizationID: job.OrganizationID,
		Target: audit.On(globalid.BulkJob, job.ID), JobID: job.ID, Facts: facts})
}

// recordEnd records how a job has ended; its row has been written before.
func (s *Service) recordEnd(ctx context.Context, client *db.Client, jobID int) error {
	job, err := client.BulkJob.Query().Where(bulkjob.ID(jobID)).
		Only(viewer.AsSystem(ctx, "how a job has ended, for the audit trail"))
	if err != nil {
		return err
	}
	record(ctx, audit.JobFinished, job,
		audit.Facts{"status": string(job.Status), "created": job.Created, "updated": job.Updated, "deleted": job.Deleted,
			"unchanged": job.Unchanged, "errors": job.Errors, "undone": job.UndoneRows, "kept": job.KeptRows})
	return nil
}

// recordBatch records a batch that has been written, for the person in whose name that
// was done. rows are the written rows, as they are stored now.
func recordBatch(ctx context.Context, b *attempt, rows *audit.Rows) {
	if b.Viewer != nil {
		ctx = viewer.NewContext(ctx, b.Viewer)
	}
	record(ctx, audit.JobRowsApplied, b.Job, audit.Facts{
		"from":    b.Rows[0].Row,
		"to":      b.Last().Row,
		"rows":    rows.Count(),
		"refused": len(b.Rows) - rows.Count(),
		"images":  rows.Images(),
		"digest":  rows.Digest(),
	})
}
