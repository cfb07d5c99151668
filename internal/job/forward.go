package job

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/job/progress"
	"github.com/openhomeroom/homeroom/internal/job/vault"
)

// Reseal encrypts again what old keys have encrypted; see vault.Reseal.
func (s *Service) Reseal(ctx context.Context, alive func(context.Context) error) (done int, err error) {
	return s.vault.Reseal(ctx, alive)
}

// KeyUse says which old keys are still needed.
func (s *Service) KeyUse(system context.Context) (vault.KeyUse, error) { return s.vault.KeyUse(system) }

// Waiting says which other job of its district a job waits for; see queue.Waiting.
func (s *Service) Waiting(ctx context.Context, job *db.BulkJob) (forID int, err error) {
	return s.queue.Waiting(ctx, job)
}

// WaitingFor is Waiting of many jobs.
func (s *Service) WaitingFor(ctx context.Context, jobs []*db.BulkJob) (map[*db.BulkJob]int, error) {
	return s.queue.WaitingFor(ctx, jobs)
}

// Progress says how far a job is; see meter.Progress.
func (s *Service) Progress(ctx context.Context, job *db.BulkJob) (progress.Progress, error) {
	return s.meter.Progress(ctx, job)
}

// Progresses is Progress of many jobs.
func (s *Service) Progresses(ctx context.Context, jobs []*db.BulkJob) (map[*db.BulkJob]progress.Progress, error) {
	return s.meter.Progresses(ctx, jobs)
}
