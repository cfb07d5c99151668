// Package loader reads rows for many fields of one answer with one statement. Loaders live
// as long as one operation. Each file has the loader of one key.
package loader

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

// wait is how long a loader collects keys. Lists announce their keys with Prime, so only
// unforeseen keys are collected.
const wait = time.Millisecond

// Loader reads values by key, each once. A key that fetch leaves out has the zero value.
type Loader[K comparable, V any] struct {
	fetch func(ctx context.Context, keys []K) (map[K]V, error)

	mu      sync.Mutex
	loaded  map[K]*batch[K, V]
	pending *batch[K, V]
}

// batch is one statement, sent or about to be sent.
type batch[K comparable, V any] struct {
	keys   []K
	done   chan struct{}
	values map[K]V
	err    error
}

// New returns a loader.
func New[K comparable, V any](fetch func(ctx context.Context, keys []K) (map[K]V, error)) *Loader[K, V] {
	return &Loader[K, V]{fetch: fetch, loaded: make(map[K]*batch[K, V])}
}

// Load returns the value of a key. If the key is not known, it waits a moment for other
// keys. It returns when ctx ends.
func (l *Loader[K, V]) Load(ctx context.Context, key K) (V, error) {
	l.mu.Lock()
	b, known := l.loaded[key]
	if !known {
		if l.pending == nil {
			l.pending = &batch[K, V]{done: make(chan struct{})}
			go l.sendLater(ctx, l.pending)
		}
		b = l.pending
		b.keys = append(b.keys, key)
		l.loaded[key] = b
	}
	l.mu.Unlock()
	select {
	case <-b.done:
		return b.values[key], b.err
	case <-ctx.Done():
		var none V
		return none, context.Cause(ctx)
	}
}

// Prime reads the unknown ones of some keys immediately.
func (l *Loader[K, V]) Prime(ctx context.Context, keys []K) error {
	b := &batch[K, V]{done: make(chan struct{})}
	l.mu.Lock()
	for _, key := range keys {
		if _, known := l.loaded[key]; !known {
			l.loaded[key] = b
			b.keys = append(b.keys, key)
		}
	}
	l.mu.Unlock()
	if len(b.keys) > 0 {
		b.send(ctx, l.fetch)
	}
	return b.err
}

// Set gives the loader the value of a key.
func (l *Loader[K, V]) Set(key K, value V) {
	b := &batch[K, V]{done: make(chan struct{}), values: map[K]V{key: value}}
	close(b.done)
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, known := l.loaded[key]; !known {
		l.loaded[key] = b
	}
}

func (l *Loader[K, V]) sendLater(ctx context.Context, b *batch[K, V]) {
	time.Sleep(wait)
	l.mu.Lock()
	l.pending = nil
	l.mu.Unlock()
	b.send(ctx, l.fetch)
}

// send runs the statement. A panic in it becomes an error of everybody who waits for it.
// In a goroutine of its own it would end the server, and without an error a key that was
// not read would look like one without a value.
func (b *batch[K, V]) send(ctx context.Context, fetch func(context.Context, []K) (map[K]V, error)) {
	defer close(b.done)
	defer func() {
		if p := recover(); p != nil {
			b.values, b.err = nil, fmt.Errorf("panic in a loader: %v\n%s", p, debug.Stack())
		}
	}()
	b.values, b.err = fetch(ctx, b.keys)
}
