package job

import (
	"context"
	"errors"
	"slices"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database/bulk"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/job/actor"
	"github.com/openhomeroom/homeroom/internal/job/reader"
	"github.com/openhomeroom/homeroom/internal/job/state"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// ErrNoJob is returned for a job that does not exist for the caller.
var ErrNoJob = reader.ErrNoJob

// Start lets a worker write what a job has shown. If a second administrator has to approve
// it, because it is too much, Start puts the job on hold. Everybody who sees the job and
// may submit such a job there may start it: the submitter, or an administrator. What the
// starter may not do is refused when the rows are written; see actor.Hands. Start returns
// fault.Conflict for a job that is not READY.
func (s *Service) Start(ctx context.Context, jobID int) (*db.BulkJob, error) {
	return s.starting.start(ctx, jobID, func(ctx context.Context, job *db.BulkJob) (reservation, error) {
		return s.holding.reservation(ctx, job, false)
	})
}

// StartSeen is Start for somebody who has looked at the preview. seen is its version, or
// nil; it is required if somebody else has corrected a row. StartSeen returns
// fault.Conflict for another version: nobody starts what a colleague has changed between
// the look and the start.
func (s *Service) StartSeen(ctx context.Context, jobID int, seen *int) (*db.BulkJob, error) {
	return s.starting.start(ctx, jobID, func(ctx context.Context, job *db.BulkJob) (reservation, error) {
		if job.Status == bulkjob.StatusREADY && !hasSeen(ctx, job, seen) {
			return nil, s.starting.previewChanged(job)
		}
		return s.holding.reservation(ctx, job, false)
	})
}

// hasSeen reports whether the viewer knows the rows of a job that others have corrected.
func hasSeen(ctx context.Context, job *db.BulkJob, seen *int) bool {
	if seen != nil {
		return *seen == PreviewVersion(job)
	}
	me := viewer.FromContext(ctx).SubmitterID()
	return !slices.ContainsFunc(job.CorrectedBy, func(id int) bool { return id != me })
}

// StartAnyway is Start for the operator: however much the job changes, it waits for
// nobody.
func (s *Service) StartAnyway(ctx context.Context, jobID int) (*db.BulkJob, error) {
	return s.starting.start(ctx, jobID, func(context.Context, *db.BulkJob) (reservation, error) { return unmeasured, nil })
}

func (s starting) start(ctx context.Context, jobID int,
	reserve func(context.Context, *db.BulkJob) (reservation, error)) (*db.BulkJob, error) {
	for try := 0; ; try++ {
		job, err := s.jobToChange(ctx, jobID)
		if err != nil {
			return nil, err
		}
		counted, err := reserve(ctx, job)
		if err != nil {
			return nil, err
		}
		// Start exactly the version that was looked at: a correction at this moment raises
		// the fence.
		started, err := s.change(ctx, job, "NOT_READY", func(ctx context.Context, client *db.Client) error {
			// The person who starts a job has a hand in all of it, even if somebody else approves
			// it.
			if _, err := client.ExecContext(ctx, "UPDATE bulk_jobs SET started_by = ? WHERE id = ? AND status = ?",
				actor.HandID(ctx), jobID, string(bulkjob.StatusREADY)); err != nil {
				return err
			}
			if tooMuch, err := counted(ctx, client); err != nil {
				return err
			} else if tooMuch != nil {
				return s.holding.hold(ctx, client, job, tooMuch)
			}
			record(ctx, audit.JobStarted, job, nil)
			return bulk.MustHitOne(client.ExecContext(ctx,
				"UPDATE bulk_jobs SET status = ?, started_at = ?, lease_owner = '', lease_until = NULL WHERE id = ? "+
					"AND status = ? AND fence = ?",
				string(bulkjob.StatusPROCESSING), s.instant(), jobID, string(bulkjob.StatusREADY), job.Fence))
		})
		if err == nil || job.Status != bulkjob.StatusREADY {
			return started, err
		}
		if now, _ := s.Job(ctx, jobID); now == nil || now.Status != bulkjob.StatusREADY ||
			fault.KindOf(err) != fault.Conflict {
			return nil, err
		}
		if try == 5 {
			return nil, fault.Conflictf("somebody is correcting rows of the %s; try again in a moment", s.kinds.Noun(job)).
				WithCode("NOT_READY").At("id")
		}
	}
}

// jobToChange returns a job that the viewer sees, if the viewer may submit such
// a job there.
func (s *Service) jobToChange(ctx context.Context, jobID int) (*db.BulkJob, error) {
	job, err := s.Job(ctx, jobID)
	if err != nil {
		return nil, err
	}
	v := viewer.FromContext(ctx)
	if s.kinds.BySelection(job.Kind) {
		if err := s.kinds.MaySelect(v, job.Kind); err != nil {
			return nil, fault.From(err).At("id")
		}
		return job, nil
	}
	o, err := s.db.Client(ctx).Organization.Get(ctx, job.OrganizationID)
	if db.IsNotFound(err) {
		return nil, fault.Forbiddenf("you no longer have a role at the organization of this upload").At("id")
	}
	if err != nil {
		return nil, err
	}
	if err := s.kinds.MaySubmit(v, o, job.Kind); err != nil {
		return nil, fault.From(err).At("id")
	}
	return job, nil
}

// change runs a conditional change of a job's state, whose statement returns errLost
// if the job is in another state. In that case change says in words which state that
// is.
func (s *Service) change(ctx context.Context, job *db.BulkJob, code string,
	fn func(ctx context.Context, client *db.Client) error) (*db.BulkJob, error) {
	err := s.db.InTx(ctx, fn)
	if err != nil && !errors.Is(err, bulk.ErrLost) {
		return nil, err
	}
	refused := err != nil
	if job, err = s.Job(ctx, job.ID); err != nil {
		return nil, err
	}
	if refused {
		return nil, s.notNow(job, code)
	}
	s.wakeUp()
	return job, nil
}

// notNow says why a job cannot do what somebody wants of it.
func (s *Service) notNow(job *db.BulkJob, code string) error {
	return fault.Conflictf("the %s %s", s.kinds.Noun(job), state.InWords[job.Status]).WithCode(code).At("id")
}
