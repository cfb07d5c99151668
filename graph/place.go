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
// yet, and by caller and district for the others.
type places struct {
	pool *allowance.Pool
	Limits
}

func newPlaces(l Limits) *places { return &places{pool: allowance.NewPool(), Limits: l} }

// enter finds a place for a connection. A request that has shown a session already
// takes one of its caller. Others have the one make room that has said nothing for
// longest, in their network or, where all are full, anywhere.
func (p *places) enter(ctx context.Context) (transport.Place, *gqlerror.Error) {
	place := &place{places: p}
	network := viewer.OriginOf(ctx).Network()
	place.holder = p.pool.Enter(place.lose, networkLevels(network, int64(p.NewSockets), int64(p.AllNewSockets))...)
	if _, known := callerOf(viewer.FromContext(ctx)); known {
		if err := place.Stay(ctx); err != nil {
			place.Leave()
			return nil, err
		}
		return place, nil
	}
	if err := place.holder.Claim(1); err != nil {
		place.Leave()
		return nil, crowded(err, errTooManyStrangers)
	}
	place.holder.Wait()
	return place, nil
}

// place is the place of one connection.
type place struct {
	*places
	holder *allowance.Holder

	mu     sync.Mutex
	caller callerID
	// lost is set where another one has got the place, which gone is told, in a goroutine
	// of its own.
	lost bool
	gone func()
}

// lose makes room for another connection.
func (p *place) lose() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lost = true
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
	v := viewer.FromContext(ctx)
	id, _ := callerOf(v)
	p.mu.Lock()
	same := id == p.caller && !p.lost
	fresh := p.caller == callerID{}
	p.mu.Unlock()
	if same {
		return nil
	}
	// Others may be told to go, so nothing is locked.
	p.holder.Rest()
	err := p.holder.Move(levelsOf(v, int64(p.Sockets), int64(p.AllSockets))...)
	if err == nil && fresh && p.holder.Holds() == 0 {
		err = p.holder.Claim(1)
	}
	switch {
	case errors.Is(err, allowance.ErrLost):
		return errDisplaced
	case err != nil:
		return crowded(err, errTooManySockets)
	}
	// From now on it makes room for others of its caller while it has no operation, and for
	// those whom its district keeps out.
	p.holder.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.caller = id
	return nil
}

// Busy implements transport.Place.
func (p *place) Busy(busy bool) { p.holder.Busy(busy) }

// Leave implements transport.Place.
func (p *place) Leave() { p.holder.Leave() }

// crowdedSeconds is when to try again after a refusal for lack of room.
const crowdedSeconds = 5

// crowded is the error for a caller whom an allowance has refused.
func crowded(err error, own *gqlerror.Error) *gqlerror.Error {
	switch {
	case errors.Is(err, allowance.ErrAll):
		return errBusy
	case errors.Is(err, allowance.ErrGroup):
		return errDistrictBusy
	default:
		return own
	}
}

func retryLater(code, message string) *gqlerror.Error {
	e := transport.Errorf(code, "%s", message)
	e.Extensions[transport.RetryAfterSeconds] = crowdedSeconds
	return e
}

var (
	errTooManyStrangers = retryLater(tooManyRequests,
		"Too many connections from your network have not signed in yet; try again in a moment.")
	errDisplaced      = retryLater(tooManyRequests, "Others on your network are connecting; try again in a moment.")
	errTooManySockets = retryLater(tooManyRequests, "You have too many connections in use; close other windows.")
	errTooManyBytes   = retryLater(tooManyRequests,
		"You are sending too much at the same time; wait for some of it to arrive.")
	errTooManyRequests = retryLater(tooManyRequests,
		"You or your district have too many requests running; wait for some to end.")
	errDistrictBusy = retryLater(tooManyRequests, "Your district is doing too much at the same time; try again in a "+
		"moment.")
	errBusy = retryLater("UNAVAILABLE", "The server is busy with other callers; try again in a moment.")
)
