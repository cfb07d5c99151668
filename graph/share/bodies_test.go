package share_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openhomeroom/homeroom/graph/share"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// TestDecodedBodiesWait takes room for what is decoded, of callers who may have a MiB each.
func TestDecodedBodiesWait(t *testing.T) {
	t.Parallel()
	const request, most = 64 << 10, 1 << 20
	caller := func(id int) context.Context {
		return viewer.NewContext(context.Background(), &viewer.Viewer{EducatorID: id})
	}
	t.Run("whoever has sent several at once waits for one of them to end", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			b := share.NewBodies(8*most, request, request, request, time.Hour)
			first, second, other := b.Room(caller(1)), b.Room(caller(1)), b.Room(caller(2))
			if err := first.Hold(t.Context(), 600<<10); err != nil {
				t.Fatal(err)
			}
			got := make(chan bool, 1)
			go func() { got <- second.Hold(context.Background(), 600<<10) == nil }()
			synctest.Wait()
			if len(got) != 0 {
				t.Error("the second one does not wait")
			}
			if err := other.Hold(t.Context(), 600<<10); err != nil {
				t.Errorf("somebody else: %v", err)
			}
			first.Leave()
			if !<-got {
				t.Error("there is no room when the first one has ended")
			}
		})
	})
	t.Run("what is decoded cuts off no body that arrives, as long as something ends", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			b := share.NewBodies(8*most, request, request, request, time.Hour)
			cut := false
			arriving, first, second := b.Room(caller(1)), b.Room(caller(1)), b.Room(caller(1))
			arriving.Arriving(500<<10, func() { cut = true })
			if err := arriving.Take(400 << 10); err != nil {
				t.Fatal(err)
			}
			if err := first.Hold(t.Context(), 500<<10); err != nil {
				t.Fatal(err)
			}
			got := make(chan bool, 1)
			go func() { got <- second.Hold(context.Background(), 500<<10) == nil }()
			synctest.Wait()
			first.Leave()
			if !<-got || cut {
				t.Errorf("the one that arrives is cut off: %t", cut)
			}
			if err := b.Room(caller(1)).Hold(context.Background(), 500<<10); err != nil || !cut {
				t.Errorf("an hour later: %v; the one that arrives is cut off: %t", err, cut)
			}
		})
	})
	t.Run("a body that finds no room waits as well", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			b := share.NewBodies(8*most, request, request, request, time.Hour)
			first, second := b.Room(caller(1)), b.Room(caller(1))
			if err := first.Hold(t.Context(), most-(8<<10)); err != nil {
				t.Fatal(err)
			}
			got := make(chan bool, 1)
			go func() { got <- second.Take(60<<10) == nil }()
			synctest.Wait()
			if len(got) != 0 {
				t.Error("it does not wait")
			}
			first.Leave()
			if !<-got {
				t.Error("there is no room when the first one has ended")
			}
		})
	})
	t.Run("nobody waits for ever", func(t *testing.T) {
		t.Parallel()
		b := share.NewBodies(8*most, request, request, request, time.Millisecond)
		if err := b.Room(caller(1)).Hold(t.Context(), 600<<10); err != nil {
			t.Fatal(err)
		}
		if err := b.Room(caller(1)).Hold(t.Context(), 600<<10); err == nil ||
			err.Extensions["code"] != share.TooManyRequests {
			t.Errorf("got %v", err)
		}
	})
	t.Run("the largest request always has room", func(t *testing.T) {
		t.Parallel()
		b := share.NewBodies(1, request, request, request, time.Millisecond)
		for _, ctx := range []context.Context{caller(1), context.Background()} {
			r := b.Room(ctx)
			if err := r.Take(request); err != nil {
				t.Error(err)
			}
			if err := r.Hold(t.Context(), 8*request); err != nil {
				t.Error(err)
			}
		}
	})
	t.Run("a stranger's short body cuts nobody off for what it decodes to", func(t *testing.T) {
		t.Parallel()
		b := share.NewBodies(8*most, request, 8<<10, request, time.Hour)
		slow, short := b.Room(context.Background()), b.Room(context.Background())
		cut := false
		slow.Arriving(64<<10, func() { cut = true })
		if err := slow.Take(64 << 10); err != nil {
			t.Fatal(err)
		}
		arrived := short.Arriving(4<<10, func() {})
		if err := short.Take(4 << 10); err != nil {
			t.Fatal(err)
		}
		arrived()
		if err := short.Hold(t.Context(), 120<<10); err == nil || cut {
			t.Errorf("got %v; the other one is cut off: %t", err, cut)
		}
	})
}
