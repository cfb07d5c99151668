// Package share divides what the server has among callers, districts, and the networks of
// strangers: the places of WebSockets, the memory for bodies, the storage for arriving
// files, and turns to do something.
package share

import (
	"cmp"
	"context"
	"time"

	"github.com/openhomeroom/homeroom/internal/allowance"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// Caller is a person or a service key.
type Caller struct{ educator, key int }

// CallerOf returns the caller of a viewer, and whether there is one.
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

// districtID is the key of the callers of a district, and everybody the key of all
// callers.
type (
	districtID int
	everybody  struct{}
)

// levelsOf returns the limits of a caller. Somebody with many service keys counts as many
// callers, so a district gets no more than half of what all callers have, unless it is the
// only one.
func levelsOf(v *viewer.Viewer, each, all int64) []allowance.Level {
	id, _ := CallerOf(v)
	return []allowance.Level{
		{Key: id, Most: each},
		{Key: districtID(v.District()), Most: max(1, all/2), Alone: all},
		{Key: everybody{}, Most: all},
	}
}

// Gate limits how often each caller, each district and all callers do something at the
// same time.
type Gate struct {
	each, all int
	wait      time.Duration
	pool      *allowance.Pool
}

// NewGate returns a gate with limits for each caller and for all. Callers wait at it no
// longer than wait.
func NewGate(each, all int, wait time.Duration) *Gate {
	return &Gate{each: each, all: all, wait: wait, pool: allowance.NewPool()}
}

// Enter waits for a turn, but not for long. It returns false if none becomes free;
// otherwise leave gives the turn back. Without a caller it needs no turn: a stranger can
// only sign in, which has its own limit.
func (g *Gate) Enter(ctx context.Context, v *viewer.Viewer) (leave func(), ok bool) {
	leave, err := g.Turn(ctx, v)
	return leave, err == nil
}

// Turn is Enter with the reason why there is no turn: the end of ctx, or whose turns are
// taken.
func (g *Gate) Turn(ctx context.Context, v *viewer.Viewer) (leave func(), err error) {
	if _, known := CallerOf(v); !known {
		return func() {}, nil
	}
	h := g.pool.Enter(nil, levelsOf(v, int64(g.each), int64(g.all))...)
	if err := h.Within(ctx, 1, g.wait); err != nil {
		h.Leave()
		return nil, cmp.Or(ctx.Err(), err)
	}
	return h.Leave, nil
}

// Take takes a turn at once, or returns why there is none. The turn may last for hours, so
// a district that is alone leaves a tenth for the next one.
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
