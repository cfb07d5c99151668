package graph

import (
	"context"
	"errors"
	"sync"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"homeroom/graph/transport"
	"homeroom/internal/allowance"
	"homeroom/internal/viewer"
)

// places are the WebSockets that may be open: those of clients that have not said
// yet who they are, by the network that they come from, and those of callers.
type places struct {
	strangers *allowance.Allowance[string]
	callers   *allowance.Allowance[callerID]
}

func newPlaces(l Limits) *places {
	return &places{
		strangers: allowance.New[string](int64(l.NewSockets), int64(l.AllNewSockets)),
		callers:   allowance.New[callerID](int64(l.Sockets), int64(l.AllSockets)),
	}
}

// enter finds a place for a connection. A request that has shown a session already
// takes one of its caller.
func (p *places) enter(ctx context.Context) (transport.Place, *gqlerror.Error) {
	if _, known := callerOf(viewer.FromContext(ctx)); known {
		place := &place{places: p, leave: func() {}}
		return place, place.Stay(ctx)
	}
	network := viewer.OriginOf(ctx).Network()
	if err := p.strangers.Take(network, 1); err != nil {
		return nil, crowded(err, errTooManyStrangers)
	}
	return &place{places: p, leave: func() { p.strangers.Give(network, 1) }}, nil
}

// place is that of one connection.
type place struct {
	*places

	mu     sync.Mutex
	caller callerID
	leave  func()
}

// Stay implements transport.Place.
func (p *place) Stay(ctx context.Context) *gqlerror.Error {
	p.mu.Lock()
	defer p.mu.Unlock()
	id, _ := callerOf(viewer.FromContext(ctx))
	if id == p.caller {
		return nil
	}
	if err := p.callers.Take(id, 1); err != nil {
		return crowded(err, errTooManySockets)
	}
	p.leave()
	p.caller, p.leave = id, func() { p.callers.Give(id, 1) }
	return nil
}

// Leave implements transport.Place.
func (p *place) Leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.leave()
	p.leave = func() {}
}

// crowdedSeconds is when somebody may try again who was refused because others, or
// the own requests, take all the room there is.
const crowdedSeconds = 5

// crowded is what a caller is told who gets nothing of an allowance.
func crowded(err error, own *gqlerror.Error) *gqlerror.Error {
	if errors.Is(err, allowance.ErrEach) {
		return own
	}
	return errBusy
}

func retryLater(code, message string) *gqlerror.Error {
	e := transport.Errorf(code, "%s", message)
	e.Extensions[transport.RetryAfterSeconds] = crowdedSeconds
	return e
}

var (
	errTooManyStrangers = retryLater(tooManyRequests, "Too many connections from your network have not signed in yet; try again in a moment.")
	errTooManySockets   = retryLater(tooManyRequests, "Too many connections of yours are open; close some of them.")
	errTooManyBytes     = retryLater(tooManyRequests, "Too much of what you send is arriving at the same time; wait for some of it to end.")
	errBusy             = retryLater("UNAVAILABLE", "The server is busy with others; try again in a moment.")
)
