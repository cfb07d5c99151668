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
	// queueSize is how many entries may wait. Whoever comes when it is full waits as
	// well, but not for long, and is then given nothing: nothing is ever dropped.
	queueSize = 2000
	// handPatience is how long somebody waits for room in the queue.
	handPatience = 5 * time.Second
	// writeEvery is how long an entry waits at most, and so how much is lost when the
	// process is killed.
	writeEvery = 500 * time.Millisecond
	// writeAtOnce is how many entries one transaction writes.
	writeAtOnce = 200
	// nowPatience is how long somebody waits for an entry that is written at once.
	nowPatience = 30 * time.Second
	// lastPatience is how long the end of the process waits for the database.
	lastPatience = 10 * time.Second
	// maxPause is how long the writer waits after errors of the database.
	maxPause = 5 * time.Second
)

// Service records what happens outside of the transactions of changes: reads and
// refusals. A database that answers slowly does not make a read slow, because a
// writer in the background, Run, writes the entries in batches. Where Run does not
// run, as in a command, they are written at once.
type Service struct {
	db  *database.DB
	log *slog.Logger
	now func() time.Time

	queue chan entry
	// full tells the writer that a batch is waiting, before its time has come.
	full chan struct{}

	mu      sync.RWMutex
	running bool
	// failing is set while the writer cannot write what it has.
	failing atomic.Bool

	refusals refusals
}

// New returns the service of a database. now is the clock by whose minutes refusals
// are counted.
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

// Now records something and returns when it has been committed: what is given out
// as a file is recorded before its first byte. A database that hangs is not waited
// for without an end.
func (s *Service) Now(ctx context.Context, e Event) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), nowPatience)
	defer cancel()
	return s.write(ctx, []entry{describe(ctx, e)})
}

// errFull is given where nothing more can be put on record: personal data that is not
// on record is not given out.
var errFull = fault.Unavailablef(
	"what is read has to be on record, and the record cannot be written at the moment; try again in a minute").
	WithCode("AUDIT_TRAIL_FULL").After(60)

// Read records that personal data is given out. It does not wait for the database,
// unless more is read than can be written; then it fails after a while, and nothing may
// be given out.
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

// hand gives an entry to the writer, or writes it where none runs. It reports false
// where the writer takes none.
func (s *Service) hand(ctx context.Context, e entry, patience time.Duration) bool {
	s.mu.RLock()
	if s.running {
		defer s.mu.RUnlock()
		// The writer takes entries until nobody holds the lock that is waiting here.
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

// Run writes what is handed to it until ctx ends, and then what is left.
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

// drain writes some entries and all that wait. Where the database does not answer,
// they are tried again, and the queue fills.
func (s *Service) drain(ctx context.Context, first []entry) {
	for batch := append(first, s.take()...); len(batch) > 0; batch = s.take() {
		for pause := 100 * time.Millisecond; ; pause = min(2*pause, maxPause) {
			err := s.write(context.WithoutCancel(ctx), batch)
			s.failing.Store(err != nil)
			if err == nil {
				break
			}
			s.log.ErrorContext(ctx, "the audit trail cannot be written; it is tried again", "entries", len(batch), "error", err)
			select {
			case <-time.After(pause):
			case <-ctx.Done():
				s.last(ctx, batch)
				return
			}
		}
	}
}

// take returns some entries that wait.
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

// stop writes what is left; from now on entries are written by whoever has them.
func (s *Service) stop(ctx context.Context) error {
	stopped := make(chan struct{})
	go func() {
		// Whoever waits at a full queue holds the lock, and goes on as it empties.
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

// last writes entries when there is no later.
func (s *Service) last(ctx context.Context, batch []entry) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastPatience)
	defer cancel()
	if err := s.write(ctx, batch); err != nil {
		s.log.ErrorContext(ctx, "entries of the audit trail are lost", "entries", len(batch), "error", err)
	}
}

func newTrail() database.Ending { return new(trail) }
