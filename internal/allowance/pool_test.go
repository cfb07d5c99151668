package allowance_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/internal/allowance"
)

// caller and district are keys of levels; they differ even if their numbers are equal.
type (
	caller   int
	district int
)

// levels are the levels of a caller who may hold 4, in a district that may hold half of 8
// if it is not the only one.
func levels(who caller, of district) []allowance.Level {
	return []allowance.Level{{Key: who, Most: 4}, {Key: of, Most: 4, Alone: 8}, {Key: "all", Most: 8}}
}

func TestAPoolIsShared(t *testing.T) {
	t.Parallel()
	take := func(t *testing.T, h *allowance.Holder, n int64, want error) {
		t.Helper()
		if err := h.Take(n); !errors.Is(err, want) {
			t.Errorf("taking %d: got %v, want %v", n, err, want)
		}
	}
	t.Run("a district has all of it alone, and half of it where there is another", func(t *testing.T) {
		t.Parallel()
		p := allowance.NewPool()
		one, two, three := p.Enter(nil, levels(1, 1)...), p.Enter(nil, levels(2, 1)...), p.Enter(nil, levels(3, 1)...)
		take(t, one, 5, allowance.ErrEach)
		take(t, one, 4, nil)
		take(t, two, 4, nil)
		take(t, three, 1, allowance.ErrGroup)
		two.Leave()
		take(t, three, 3, nil)
		other := p.Enter(nil, levels(4, 2)...)
		take(t, three, 1, allowance.ErrGroup)
		take(t, other, 1, nil)
		one.Leave()
		take(t, three, 1, nil)
		take(t, three, 1, allowance.ErrEach)
		// What a district has been seen to need is kept for it.
		other.Leave()
		take(t, p.Enter(nil, levels(5, 1)...), 1, allowance.ErrGroup)
	})
	t.Run("who has left takes nothing", func(t *testing.T) {
		t.Parallel()
		h := allowance.NewPool().Enter(nil, levels(1, 1)...)
		take(t, h, 1, nil)
		h.Leave()
		h.Leave()
		take(t, h, 1, allowance.ErrLost)
	})
	t.Run("who waits for room gets it when it is given back", func(t *testing.T) {
		t.Parallel()
		p := allowance.NewPool()
		one, two := p.Enter(nil, levels(1, 1)...), p.Enter(nil, levels(1, 1)...)
		take(t, one, 4, nil)
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if err := two.Within(gone, 1, time.Hour); !errors.Is(err, allowance.ErrEach) {
			t.Errorf("a caller who has gone away: got %v", err)
		}
		if err := two.Within(t.Context(), 1, time.Millisecond); !errors.Is(err, allowance.ErrEach) {
			t.Errorf("a wait that is over: got %v", err)
		}
		got := make(chan error)
		go func() { got <- two.Within(context.Background(), 1, time.Hour) }()
		one.Leave()
		if err := <-got; err != nil {
			t.Error(err)
		}
	})
}

func TestWhoHasWaitedLongestMakesRoom(t *testing.T) {
	t.Parallel()
	p := allowance.NewPool()
	var cut []string
	enter := func(name string, who caller, of district, n int64) *allowance.Holder {
		h := p.Enter(func() { cut = append(cut, name) }, levels(who, of)...)
		if err := h.Claim(n); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		return h
	}
	expect := func(what string, want ...string) {
		t.Helper()
		if len(cut) != len(want) {
			t.Errorf("%s: %v make room, want %v", what, cut, want)
			return
		}
		for i := range want {
			if cut[i] != want[i] {
				t.Errorf("%s: %v make room, want %v", what, cut, want)
			}
		}
		cut = nil
	}
	a, b := enter("a", 1, 1, 2), enter("b", 1, 1, 2)
	c, d := enter("c", 2, 2, 2), enter("d", 3, 2, 2)
	if err := p.Enter(nil, levels(1, 1)...).Claim(1); !errors.Is(err, allowance.ErrEach) {
		t.Errorf("nobody waits: got %v", err)
	}
	c.Wait()
	b.Wait()
	a.Wait()
	d.Wait()
	d.Rest()
	e := enter("e", 1, 1, 2)
	expect("of a caller", "b")
	if err := b.Take(1); !errors.Is(err, allowance.ErrLost) {
		t.Errorf("who has made room takes some: %v", err)
	}
	e.Wait()
	a.Wait() // It has moved on, and is the last one again.
	f := enter("f", 4, 1, 2)
	expect("of a district", "e")
	enter("g", 5, 3, 1)
	expect("of all", "c")
	g := enter("h", 5, 3, 1)
	expect("where there is room")
	if err := a.Claim(1); err == nil {
		t.Error("somebody makes room for itself")
	}
	expect("for itself")

	// Somebody who has signed in belongs to other groups from then on.
	if err := a.Move(levels(6, 9)...); err != nil {
		t.Errorf("to another caller: %v", err)
	}
	expect("where one of the same pool moves")
	g.Leave()
	enter("i", 6, 9, 3)
	expect("where the other one has moved and waits on", "a")
	if err := d.Move(levels(6, 9)...); !errors.Is(err, allowance.ErrEach) {
		t.Errorf("to a caller who has all: got %v", err)
	}
	d.Wait()
	f.Leave()
	if err := p.Enter(nil, levels(3, 2)...).Claim(3); err != nil {
		t.Error(err)
	}
	expect("where it has stayed what it was", "d")
}
