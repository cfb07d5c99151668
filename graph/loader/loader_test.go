package loader_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/openhomeroom/homeroom/graph/loader"
)

func TestLoader(t *testing.T) {
	t.Parallel()
	t.Run("keys that are asked for together are read together, and each once", func(t *testing.T) {
		t.Parallel()
		var mu sync.Mutex
		asked := map[int]int{}
		l := loader.New(func(_ context.Context, keys []int) (map[int]string, error) {
			mu.Lock()
			defer mu.Unlock()
			values := map[int]string{}
			for _, k := range keys {
				asked[k]++
				values[k] = strings.Repeat("x", k)
			}
			delete(values, 3)
			return values, nil
		})
		var all sync.WaitGroup
		for _, k := range []int{1, 2, 3, 2, 1} {
			all.Go(func() {
				want := strings.Repeat("x", k)
				if k == 3 {
					want = "" // A missing value is the zero value.
				}
				if got, err := l.Load(t.Context(), k); got != want || err != nil {
					t.Errorf("%d: got %q, %v", k, got, err)
				}
			})
		}
		all.Wait()
		if len(asked) != 3 || asked[1] != 1 || asked[2] != 1 || asked[3] != 1 {
			t.Errorf("asked for %v", asked)
		}
	})
	for name, load := range map[string]func(ctx context.Context, l *loader.Loader[int, string]) error{
		"a panic is an error of whoever waits": func(ctx context.Context, l *loader.Loader[int, string]) error {
			_, err := l.Load(ctx, 1)
			return err
		},
		"a panic while keys are made known is one, too, and of whoever asks for them later": func(ctx context.Context,
			l *loader.Loader[int, string]) error {
			if err := l.Prime(ctx, []int{1}); err == nil {
				return nil
			}
			_, err := l.Load(ctx, 1)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := loader.New(func(context.Context, []int) (map[int]string, error) { panic("out of order") })
			if err := load(t.Context(), l); err == nil || !strings.Contains(err.Error(), "out of order") {
				t.Errorf("got %v", err)
			}
		})
	}
	t.Run("nobody waits for longer than the own request lives", func(t *testing.T) {
		t.Parallel()
		hangs, begun := make(chan struct{}), make(chan struct{})
		defer close(hangs)
		l := loader.New(func(context.Context, []int) (map[int]string, error) {
			close(begun)
			<-hangs
			return nil, nil
		})
		ctx, cancel := context.WithCancelCause(t.Context())
		gone := errors.New("the client has gone")
		go func() {
			<-begun
			cancel(gone)
		}()
		if _, err := l.Load(ctx, 1); !errors.Is(err, gone) {
			t.Errorf("got %v", err)
		}
	})
}
