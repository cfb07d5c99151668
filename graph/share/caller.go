// Package share divides the room that the server has: among callers and districts, and
// among the networks of strangers. It holds the places of WebSockets, the memory of bodies,
// the bytes of files that arrive, and turns to do something.
package share

import (
	"context"
	"time"

	"github.com/openhomeroom/homeroom/internal/allowance"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Caller is a person or a service key.
type Caller struct{ educator, key int }

// CallerOf returns who a viewer is, and whether that is anybody in particular.
func CallerOf(v *viewer.Viewer) (id Caller, known bool) {
	if v == nil {
		return id, false
	}
	id.educator = v.EducatorID
	if v.Key != nil {
		id.key = v.Key.ID
	}
	return id, id != Caller{}
}

// districtID is a key of those who belong to a district, and everybody that of all.
type (
	districtID int
	everybody  struct{}
)

// levelsOf are the bounds of a caller. Somebody with many service keys is many callers,
// so that a district has no more than half of what all have, unless it is the only one.
func levelsOf(v *viewer.Viewer, each, all int64) []allowance.Level {
	id, _ := CallerOf(v)
	return []allowance.Level{
		{Key: id, Most: each},
		{Key: districtID(v.District()), Most: max(1, all/2), Alone: all},
		{Key: everybody{}, Most: all},
	}
}

// Gate lets each caller, each district and all do a thing a limited number of times at
// once.
type Gate struct {
	each, all int
	wait      time.Duration
	pool      *allowance.Pool
}

// NewGate returns a gate for each caller and for all, at which somebody waits for a while.
func NewGate(each, all int, wait time.Duration) *Gate {
	return &Gate{each: each, all: all, wait: wait, pool: allowance.NewPool()}
}

// Enter waits for a turn, but not for long. It returns false where none became free;
// otherwise leave gives the turn back. Nobody in particular needs no turn: all that a
// stranger can do is to sign in, which has a bound of its own.
func (g *Gate) Enter(ctx context.Context, v *viewer.Viewer) (leave func(), ok bool) {
	if _, known := CallerOf(v); !known {
		return func() {}, true
	}
	h := g.pool.Enter(nil, levelsOf(v, int64(g.each), int64(g.all))...)
	if h.Within(ctx, 1, g.wait) != nil {
		h.Leave()
		return nil, false
	}
	return h.Leave, true
}

// Take takes a turn at once, or says why there is none. It may last for hours, so that a
// district that is alone leaves a tenth for the next one.
func (g *Gate) Take(v *viewer.Viewer) (leave func(), err error) {
	levels := levelsOf(v, int64(g.each), int64(g.all))
	levels[1].Alone = max(levels[1].Most, levels[1].Alone-max(1, levels[1].Alone/10))
	h := g.pool.Enter(nil, levels...)
	if err := h.Take(1); err != nil {
		h.Leave()
		return nil, err
	}
	return h.Leave, nil
}
