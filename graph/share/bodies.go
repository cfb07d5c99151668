package share

import (
	"context"
	"sync"
	"time"

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
// limited too.
const leastRoom = 4 << 10

// Bodies is the memory that holds what callers send, and what it takes after decoding,
// until it is answered.
type Bodies struct {
	pool                     *allowance.Pool
	each, all                int64
	eachNetwork, allNetworks int64
	// wait is how long a caller waits for room for what is decoded.
	wait time.Duration
}

// NewBodies returns memory for bodies, in bytes. request and stranger are the largest
// bodies of callers who have signed in and of others, and variables the longest variables.
func NewBodies(memory, request, stranger, variables int64, wait time.Duration) *Bodies {
	// Whatever the setting, there is room for one request.
	request += transport.MostDecoded(min(variables, request))
	stranger += transport.MostDecoded(min(variables, stranger))
	all := max(memory, 2*request)
	return &Bodies{
		pool: allowance.NewPool(),
		each: max(all/callerShare, request+leastRoom), all: all - all/strangersPart,
		eachNetwork: max(all/networkShare, 2*stranger), allNetworks: max(all/strangersPart, 2*stranger), wait: wait,
	}
}

// Room returns the room of a new request.
func (b *Bodies) Room(ctx context.Context) transport.Room {
	r := &room{wait: b.wait}
	v := viewer.FromContext(ctx)
	if _, r.known = CallerOf(v); r.known {
		r.holder = b.pool.Enter(r.lose, levelsOf(v, b.each, b.all)...)
	} else {
		r.holder = b.pool.Enter(r.lose, networkLevels(viewer.OriginOf(ctx).Network(), b.eachNetwork, b.allNetworks)...)
	}
	return r
}

// networkLevels returns the limits for strangers from one network, and for all strangers.
func networkLevels(network string, each, all int64) []allowance.Level {
	type strangers struct{}
	return []allowance.Level{{Key: network, Most: each}, {Key: strangers{}, Most: all}}
}

// room implements transport.Room.
type room struct {
	holder *allowance.Holder
	// known says that the caller has signed in, and short that the body is short.
	known, short bool
	wait         time.Duration

	mu         sync.Mutex
	held, used int64
	// stop cuts the body off.
	stop    func()
	arrived bool
}

// Take implements transport.Room. It takes room in steps, so that a body that arrives byte
// by byte does not lock for each byte.
func (r *room) Take(bytes int) *gqlerror.Error {
	return r.grow(int64(bytes), func(need int64) error {
		// A body as short as a sign-in, and a body from a caller who has signed in, always
		// finds room: bodies that have begun and do not continue make room for it.
		switch {
		case r.known:
			err := r.holder.Claim(need)
			if err != nil && r.wait > 0 {
				err = r.holder.Within(context.Background(), need, r.wait)
			}
			return err
		case r.short:
			return r.holder.Claim(need)
		default:
			return r.holder.Take(need)
		}
	})
}

// Hold implements transport.Room. What is short may take much after decoding, so it does
// not cut others off for that unless its caller has signed in.
func (r *room) Hold(ctx context.Context, bytes int64) *gqlerror.Error {
	return r.grow(bytes, func(need int64) error {
		if !r.known {
			return r.holder.Take(need)
		}
		// Bodies that arrive are cut off only if nothing else ends in time.
		err := r.holder.Within(ctx, need, r.wait)
		if err != nil && ctx.Err() == nil {
			err = r.holder.Claim(need)
		}
		return err
	})
}

// grow takes what some more bytes need.
func (r *room) grow(bytes int64, take func(need int64) error) *gqlerror.Error {
	r.mu.Lock()
	r.used += bytes
	need := (r.used+leastRoom-1)/leastRoom*leastRoom - r.held
	moving := r.known && r.stop != nil && !r.arrived
	r.mu.Unlock()
	if need <= 0 {
		return nil
	}
	// This may cut others off, and others may cut this one off, so nothing is locked.
	if err := take(need); err != nil {
		return Refusal(err, errTooManyBytes)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.held += need
	if moving {
		// A stranger who sends a little now and then does not go to the end of the line
		// again.
		r.holder.Wait()
	}
	return nil
}

// Arriving implements transport.Room.
func (r *room) Arriving(length int64, cut func()) (arrived func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.short = length > 0 && length <= leastRoom
	r.stop = cut
	r.holder.Wait()
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.arrived = true
		r.holder.Rest()
	}
}

// lose is called when the room goes to others.
func (r *room) lose() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.arrived {
		r.stop()
	}
}

// Leave implements transport.Room.
func (r *room) Leave() { r.holder.Leave() }
