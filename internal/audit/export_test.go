package audit

import (
	"context"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/database"
)

// Forget takes back what the transaction of ctx has recorded, for benchmarks of a
// change without its entry.
func Forget(ctx context.Context) {
	database.AtEnd(ctx, trailKey{}, newTrail).(*trail).entries = nil
}

// Discard lets entries that are handed over go nowhere, for benchmarks of reads
// without them.
func (s *Service) Discard() (stop func()) {
	s.running = true
	done := make(chan struct{})
	go func() {
		for {
			select {
			case <-s.queue:
			case <-s.full:
			case <-done:
				return
			}
		}
	}()
	return func() { close(done) }
}

// Write commits n entries of one kind, as the writer does.
func (s *Service) Write(ctx context.Context, e Event, n int) error {
	batch := make([]entry, n)
	for i := range batch {
		batch[i] = describe(ctx, e)
	}
	return s.write(ctx, batch)
}

// Link is the hash of an entry, for somebody who knows how it is made.
func Link(e *db.AuditEvent) string { return link(e) }

// DigestOf and DigestAll compute the digests of a detail and of all details of an entry.
func DigestOf(salt, body string) string          { return digestOf(salt, body) }
func DigestAll(details []*db.AuditDetail) string { return digestAll(details) }
