package graph

import (
	"container/list"
	"sync"
)

// arrivals are the strangers who have started something and not finished it, by network,
// the oldest first. If a network has as many as it may, the oldest one makes room for the
// next. A real client is done in a moment. Otherwise somebody in a school who connects and
// sends nothing could lock out everybody else there.
type arrivals struct {
	mu       sync.Mutex
	networks map[string]*list.List
}

func newArrivals() *arrivals { return &arrivals{networks: map[string]*list.List{}} }

// add notes an arrival until it is over. cut is called, at most once, if it has to make
// room.
func (a *arrivals) add(network string, cut func()) (over func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	all := a.networks[network]
	if all == nil {
		all = list.New()
		a.networks[network] = all
	}
	e := all.PushBack(cut)
	return func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.remove(network, all, e)
	}
}

func (a *arrivals) remove(network string, all *list.List, e *list.Element) {
	all.Remove(e) // does nothing if it was removed
	if all.Len() == 0 && a.networks[network] == all {
		delete(a.networks, network)
	}
}

// makeRoom cuts off the oldest arrival of a network, and reports whether there was one.
func (a *arrivals) makeRoom(network string) bool {
	a.mu.Lock()
	all := a.networks[network]
	if all == nil {
		a.mu.Unlock()
		return false
	}
	first := all.Front()
	a.remove(network, all, first)
	a.mu.Unlock()
	first.Value.(func())()
	return true
}
