package privacy

import (
	"context"
	"errors"
	"time"

	"github.com/openhomeroom/homeroom/internal/lease"
)

// lookEvery is how often a server checks whether the daily purge has been done.
const lookEvery = time.Minute

// Run purges once a day, at an hour in UTC, until ctx ends. The first of several servers
// does it; if it dies, another one continues.
func (s *Service) Run(ctx context.Context, hour int) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		s.look(ctx, hour)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// look purges if a purge is due. If another server is purging, it looks again a minute
// later, in case that one has died.
func (s *Service) look(ctx context.Context, hour int) {
	switch purged, err := s.purge(ctx, lastAt(s.now(), hour)); {
	case ctx.Err() != nil:
	case err == nil:
		students := 0
		for _, p := range purged {
			students += p.Students
		}
		s.log.InfoContext(ctx, "today's purge is done", "students", students, "districts", len(purged))
	case errors.Is(err, errBusy), errors.Is(err, lease.ErrLost):
	default:
		s.log.ErrorContext(ctx, "purge", "error", err)
	}
}

// lastAt is the last time that this hour of the day began in UTC.
func lastAt(now time.Time, hour int) time.Time {
	y, m, d := now.UTC().Date()
	at := time.Date(y, m, d, hour, 0, 0, 0, time.UTC)
	if at.After(now) {
		at = at.AddDate(0, 0, -1)
	}
	return at
}
