package app

import (
	"context"
	"log/slog"
	"time"

	"homeroom/internal/config"
	"homeroom/internal/lease"
)

// resealEvery is how often the server looks for what is still encrypted with an old
// secret key; jobs that a server was working on are done the next time.
const resealEvery = 30 * time.Second

// resealForever encrypts what was encrypted with old secret keys anew, on one server
// at a time.
func (s *services) resealForever(ctx context.Context, cfg config.Config, log *slog.Logger) {
	if len(cfg.Secret.Old) == 0 {
		return
	}
	leases := lease.New(s.db, cfg.Server.JobLease, s.now)
	tick := time.NewTicker(resealEvery)
	defer tick.Stop()
	for {
		if n, err := s.reseal(ctx, leases); err != nil && ctx.Err() == nil {
			log.ErrorContext(ctx, "encrypt with the new secret key", "error", err)
		} else if n > 0 {
			log.InfoContext(ctx, "encrypted bulk jobs with the new secret key", "jobs", n)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (s *services) reseal(ctx context.Context, leases *lease.Keeper) (int, error) {
	// It is due at any time; a second later than now is due also on a server that asks first.
	held, err := leases.Claim(ctx, "secret key", s.now().Add(time.Second))
	if err != nil || held == nil {
		return 0, err
	}
	n, err := s.importer.Reseal(ctx, held.Renew)
	if err != nil {
		_ = held.Release(ctx) // It ends by itself as well.
		return n, err
	}
	return n, held.Done(ctx)
}
