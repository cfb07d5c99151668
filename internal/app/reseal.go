package app

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/openhomeroom/homeroom/internal/config"
	"github.com/openhomeroom/homeroom/internal/lease"
)

// resealEvery is how often the server looks for data that is still encrypted with an old
// secret key. A job that a server is working on has to wait for the next time.
const resealEvery = 30 * time.Second

// resealForever re-encrypts what was encrypted with old secret keys, on one server at a
// time.
func (s *services) resealForever(ctx context.Context, cfg config.Config, log *slog.Logger) {
	if len(cfg.Secret.Old) == 0 {
		return
	}
	leases := lease.New(s.db, cfg.Server.JobLease, s.now)
	tick := time.NewTicker(resealEvery)
	defer tick.Stop()
	for {
		jobs, apps, err := s.reseal(ctx, leases)
		if err != nil && ctx.Err() == nil {
			log.ErrorContext(ctx, "encrypt with the new secret key", "error", err)
		}
		if jobs+apps > 0 {
			log.InfoContext(ctx, "encrypted anew with the new secret key", "jobs", jobs, "authenticatorApps", apps)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// reseal returns how many jobs, and how many authenticator apps, were re-encrypted.
func (s *services) reseal(ctx context.Context, leases *lease.Keeper) (jobs, apps int, err error) {
	// The work is due at any time. The extra second lets a server whose clock is behind do
	// it too.
	held, err := leases.Claim(ctx, "secret key", s.now().Add(time.Second))
	if err != nil || held == nil {
		return 0, 0, err
	}
	// People wait for their apps, so a trouble with jobs must not stop these.
	apps, factorsErr := s.identity.Reseal(ctx, held.Renew)
	jobs, jobsErr := s.importer.Reseal(ctx, held.Renew)
	if err := errors.Join(factorsErr, jobsErr); err != nil {
		_ = held.Release(ctx) // It also expires by itself.
		return jobs, apps, err
	}
	return jobs, apps, held.Done(ctx)
}
