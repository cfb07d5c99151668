// Package turn keeps work that can wait from using every core while people wait for
// answers. As long as there are no requests, the work has every core. Otherwise it leaves
// one core free, if there are at least two.
package turn

import (
	"context"
	"sync/atomic"
	"time"
)

// patience is how long after a request the work expects the next one.
const patience = time.Second

// Turns lets pieces of work take turns. A piece should take only some milliseconds,
// because a request may find all cores taken for that long.
type Turns struct {
	all, few chan struct{}
	asked    atomic.Int64
	now      func() time.Time
}

// New returns the Turns of a machine with a number of cores.
func New(cores int, now func() time.Time) *Turns {
	return &Turns{all: make(chan struct{}, cores), few: make(chan struct{}, max(1, cores-1)), now: now}
}

// Ask says that somebody waits for an answer.
func (t *Turns) Ask() { t.asked.Store(t.now().UnixNano()) }

// Take waits for a turn, and returns a function that ends it. It fails if ctx ends first.
func (t *Turns) Take(ctx context.Context) (end func(), err error) {
	places := []chan struct{}{t.all}
	if t.now().UnixNano()-t.asked.Load() < int64(patience) {
		places = append(places, t.few)
	}
	end = func() {
		for _, place := range places {
			<-place
		}
	}
	for i, place := range places {
		select {
		case place <- struct{}{}:
		case <-ctx.Done():
			places = places[:i]
			end()
			return nil, ctx.Err()
		}
	}
	return end, nil
}
