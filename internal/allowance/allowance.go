// Package allowance limits what callers hold at the same time: each caller alone, and all
// callers together. What they hold may be memory, connections or turns.
package allowance

import (
	"context"
	"errors"
	"sync"
	"time"
)

// The reasons to refuse.
var (
	// ErrEach is returned if the caller already holds too much.
	ErrEach = errors.New("the caller holds too much")
	// ErrAll is returned if all callers together already hold too much.
	ErrAll = errors.New("all callers together hold too much")
)

// Allowance is shared by callers, who are distinguished by a key.
type Allowance[K comparable] struct {
	each, all int64

	mu   sync.Mutex
	held map[K]int64
	sum  int64
	// given is closed when something is given back; it is nil if nobody waits.
	given chan struct{}
}

// New returns an allowance of which each caller holds at most each, and all of them
// at most all.
func New[K comparable](each, all int64) *Allowance[K] {
	return &Allowance[K]{each: each, all: all, held: map[K]int64{}}
}

// Take takes n for a caller, or takes nothing and returns the reason.
func (a *Allowance[K]) Take(who K, n int64) error {
	_, err := a.take(who, n, false)
	return err
}

// Wait is Take, except that it waits if too much is held, but no longer than patience
// or ctx allow.
func (a *Allowance[K]) Wait(ctx context.Context, who K, n int64, patience time.Duration) error {
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		given, err := a.take(who, n, true)
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

func (a *Allowance[K]) take(who K, n int64, wait bool) (given <-chan struct{}, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.held[who]+n > a.each:
		err = ErrEach
	case a.sum+n > a.all:
		err = ErrAll
	default:
		a.held[who] += n
		a.sum += n
		return nil, nil
	}
	if wait && a.given == nil {
		a.given = make(chan struct{})
	}
	return a.given, err
}

// Give gives back n that a caller has taken.
func (a *Allowance[K]) Give(who K, n int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sum -= n
	if a.held[who] -= n; a.held[who] <= 0 {
		delete(a.held, who)
	}
	if a.given != nil {
		close(a.given)
		a.given = nil
	}
}
