package allowance_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/internal/allowance"
)

func TestAllowance(t *testing.T) {
	t.Parallel()
	a := allowance.New[string](3, 5)
	take := func(who string, n int64, want error) {
		t.Helper()
		if err := a.Take(who, n); !errors.Is(err, want) {
			t.Errorf("%s takes %d: got %v, want %v", who, n, err, want)
		}
	}
	take("Ada", 2, nil)
	take("Ada", 2, allowance.ErrEach)
	take("Ada", 1, nil)
	take("Bob", 2, nil)
	take("Cleo", 1, allowance.ErrAll)
	a.Give("Ada", 1)
	take("Cleo", 1, nil)
	take("Cleo", 1, allowance.ErrAll)
	a.Give("Ada", 2)
	take("Cleo", 3, allowance.ErrEach)
	take("Cleo", 2, nil)
}

func TestWaiting(t *testing.T) {
	t.Parallel()
	a := allowance.New[string](1, 1)
	if err := a.Take("Ada", 1); err != nil {
		t.Fatal(err)
	}
	if err := a.Wait(t.Context(), "Bob", 1, time.Millisecond); !errors.Is(err, allowance.ErrAll) {
		t.Errorf("a wait that is over: got %v", err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := a.Wait(gone, "Ada", 1, time.Hour); !errors.Is(err, allowance.ErrEach) {
		t.Errorf("a caller who has gone away: got %v", err)
	}
	// Many wait; each gets it in the end, one after the other.
	got := make(chan error)
	for range 20 {
		go func() { got <- a.Wait(context.Background(), "Bob", 1, time.Hour) }()
	}
	holder := "Ada"
	for range 20 {
		a.Give(holder, 1)
		holder = "Bob"
		if err := <-got; err != nil {
			t.Fatal(err)
		}
	}
}
