package audit

import (
	"context"
	"maps"
	"slices"
	"sync"
)

// Concerned collects the organizations that the entries of what is changed with a context
// are about: those where numbers may have changed.
type Concerned struct {
	mu  sync.Mutex
	ids map[int]bool
}

type concernedKey struct{}

// WithConcerned returns a context whose transactions tell c about their entries, once all
// of them are written.
func WithConcerned(ctx context.Context, c *Concerned) context.Context {
	return context.WithValue(ctx, concernedKey{}, c)
}

// ConcernedOf returns what WithConcerned put into a context, or nil.
func ConcernedOf(ctx context.Context) *Concerned {
	c, _ := ctx.Value(concernedKey{}).(*Concerned)
	return c
}

// Organizations are the keys of the organizations so far. The one of a district stands for
// the district and its schools.
func (c *Concerned) Organizations() []int {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Sorted(maps.Keys(c.ids))
}

func (c *Concerned) add(entries []entry) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ids == nil {
		c.ids = map[int]bool{}
	}
	for _, e := range entries {
		if e.OrganizationID != 0 {
			c.ids[e.OrganizationID] = true
		}
	}
}
