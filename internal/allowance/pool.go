package allowance

import (
	"container/list"
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// ErrLost is returned to a holder that has made room, or has left.
var ErrLost = errors.New("the caller has made room for others")

// ErrGroup is returned if a group of callers, such as a district, holds too much.
var ErrGroup = errors.New("the group of the caller holds too much")

// Level is one of the groups that a holder belongs to, from the narrowest, which is the
// caller, to the widest, which is all.
type Level struct {
	// Key tells groups apart, also those of different kinds.
	Key any
	// Most is how much the group may hold.
	Most int64
	// Alone is how much the group may hold as long as the pool has seen no other group of
	// its kind; 0 stands for Most. A server with only one district does not keep half for
	// others.
	Alone int64
}

// Pool is shared by holders who belong to several groups at once. A caller that asks
// for room may get the room of the holder that has been waiting for longest, for
// example for a client that sends or reads nothing.
type Pool struct {
	mu     sync.Mutex
	groups map[any]*group
	// seen holds the groups that share, by the position of their levels.
	seen map[int]map[any]bool
	// given is closed when something is given back; it is nil if nobody waits for it.
	given chan struct{}
}

type group struct {
	sum int64
	// holders is how many there are; waiting lists those who wait, the longest first.
	holders int
	waiting *list.List
}

// NewPool returns a pool without holders.
func NewPool() *Pool { return &Pool{groups: map[any]*group{}, seen: map[int]map[any]bool{}} }

// Enter returns a holder of nothing. If the holder has to make room, cut is called, at
// most once and with nothing locked; what it held has then been given back. cut is nil
// for a holder that never waits.
func (p *Pool) Enter(cut func(), levels ...Level) *Holder {
	p.mu.Lock()
	defer p.mu.Unlock()
	h := &Holder{pool: p, cut: cut}
	h.join(levels)
	return h
}

// Holder is one of those who share a pool.
type Holder struct {
	pool *Pool
	cut  func()

	levels []Level
	held   int64
	at     []*list.Element
	// busy says that it makes room only for holders that its own group keeps out.
	busy bool
	// lost says that it has made room, and gone that it has left.
	lost, gone bool
}

func (h *Holder) join(levels []Level) {
	h.levels, h.at = levels, make([]*list.Element, len(levels))
	for i, l := range levels {
		g := h.pool.groups[l.Key]
		if g == nil {
			g = &group{waiting: list.New()}
			h.pool.groups[l.Key] = g
		}
		g.holders++
		if l.Alone == 0 {
			continue
		}
		if h.pool.seen[i] == nil {
			h.pool.seen[i] = map[any]bool{}
		}
		h.pool.seen[i][l.Key] = true
	}
}

func (h *Holder) part() {
	h.rest()
	for _, l := range h.levels {
		g := h.pool.groups[l.Key]
		g.sum -= h.held
		if g.holders--; g.holders == 0 {
			delete(h.pool.groups, l.Key)
		}
	}
	h.levels, h.at, h.held = nil, nil, 0
	if h.pool.given != nil {
		close(h.pool.given)
		h.pool.given = nil
	}
}

// full returns the position of the narrowest level that has no room for n more, or -1.
func (h *Holder) full(n int64) int {
	for i, l := range h.levels {
		most := l.Most
		if l.Alone > 0 && len(h.pool.seen[i]) == 1 {
			most = l.Alone
		}
		if h.pool.groups[l.Key].sum+n > most {
			return i
		}
	}
	return -1
}

// Take takes n more, or takes nothing and returns the reason: ErrEach, ErrGroup, ErrAll or
// ErrLost.
func (h *Holder) Take(n int64) error {
	h.pool.mu.Lock()
	defer h.pool.mu.Unlock()
	return h.take(n)
}

func (h *Holder) take(n int64) error {
	if h.lost || h.gone {
		return ErrLost
	}
	switch at := h.full(n); {
	case at < 0:
		h.add(n)
		return nil
	case at == len(h.levels)-1:
		return ErrAll
	case at == 0:
		return ErrEach
	default:
		return ErrGroup
	}
}

func (h *Holder) add(n int64) {
	h.held += n
	for _, l := range h.levels {
		h.pool.groups[l.Key].sum += n
	}
}

// Claim is Take that lets other holders make room: those that have waited longest, of the
// narrowest group that is full. If the widest group is full, holders of the group that
// holds most come first, if it holds more than the group of the caller. If that group
// holds more than its share, even busy holders make room.
func (h *Holder) Claim(n int64) error {
	h.pool.mu.Lock()
	cut, err := h.claim(n)
	h.pool.mu.Unlock()
	for _, f := range cut {
		f()
	}
	return err
}

func (h *Holder) claim(n int64) (cut []func(), err error) {
	err = h.take(n)
	for ; err != nil && !h.lost && !h.gone; err = h.take(n) {
		at := h.full(n)
		var first *Holder
		if at == len(h.levels)-1 {
			first = h.largest()
		}
		if first == nil {
			first = h.pool.first(h.levels[at].Key, h)
		}
		if first == nil {
			break
		}
		cut = append(cut, first.cut)
		first.part()
		first.lost = true
	}
	return cut, err
}

// Within is Take that waits for others to leave, but no longer than patience or ctx allow.
func (h *Holder) Within(ctx context.Context, n int64, patience time.Duration) error {
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		h.pool.mu.Lock()
		err := h.take(n)
		if h.pool.given == nil {
			h.pool.given = make(chan struct{})
		}
		given := h.pool.given
		h.pool.mu.Unlock()
		if err == nil {
			return nil
		}
		select {
		case <-given:
		case <-late.C:
			return err
		case <-ctx.Done():
			return err
		}
	}
}

// largest returns the holder that has waited longest in the group that holds most, or a
// busy one if that group holds more than its share. It returns nil if the group of h holds
// as much.
func (h *Holder) largest() (found *Holder) {
	i := slices.IndexFunc(h.levels, func(l Level) bool { return l.Alone > 0 })
	if i < 0 {
		return nil
	}
	sum := func(x *Holder) int64 { return h.pool.groups[x.levels[i].Key].sum }
	most := sum(h)
	for e := h.pool.groups[h.levels[len(h.levels)-1].Key].waiting.Front(); e != nil; e = e.Next() {
		x := e.Value.(*Holder)
		switch held := sum(x); {
		case x.levels[i].Key == h.levels[i].Key, x.busy && held <= x.levels[i].Most:
		case held > most, held == most && found != nil && found.busy && !x.busy:
			found, most = x, held
		}
	}
	return found
}

// first returns the holder of a group that has waited longest, without except and busy
// ones.
func (p *Pool) first(key any, except *Holder) *Holder {
	for e := p.groups[key].waiting.Front(); e != nil; e = e.Next() {
		if h := e.Value.(*Holder); h != except && !h.busy {
			return h
		}
	}
	return nil
}

// Move moves a holder, with what it holds, to other groups. If there is no room, it
// changes nothing and returns the reason.
func (h *Holder) Move(levels ...Level) error {
	h.pool.mu.Lock()
	if h.lost || h.gone {
		h.pool.mu.Unlock()
		return ErrLost
	}
	waits, old, held := h.waits(), h.levels, h.held
	h.part()
	h.join(levels)
	cut, err := h.claim(held)
	if err != nil {
		h.part()
		h.join(old)
		h.add(held)
	}
	if waits {
		h.wait()
	}
	h.pool.mu.Unlock()
	for _, f := range cut {
		f()
	}
	return err
}

// Wait says that the holder waits from now on and may have to make room.
func (h *Holder) Wait() {
	h.pool.mu.Lock()
	defer h.pool.mu.Unlock()
	h.rest()
	h.wait()
}

// Rest says that the holder waits no longer.
func (h *Holder) Rest() {
	h.pool.mu.Lock()
	defer h.pool.mu.Unlock()
	h.rest()
}

// Busy says whether the waiting holder is doing something meanwhile. When it is done, it
// becomes the last one to make room.
func (h *Holder) Busy(busy bool) {
	h.pool.mu.Lock()
	defer h.pool.mu.Unlock()
	h.busy = busy
	h.rest()
	h.wait()
}

func (h *Holder) waits() bool { return len(h.at) > 0 && h.at[0] != nil }

func (h *Holder) wait() {
	if h.lost || h.gone || h.cut == nil {
		return
	}
	for i, l := range h.levels {
		h.at[i] = h.pool.groups[l.Key].waiting.PushBack(h)
	}
}

func (h *Holder) rest() {
	if !h.waits() {
		return
	}
	for i, l := range h.levels {
		h.pool.groups[l.Key].waiting.Remove(h.at[i])
		h.at[i] = nil
	}
}

// Holds returns how much the holder has.
func (h *Holder) Holds() int64 {
	h.pool.mu.Lock()
	defer h.pool.mu.Unlock()
	return h.held
}

// Leave gives everything back, permanently.
func (h *Holder) Leave() {
	h.pool.mu.Lock()
	defer h.pool.mu.Unlock()
	if !h.lost && !h.gone {
		h.part()
	}
	h.gone = true
}
