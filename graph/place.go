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

// places limits the open WebSockets: by network for clients that have not authenticated
// yet, and by caller for the others.
type places struct {
	strangers *allowance.Allowance[string]
	callers   *allowance.Allowance[callerID]
	arrivals  *arrivals
}

func newPlaces(l Limits) *places {
	return &places{
		strangers: allowance.New[string](int64(l.NewSockets), int64(l.AllNewSockets)),
		callers:   allowance.New[callerID](int64(l.Sockets), int64(l.AllSockets)),
		arrivals:  newArrivals(),
	}
}

// enter finds a place for a connection. A request that comes with a session takes one of
// its caller's places.
func (p *places) enter(ctx context.Context) (transport.Place, *gqlerror.Error) {
	if _, known := callerOf(viewer.FromContext(ctx)); known {
		place := &place{places: p, leave: func() {}}
		return place, place.Stay(ctx)
	}
	network := viewer.OriginOf(ctx).Network()
	for {
		err := p.strangers.Take(network, 1)
		if err == nil {
			break
		}
		if !errors.Is(err, allowance.ErrEach) || !p.arrivals.makeRoom(network) {
			return nil, crowded(err, errTooManyStrangers)
		}
	}
	place := &place{places: p}
	over := p.arrivals.add(network, place.lose)
	place.leave = func() {
		over()
		p.strangers.Give(network, 1)
	}
	return place, nil
}

// place is the place of one connection.
type place struct {
	*places

	mu     sync.Mutex
	caller callerID
	leave  func()
	// lost is true if another connection has taken the place. gone is then called, in a
	// goroutine of its own.
	lost bool
	gone func()
}

// lose gives the place to another connection, unless the caller has signed in.
func (p *place) lose() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lost || p.caller != (callerID{}) {
		return
	}
	p.leave()
	p.leave, p.lost = func() {}, true
	if p.gone != nil {
		go p.gone()
	}
}

// Lost implements transport.Place.
func (p *place) Lost(gone func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.gone = gone
	if p.lost {
		go gone()
	}
}

// Stay implements transport.Place.
func (p *place) Stay(ctx context.Context) *gqlerror.Error {
	p.mu.Lock()
	defer p.mu.Unlock()
	id, _ := callerOf(viewer.FromContext(ctx))
	if p.lost {
		return errDisplaced
	}
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

// crowdedSeconds is when to try again after a refusal for lack of room.
const crowdedSeconds = 5

// crowded is the error for a caller whom an allowance has refused.
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
	errTooManyStrangers = retryLater(tooManyRequests,
		"Too many connections from your network have not signed in yet; try again in a moment.")
	errDisplaced      = retryLater(tooManyRequests, "Others from your network are connecting; try again in a moment.")
	errTooManySockets = retryLater(tooManyRequests, "Too many connections of yours are open; close some of them.")
	errTooManyBytes   = retryLater(tooManyRequests,
		"Too much of what you send is arriving at the same time; wait for some of it to end.")
	errTooManyRequests = retryLater(tooManyRequests,
		"Too many requests of yours, or of your district, are being answered; wait for some to end.")
	errBusy = retryLater("UNAVAILABLE", "The server is busy with others; try again in a moment.")
)
