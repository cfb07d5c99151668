package database

import (
	"context"
	"sync"
	"time"
)

const (
	// probeEvery is how often the database is asked whether it can be written, as
	// long as somebody wants to know.
	probeEvery = 5 * time.Second
	// troubleLasts is for how long a transaction that failed counts. A small change
	// often succeeds where a large one finds no room.
	troubleLasts = 15 * time.Second
)

// readiness is what is known about whether a database can be written.
type readiness struct {
	mu sync.Mutex
	// probed is when the last probe began, running is closed when it ends, and found
	// is what the one before it found.
	probed  time.Time
	running chan struct{}
	found   Trouble
	// met is what a transaction met last, and when.
	met   Trouble
	metAt time.Time
}

// note remembers what a transaction ended with.
func (r *readiness) note(err error) {
	if t := TroubleOf(err); t == ReadOnly || t == Full {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.met, r.metAt = t, time.Now()
	}
}

// Writable returns what keeps the database from being written: ReadOnly, Full, or
// nothing. It asks rarely, by a change that changes nothing, and takes into account
// what transactions have met shortly before. A database that does not answer within
// the time of ctx, because somebody else writes, counts as it did before.
func (d *DB) Writable(ctx context.Context) Trouble {
	r := &d.readiness
	r.mu.Lock()
	if r.running == nil && time.Since(r.probed) >= probeEvery {
		done := make(chan struct{})
		r.probed, r.running = time.Now(), done
		go d.probe(context.WithoutCancel(ctx), done)
	}
	running := r.running
	r.mu.Unlock()
	if running != nil {
		select {
		case <-running:
		case <-ctx.Done():
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.found == None && r.met != None && time.Since(r.metAt) < troubleLasts {
		return r.met
	}
	return r.found
}

func (d *DB) probe(ctx context.Context, done chan struct{}) {
	ctx, cancel := context.WithTimeout(ctx, 4*probeEvery)
	defer cancel()
	conn := d.ready
	if d.writes != nil {
		conn = d.writes
	}
	// MySQL refuses it where it may not be carried out, and writes nothing, because
	// nothing changes. SQLite writes a page.
	_, err := conn.ExecContext(ctx, "UPDATE schema_revisions SET applied = applied")
	found := TroubleOf(err)
	if found != ReadOnly && found != Full {
		found = None // That it does not answer is seen by others.
	}
	r := &d.readiness
	r.mu.Lock()
	defer r.mu.Unlock()
	r.running, r.found = nil, found
	close(done)
}
