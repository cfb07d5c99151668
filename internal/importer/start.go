package importer

import (
	"context"
	"errors"

	"homeroom/ent/db"
	"homeroom/ent/db/bulkjob"
	"homeroom/internal/fault"
	"homeroom/internal/viewer"
)

// ErrNoJob is returned for a job that does not exist for the caller.
var ErrNoJob = fault.NotFoundf("there is no such upload in your purview")

// Start lets the worker carry out what a job has shown. Whoever sees the job and
// may submit such a job there may start it: the submitter, or an administrator.
// It returns fault.Conflict for a job that is not READY.
func (s *Service) Start(ctx context.Context, jobID int) (*db.BulkJob, error) {
	job, err := s.Job(ctx, jobID)
	if err != nil {
		return nil, err
	}
	o, err := s.db.Client(ctx).Organization.Get(ctx, job.OrganizationID)
	if db.IsNotFound(err) {
		return nil, fault.Forbiddenf("you no longer have a role at the organization of this upload").At("id")
	}
	if err != nil {
		return nil, err
	}
	if err := maySubmit(viewer.FromContext(ctx), o, job.Kind); err != nil {
		return nil, fault.From(err).At("id")
	}
	err = s.db.InTx(ctx, func(ctx context.Context, client *db.Client) error {
		return mustHitOne(client.ExecContext(ctx,
			"UPDATE bulk_jobs SET status = ?, started_at = ?, lease_owner = '', lease_until = NULL WHERE id = ? AND status = ?",
			string(bulkjob.StatusPROCESSING), s.instant(), jobID, string(bulkjob.StatusREADY)))
	})
	if err != nil && !errors.Is(err, errLost) {
		return nil, err
	}
	lost := err != nil
	if job, err = s.Job(ctx, jobID); err != nil {
		return nil, err
	}
	if lost {
		return nil, fault.Conflictf("the upload %s", inWords[job.Status]).WithCode("NOT_READY").At("id")
	}
	s.wakeUp()
	return job, nil
}
