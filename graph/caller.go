package graph

import (
	"context"
	"sync"
	"time"

	"github.com/openhomeroom/homeroom/internal/viewer"
)

// gate lets each caller do something only a few times at once.
type gate struct {
	most int
	wait time.Duration

	mu      sync.Mutex
	callers map[callerID]*caller
}

// callerID is a person or a service key.
type callerID struct{ educator, key int }

type caller struct {
	slots chan struct{}
	// users counts who holds a slot or waits for one.
	users int
}

// callerOf returns who a viewer is. known is false if it is nobody in particular.
func callerOf(v *viewer.Viewer) (id callerID, known bool) {
	if v == nil {
		return id, false
	}
	id.educator = v.EducatorID
	if v.Key != nil {
		id.key = v.Key.ID
	}
	return id, id != callerID{}
}

func newGate(most int, wait time.Duration) *gate {
	return &gate{most: most, wait: wait, callers: map[callerID]*caller{}}
}

// enter waits a little for a slot. It returns false if none became free; otherwise leave
// gives the slot back. Nobody in particular needs no slot: a stranger can only sign in,
// which has limits of its own.
func (g *gate) enter(ctx context.Context, v *viewer.Viewer) (leave func(), ok bool) {
	id, known := callerOf(v)
	if !known {
		return func() {}, true
	}
	c := g.caller(id)
	select {
	case c.slots <- struct{}{}:
	default:
		late := time.NewTimer(g.wait)
		defer late.Stop()
		select {
		case c.slots <- struct{}{}:
		case <-late.C:
			g.forget(id, c)
			return nil, false
		case <-ctx.Done():
			g.forget(id, c)
			return nil, false
		}
	}
	return sync.OnceFunc(func() {
		<-c.slots
		g.forget(id, c)
	}), true
}

func (g *gate) caller(id callerID) *caller {
	g.mu.Lock()
	defer g.mu.Unlock()
	c := g.callers[id]
	if c == nil {
		c = &caller{slots: make(chan struct{}, g.most)}
		g.callers[id] = c
	}
	c.users++
	return c
}

func (g *gate) forget(id callerID, c *caller) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if c.users--; c.users == 0 {
		delete(g.callers, id)
	}
}
