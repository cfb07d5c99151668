package share

import (
	"context"
	"errors"
	"sync"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/openhomeroom/homeroom/graph/transport"
	"github.com/openhomeroom/homeroom/internal/allowance"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Sockets is how many WebSockets a caller may have open, and how many all callers may. New
// and AllNew are how many may not have signed in yet, from one network and from all.
type Sockets struct{ Each, All, New, AllNew int }

// Places limits the open WebSockets: by network for clients that have not authenticated
// yet, and by caller and district for the others.
type Places struct {
	pool *allowance.Pool
	most Sockets
}

// NewPlaces returns the places of a server.
func NewPlaces(most Sockets) *Places { return &Places{pool: allowance.NewPool(), most: most} }

// Enter finds a place for a connection. A request that has shown a session takes one of
// its caller's places. For other requests, the connection makes room that has been silent
// for longest: in the same network or, if all places are taken, anywhere.
func (p *Places) Enter(ctx context.Context) (transport.Place, *gqlerror.Error) {
	place := &place{Places: p}
	network := viewer.OriginOf(ctx).Network()
	place.holder = p.pool.Enter(place.lose, networkLevels(network, int64(p.most.New), int64(p.most.AllNew))...)
	if _, known := CallerOf(viewer.FromContext(ctx)); known {
		if err := place.Stay(ctx); err != nil {
			place.Leave()
			return nil, err
		}
		return place, nil
	}
	if err := place.holder.Claim(1); err != nil {
		place.Leave()
		return nil, Refusal(err, errTooManyStrangers)
	}
	place.holder.Wait()
	return place, nil
}

// place is the place of one connection.
type place struct {
	*Places
	holder *allowance.Holder

	mu     sync.Mutex
	caller Caller
	// lost says that another connection has got the place. Then gone is called, in its own
	// goroutine.
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
	id, _ := CallerOf(v)
	p.mu.Lock()
	same := id == p.caller && !p.lost
	fresh := p.caller == Caller{}
	p.mu.Unlock()
	if same {
		return nil
	}
	// This may cut others off, so nothing is locked.
	p.holder.Rest()
	err := p.holder.Move(levelsOf(v, int64(p.most.Each), int64(p.most.All))...)
	if err == nil && fresh && p.holder.Holds() == 0 {
		err = p.holder.Claim(1)
	}
	switch {
	case errors.Is(err, allowance.ErrLost):
		return errDisplaced
	case err != nil:
		return Refusal(err, errTooManySockets)
	}
	// From now on, while no operation runs on it, it makes room for others of its caller,
	// and for those that its district keeps out.
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
