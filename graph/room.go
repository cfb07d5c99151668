package graph

import (
	"context"
	"sync"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"homeroom/graph/transport"
	"homeroom/internal/allowance"
	"homeroom/internal/viewer"
)

// Shares of the memory for bodies. Strangers together cannot take it away from those
// who have signed in, nor a single caller from the others.
const (
	callerShare   = 8
	strangersPart = 4
	networkShare  = 64
)

// leastRoom is what a request takes with its first byte, so that the number of
// requests is bounded as well, in bytes.
const leastRoom = 4 << 10

// bodies is the memory that may hold what callers send until it is answered.
type bodies struct {
	callers   *allowance.Allowance[callerID]
	strangers *allowance.Allowance[string]
}

func newBodies(l Limits) *bodies {
	// Whatever the setting, one request has room.
	all := max(l.BodyMemory, 2*l.RequestBytes)
	return &bodies{
		callers:   allowance.New[callerID](max(all/callerShare, l.RequestBytes+leastRoom), all-all/strangersPart),
		strangers: allowance.New[string](max(all/networkShare, 2*l.StrangerBytes), max(all/strangersPart, 2*l.StrangerBytes)),
	}
}

// room begins a request without anything in it.
func (b *bodies) room(ctx context.Context) transport.Room {
	if id, known := callerOf(viewer.FromContext(ctx)); known {
		return &room{
			take: func(n int64) error { return b.callers.Take(id, n) },
			give: func(n int64) { b.callers.Give(id, n) },
		}
	}
	network := viewer.OriginOf(ctx).Network()
	return &room{
		take: func(n int64) error { return b.strangers.Take(network, n) },
		give: func(n int64) { b.strangers.Give(network, n) },
	}
}

// room implements transport.Room.
type room struct {
	take func(n int64) error
	give func(n int64)

	mu         sync.Mutex
	held, used int64
}

// Take implements transport.Room. It takes in steps, so that a body that comes byte
// by byte does not lock for each.
func (r *room) Take(bytes int) *gqlerror.Error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.used += int64(bytes)
	need := (r.used + leastRoom - 1) / leastRoom * leastRoom
	if need <= r.held {
		return nil
	}
	if err := r.take(need - r.held); err != nil {
		return crowded(err, errTooManyBytes)
	}
	r.held = need
	return nil
}

// Leave implements transport.Room.
func (r *room) Leave() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.give(r.held)
	r.held, r.used = 0, 0
}
