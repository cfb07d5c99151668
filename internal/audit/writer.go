package audit

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

const (
	// queueSize is how many entries may wait. If the queue is full, a caller waits a
	// little, and then fails; no entry is ever dropped.
	queueSize = 2000
	// handPatience is how long a caller waits for room in the queue.
	handPatience = 5 * time.Second
	// writeEvery is how long an entry waits at most, and therefore how much is lost if the
	// process is killed.
	writeEvery = 500 * time.Millisecond
	// writeAtOnce is how many entries one transaction writes.
	writeAtOnce = 200
	// nowPatience is how long a caller waits for an entry that is written immediately.
	nowPatience = 30 * time.Second
	// lastPatience is how long the process waits for the database when it ends.
	lastPatience = 10 * time.Second
	// maxPause is how long the writer pauses after errors of the database.
	maxPause = 5 * time.Second
)

// Service records what happens outside the transactions of changes: reads and refusals. A
// slow database does not slow down a read, because a writer in the background, Run, writes
// the entries in batches. If Run is not running, as in a command, entries are written
// immediately.
type Service struct {
	db  *database.DB
	log *slog.Logger
	now func() time.Time

	queue chan entry
	// full tells the writer that a batch is complete before its time is up.
	full chan struct{}

	mu      sync.RWMutex
	running bool
	// failing is true while the writer cannot write.
	failing atomic.Bool

	refusals refusals
}

// New returns the service of a database. now is the clock for the minutes of refusals.
func New(d *database.DB, now func() time.Time, log *slog.Logger) *Service {
	return &Service{
		db:       d,
		log:      log,
		now:      now,
		queue:    make(chan entry, queueSize),
		full:     make(chan struct{}, 1),
		refusals: newRefusals(),
	}
}

// Now records something and returns after the commit. A file is recorded in this way
// before its first byte. It gives up on a database that hangs.
func (s *Service) Now(ctx context.Context, e Event) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), nowPatience)
	defer cancel()
	return s.write(ctx, []entry{describe(ctx, e)})
}

// errFull is the error if nothing more can be recorded. Personal data must not be given
// out without a record.
var errFull = fault.Unavailablef(
	"reading has to be recorded in the audit trail, which cannot be written at the moment; try again in a minute").
	WithCode("AUDIT_TRAIL_FULL").After(60)

// Read records that personal data is given out. It does not wait for the database, unless
// more is read than can be written. Then it fails after a while, and the data must not be
// given out.
func (s *Service) Read(ctx context.Context, e Event) error {
	patience := handPatience
	if s.failing.Load() {
		patience = 0
	}
	if !s.hand(ctx, describe(ctx, e), patience) {
		return errFull
	}
	return nil
}

// hand passes an entry to the writer, or writes it if no writer runs. It returns false if
// the writer has no room.
func (s *Service) hand(ctx context.Context, e entry, patience time.Duration) bool {
	s.mu.RLock()
	if s.running {
		defer s.mu.RUnlock()
		// The writer keeps taking entries until nobody holds the lock that is awaited here.
		return s.enqueue(ctx, e, patience)
	}
	s.mu.RUnlock()
	ctx, cancel := context.WithTimeout(context.Background(), lastPatience)
	defer cancel()
	if err := s.write(ctx, []entry{e}); err != nil {
		s.log.ErrorContext(ctx, "an entry of the audit trail is lost", "action", e.Action, "error", err)
		return false
	}
	return true
}

func (s *Service) enqueue(ctx context.Context, e entry, patience time.Duration) bool {
	select {
	case s.queue <- e:
	default:
		if patience == 0 {
			return false
		}
		late := time.NewTimer(patience)
		defer late.Stop()
		select {
		case s.queue <- e:
		case <-late.C:
			return false
		case <-ctx.Done():
			return false
		}
	}
	if len(s.queue) >= writeAtOnce {
		select {
		case s.full <- struct{}{}:
		default:
		}
	}
	return true
}

// write commits entries.
func (s *Service) write(ctx context.Context, entries []entry) error {
	return s.db.InTx(viewer.AsSystem(database.WithoutMade(ctx), "audit trail"),
		func(ctx context.Context, _ *db.Client) error {
			trail := database.AtEnd(ctx, trailKey{}, newTrail).(*trail)
			for _, e := range entries {
				trail.add(e)
			}
			return nil
		})
}

// Run writes entries until ctx ends, and then those that are left.
func (s *Service) Run(ctx context.Context) error {
	s.mu.Lock()
	s.running = true
	s.mu.Unlock()
	tick := time.NewTicker(writeEvery)
	defer tick.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-tick.C:
			s.drain(ctx, s.refusals.over(s.now(), false))
		case <-s.full:
			s.drain(ctx, nil)
		}
	}
	return s.stop(ctx)
}

// drain writes some entries and all that wait. If the database does not answer, it
// retries, and the queue fills up.
func (s *Service) drain(ctx context.Context, first []entry) {
	for batch := append(first, s.take()...); len(batch) > 0; batch = s.take() {
		for pause := 100 * time.Millisecond; ; pause = min(2*pause, maxPause) {
			err := s.write(context.WithoutCancel(ctx), batch)
			s.failing.Store(err != nil)
			if err == nil {
				break
			}
			s.log.ErrorContext(ctx, "the audit trail cannot be written; the server tries "+
				"again", "entries", len(batch), "error", err)
			select {
			case <-time.After(pause):
			case <-ctx.Done():
				s.last(ctx, batch)
				return
			}
		}
	}
}

// take returns some of the waiting entries.
func (s *Service) take() (batch []entry) {
	for len(batch) < writeAtOnce {
		select {
		case e := <-s.queue:
			batch = append(batch, e)
		default:
			return batch
		}
	}
	return batch
}

// stop writes what is left. From now on, callers write their entries themselves.
func (s *Service) stop(ctx context.Context) error {
	stopped := make(chan struct{})
	go func() {
		// A caller who waits for room holds the lock, and continues as the queue empties.
		s.mu.Lock()
		s.running = false
		s.mu.Unlock()
		close(stopped)
	}()
	for waiting := true; waiting; {
		select {
		case <-stopped:
			waiting = false
		case <-time.After(10 * time.Millisecond):
		}
		for batch := s.take(); len(batch) > 0; batch = s.take() {
			s.last(ctx, batch)
		}
	}
	if counts := s.refusals.over(s.now(), true); len(counts) > 0 {
		s.last(ctx, counts)
	}
	return ctx.Err()
}

// last writes entries at the end of the process.
func (s *Service) last(ctx context.Context, batch []entry) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastPatience)
	defer cancel()
	if err := s.write(ctx, batch); err != nil {
		s.log.ErrorContext(ctx, "entries of the audit trail are lost", "entries", len(batch), "error", err)
	}
}

func newTrail() database.Ending { return new(trail) }
