package database

import (
	"context"
	"sync/atomic"
)

// Made tells whether a change on record was made in a context: a transaction that
// committed together with what it does at its end. What counts attempts or notes that
// something is in use is none.
type Made struct{ made atomic.Bool }

// Any reports whether there was one.
func (m *Made) Any() bool { return m.made.Load() }

type madeKey struct{}

// WithMade returns a context in which changes are noticed. Whoever answers a request
// has to know: a change that is made is not undone by what fails behind it.
func WithMade(ctx context.Context) (context.Context, *Made) {
	m := new(Made)
	return context.WithValue(ctx, madeKey{}, m), m
}

// WithoutMade returns a context whose changes nobody notices, for what is written
// beside an answer.
func WithoutMade(ctx context.Context) context.Context {
	return context.WithValue(ctx, madeKey{}, (*Made)(nil))
}

// noteMade is told of a commit.
func noteMade(ctx context.Context, ends *endings) {
	if m, _ := ctx.Value(madeKey{}).(*Made); m != nil && len(ends.order) > 0 {
		m.made.Store(true)
	}
}
