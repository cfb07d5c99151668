package database

import (
	"context"
	"sync/atomic"
)

// Made says whether a context has committed a change that is on record: a transaction that
// also did something at its end. Counting attempts, or noting that something is in use, is
// not such a change.
type Made struct{ made atomic.Bool }

// Any reports whether there was such a change.
func (m *Made) Any() bool { return m.made.Load() }

type madeKey struct{}

// WithMade returns a context in which changes are noticed. The code that answers a request
// needs to know, because a later failure does not undo a change.
func WithMade(ctx context.Context) (context.Context, *Made) {
	m := new(Made)
	return context.WithValue(ctx, madeKey{}, m), m
}

// WithoutMade returns a context whose changes are not noticed. It is for what is written
// besides the answer.
func WithoutMade(ctx context.Context) context.Context {
	return context.WithValue(ctx, madeKey{}, (*Made)(nil))
}

// noteMade is called after a commit.
func noteMade(ctx context.Context, ends *endings) {
	if m, _ := ctx.Value(madeKey{}).(*Made); m != nil && len(ends.order) > 0 {
		m.made.Store(true)
	}
}
