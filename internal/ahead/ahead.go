// Package ahead makes values in the background while others are used.
package ahead

import (
	"context"
	"fmt"
	"iter"
	"runtime/debug"
)

// Run runs produce in the background and returns the values that it puts, in order,
// while produce already works on the next one. An error or a panic of produce comes at
// the end of the sequence. Leaving the loop stops produce and waits until it has
// ended.
func Run[T any](ctx context.Context, produce func(ctx context.Context, put func(T) bool) error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		results := make(chan T, 1)
		var failed error
		go func() {
			defer close(results)
			defer func() {
				if p := recover(); p != nil {
					failed = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
				}
			}()
			failed = produce(ctx, func(v T) bool {
				select {
				case results <- v:
					return true
				case <-ctx.Done():
					return false
				}
			})
			if failed == nil {
				failed = ctx.Err()
			}
		}()
		defer func() {
			cancel()
			for range results {
			}
		}()
		for v := range results {
			if !yield(v, nil) {
				return
			}
		}
		if failed != nil {
			var none T
			yield(none, failed)
		}
	}
}
