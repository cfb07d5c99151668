package graph

import (
	"container/list"
	"sync"
)

// arrivals are the strangers who have begun something and not finished it, by their
// networks, who came first in front. Where a network has as many as it may, the first
// one makes room for the next: who is in earnest is done in a moment, and somebody who
// sits in the same school and sends nothing would else keep all others there out.
type arrivals struct {
	mu       sync.Mutex
	networks map[string]*list.List
}

func newArrivals() *arrivals { return &arrivals{networks: map[string]*list.List{}} }

// add notes an arrival until it is over. cut is called, once at most, where it has to
// make room.
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
	all.Remove(e) // does nothing where it has been removed
	if all.Len() == 0 && a.networks[network] == all {
		delete(a.networks, network)
	}
}

// makeRoom cuts the first arrival of a network, and reports whether there was one.
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
