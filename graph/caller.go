package graph

import (
	"context"
	"time"

	"github.com/openhomeroom/homeroom/internal/allowance"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// callerID is a person or a service key.
type callerID struct{ educator, key int }

// callerOf returns who a viewer is, and whether that is anybody in particular.
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

// districtID is a key of those who belong to a district, and everybody that of all.
type (
	districtID int
	everybody  struct{}
)

// levelsOf are the bounds of a caller. Somebody with many service keys is many callers,
// so that a district has no more than half of what all have, unless it is the only one.
func levelsOf(v *viewer.Viewer, each, all int64) []allowance.Level {
	id, _ := callerOf(v)
	return []allowance.Level{
		{Key: id, Most: each},
		{Key: districtID(v.District()), Most: max(1, all/2), Alone: all},
		{Key: everybody{}, Most: all},
	}
}

// gate lets each caller, each district and all do a thing a limited number of times at
// once.
type gate struct {
	each, all int
	wait      time.Duration
	pool      *allowance.Pool
}

func newGate(each, all int, wait time.Duration) *gate {
	return &gate{each: each, all: all, wait: wait, pool: allowance.NewPool()}
}

// enter waits for a turn, but not for long. It returns false where none became free;
// otherwise leave gives the turn back. Nobody in particular needs no turn: all that a
// stranger can do is to sign in, which has a bound of its own.
func (g *gate) enter(ctx context.Context, v *viewer.Viewer) (leave func(), ok bool) {
	if _, known := callerOf(v); !known {
		return func() {}, true
	}
	h := g.pool.Enter(nil, levelsOf(v, int64(g.each), int64(g.all))...)
	if h.Within(ctx, 1, g.wait) != nil {
		h.Leave()
		return nil, false
	}
	return h.Leave, true
}

// take takes a turn at once, or says why there is none. It may last for hours, so that a
// district that is alone leaves a tenth for the next one.
func (g *gate) take(v *viewer.Viewer) (leave func(), err error) {
	levels := levelsOf(v, int64(g.each), int64(g.all))
	levels[1].Alone = max(levels[1].Most, levels[1].Alone-max(1, levels[1].Alone/10))
	h := g.pool.Enter(nil, levels...)
	if err := h.Take(1); err != nil {
		h.Leave()
		return nil, err
	}
	return h.Leave, nil
}
