package job

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/job/queue"
	"github.com/openhomeroom/homeroom/internal/job/row"
	"github.com/openhomeroom/homeroom/internal/job/state"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

const (
	// workers is how many jobs a server works on at a time, and shortWorkers how many
	// short ones in addition, so that a short file does not wait for long ones.
	workers      = 4
	shortWorkers = 2
	// pollEvery is how long it takes a server to notice what another one took in.
	pollEvery = time.Second
	// sweepEvery is how often leftovers are removed.
	sweepEvery = time.Minute
	// maxTries is how often a job may end in an error of the server before it is
	// given up, as long as nothing of it has been written.
	maxTries = 5
	// retryPause is multiplied by the number of tries.
	retryPause = 5 * time.Second
)

// Run works on jobs until ctx ends, and then gives back what it has begun.
func (s *Service) Run(ctx context.Context) error {
	var all sync.WaitGroup
	all.Go(func() { s.sweeping.sweepForever(ctx) })
	for range workers {
		all.Go(func() { s.runForever(ctx, false, s.wake) })
	}
	for range shortWorkers {
		all.Go(func() { s.runForever(ctx, true, s.wakeShort) })
	}
	all.Wait()
	return ctx.Err()
}

func (s *Service) runForever(ctx context.Context, short bool, wake <-chan struct{}) {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for ctx.Err() == nil {
		worked, err := s.runNext(ctx, 0, short)
		if err != nil && ctx.Err() == nil {
			s.log.ErrorContext(ctx, "look for jobs", "error", err)
		}
		if worked {
			continue
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		case <-wake:
		}
	}
}

// Drain works on jobs until none is left that could be worked on. It is for
// commands and tests.
func (s *Service) Drain(ctx context.Context) error {
	for {
		worked, err := s.runNext(ctx, 0, false)
		if err != nil || !worked {
			return err
		}
	}
}

// RunJob works until a job waits for a person or is finished, and first on those
// before it in its district. Another server may be doing the work.
func (s *Service) RunJob(ctx context.Context, id int) error {
	for {
		job, err := s.db.Client(ctx).BulkJob.Get(viewer.AsSystem(ctx, "work on a job"), id)
		if err != nil {
			return err
		}
		if !slices.Contains(state.AtWork, job.Status) {
			return nil
		}
		worked, err := s.runNext(ctx, job.DistrictID, false)
		if err != nil {
			return err
		}
		if !worked {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(pollEvery / 5):
			}
		}
	}
}

func (s *Service) wakeUp() {
	for _, wake := range []chan struct{}{s.wake, s.wakeShort} {
		select {
		case wake <- struct{}{}:
		default:
		}
	}
}

// runNext claims one job and works on it, and reports whether there was one.
func (s *Service) runNext(ctx context.Context, district int, short bool) (bool, error) {
	h, err := s.queue.ClaimNext(ctx, district, short)
	if h == nil || err != nil {
		return false, err
	}
	s.log.InfoContext(ctx, "work on a bulk job", "job", h.Job.ID, "kind", h.Job.Kind, "status", h.Job.Status,
		"claim", h.Fence)
	work, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer s.working(h.Job.ID, cancel)()
	stop := s.queue.KeepAlive(work, h, cancel)
	err = s.workOn(work, h)
	stop()
	switch {
	case err == nil:
		s.setTries(h.Job.ID, 0)
	case lost(work, err):
		s.log.InfoContext(ctx, "a job was canceled, or another server took it over", "job", h.Job.ID)
	case ctx.Err() != nil:
		s.queue.Release(ctx, h, 0)
		return false, ctx.Err()
	default:
		s.tryAgain(ctx, h, err)
	}
	return true, nil
}

func (s *Service) workOn(ctx context.Context, h *queue.Lease) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	if s.isGivenUp(h.Job) {
		s.log.ErrorContext(ctx, "servers stopped while they worked on a bulk job, so it is given up", "job", h.Job.ID, "kind",
			h.Job.Kind, "status", h.Job.Status, "times", h.Job.Abandoned)
		return s.fail(ctx, h,
			row.Problemf(row.ServerEnded,
				"Split the file into several, or save it again as CSV. If it happens again, tell the person who runs the server.",
				"The server stopped %d times while it worked on this, and does not try again. Nothing was written.",
				h.Job.Abandoned))
	}
	switch h.Job.Status {
	case bulkjob.StatusVERIFYING:
		return s.checking.verify(ctx, h)
	case bulkjob.StatusUNDOING:
		return s.undoing.undo(ctx, h)
	default:
		return s.writing.apply(ctx, h)
	}
}

// isGivenUp reports whether so many servers disappeared while they worked on a job that
// the job itself most likely crashes them, together with everything else they work on. A
// job that has already written rows continues.
func (s *Service) isGivenUp(job *db.BulkJob) bool {
	return job.Abandoned >= s.maxAbandoned &&
		(job.Status == bulkjob.StatusVERIFYING || job.Status == bulkjob.StatusPROCESSING && job.ProcessedRows == 0)
}

// tryAgain puts a job off after an error that is not the file's fault. Once some of its
// rows have been written, the job cannot end as "nothing was written", and is tried until
// it continues; see isLastTry. A problem of the database is not the fault of the job or of
// a row: the job waits for as long as it takes.
func (s *Service) tryAgain(ctx context.Context, h *queue.Lease, cause error) {
	trouble := database.TroubleOf(cause)
	if trouble != database.None && trouble != database.TooLarge {
		s.log.WarnContext(ctx, "a bulk job waits for the database", "job", h.Job.ID, "kind", h.Job.Kind, "status",
			h.Job.Status, "trouble", string(trouble), "error", cause)
		s.queue.Release(ctx, h, retryPause)
		return
	}
	tries := s.setTries(h.Job.ID, +1)
	s.log.ErrorContext(ctx, "work on a bulk job", "job", h.Job.ID, "kind", h.Job.Kind, "status", h.Job.Status, "try",
		tries, "error", cause)
	if tries >= maxTries {
		job, err := s.db.Client(ctx).BulkJob.Get(viewer.AsSystem(ctx, "give a job up"), h.Job.ID)
		if err == nil &&
			(job.Status == bulkjob.StatusVERIFYING || job.Status == bulkjob.StatusPROCESSING && job.ProcessedRows == 0) {
			why := row.Problemf(row.Internal, "Upload the file again later. If it happens again, tell the person who runs the "+
				"server.",
				"Something went wrong on the server. Nothing was written.")
			if trouble == database.TooLarge {
				why = tooLarge() // A batch, and nothing but the operator helps.
			}
			err = s.fail(ctx, h, why)
			if err == nil {
				s.setTries(h.Job.ID, 0)
				return
			}
		}
	}
	s.queue.Release(ctx, h, min(time.Duration(tries)*retryPause, time.Minute))
}

// isLastTry reports whether a job has been tried so often that a row which cannot be
// written is now refused. If the database is away, that refusal is not written either.
func (s *Service) isLastTry(jobID int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tries[jobID] >= maxTries-1
}

// setTries counts a try, or forgets all tries if step is 0.
func (s *Service) setTries(jobID, step int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if step == 0 {
		delete(s.tries, jobID)
		return 0
	}
	s.tries[jobID] += step
	return s.tries[jobID]
}
