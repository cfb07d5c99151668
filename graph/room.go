package graph

import (
	"context"
	"errors"
	"sync"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/openhomeroom/homeroom/graph/transport"
	"github.com/openhomeroom/homeroom/internal/allowance"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Shares of the memory for bodies. All strangers together cannot take it away from people
// who have signed in, and one caller cannot take it away from the others.
const (
	callerShare   = 8
	strangersPart = 4
	networkShare  = 64
)

// leastRoom is what a request takes with its first byte, so that the number of requests is
// limited too, in bytes.
const leastRoom = 4 << 10

// bodies is the memory that holds what callers send until it is answered.
type bodies struct {
	callers   *allowance.Allowance[callerID]
	strangers *allowance.Allowance[string]
	arrivals  *arrivals
}

func newBodies(l Limits) *bodies {
	// Whatever the setting, there is room for one request.
	all := max(l.BodyMemory, 2*l.RequestBytes)
	return &bodies{
		callers:   allowance.New[callerID](max(all/callerShare, l.RequestBytes+leastRoom), all-all/strangersPart),
		strangers: allowance.New[string](max(all/networkShare, 2*l.StrangerBytes), max(all/strangersPart, 2*l.StrangerBytes)),
		arrivals:  newArrivals(),
	}
}

// room returns the room of a new request.
func (b *bodies) room(ctx context.Context) transport.Room {
	if id, known := callerOf(viewer.FromContext(ctx)); known {
		return &room{
			take: func(n int64) error { return b.callers.Take(id, n) },
			give: func(n int64) { b.callers.Give(id, n) },
		}
	}
	network := viewer.OriginOf(ctx).Network()
	r := &room{give: func(n int64) { b.strangers.Give(network, n) }}
	r.arriving = func(cut func()) (arrived func()) { return b.arrivals.add(network, cut) }
	r.take = func(n int64) error {
		for {
			err := b.strangers.Take(network, n)
			// A request as short as a sign-in may displace a slow one; it will have arrived
			// in a moment.
			if !errors.Is(err, allowance.ErrEach) || !r.short || !b.arrivals.makeRoom(network) {
				return err
			}
		}
	}
	return r
}

// room implements transport.Room.
type room struct {
	take     func(n int64) error
	give     func(n int64)
	arriving func(cut func()) (arrived func())
	// short is true if the request is as short as a sign-in.
	short bool

	mu         sync.Mutex
	held, used int64
	// arrived is true once the request has arrived, or can no longer be displaced. cut is
	// true if it was displaced.
	arrived, cut bool
}

// Take implements transport.Room. It takes room in steps, so that a body that comes byte
// by byte does not lock for each byte.
func (r *room) Take(bytes int) *gqlerror.Error {
	r.mu.Lock()
	r.used += int64(bytes)
	need := (r.used+leastRoom-1)/leastRoom*leastRoom - r.held
	cut := r.cut
	r.mu.Unlock()
	if cut {
		return errTooManyBytes
	}
	if need <= 0 {
		return nil
	}
	// Nothing is locked here, because taking room may displace other requests, and others
	// may displace this one.
	err := r.take(need)
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case err != nil:
		return crowded(err, errTooManyBytes)
	case r.cut:
		r.give(need)
		return errTooManyBytes
	}
	r.held += need
	return nil
}

// Arriving implements transport.Room.
func (r *room) Arriving(length int64, cut func()) (arrived func()) {
	if r.arriving == nil {
		return func() {}
	}
	r.short = length > 0 && length <= leastRoom
	over := r.arriving(func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.arrived {
			return
		}
		r.cut = true
		r.give(r.held)
		r.held = 0
		cut()
	})
	return func() {
		over()
		r.mu.Lock()
		defer r.mu.Unlock()
		r.arrived = true
	}
}

// Leave implements transport.Room.
func (r *room) Leave() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.give(r.held)
	r.held, r.used = 0, 0
}
