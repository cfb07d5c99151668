package lease_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/lease"
)

// clock is a time that a test moves.
type clock struct{ at atomic.Int64 }

func (c *clock) Now() time.Time      { return fixture.Today.Add(time.Duration(c.at.Load())) }
func (c *clock) add(d time.Duration) { c.at.Add(int64(d)) }

func TestLease(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		ctx := context.Background()
		c := &clock{}
		k := lease.New(d, time.Minute, c.Now)
		claim := func(t *testing.T, due time.Time) *lease.Held {
			t.Helper()
			h, err := k.Claim(ctx, "work", due)
			if err != nil {
				t.Fatal(err)
			}
			return h
		}
		nothing := func(context.Context, *db.Client) error { return nil }
		t.Run("what nobody has done yet is not due at once", func(t *testing.T) {
			if claim(t, c.Now()) != nil {
				t.Error("it was claimed")
			}
		})
		c.add(time.Hour)
		t.Run("of many servers at the same moment one gets it", func(t *testing.T) {
			var all sync.WaitGroup
			var got atomic.Int64
			for range 8 {
				all.Go(func() {
					h, err := lease.New(d, time.Minute, c.Now).Claim(ctx, "work", c.Now())
					if err != nil {
						t.Error(err)
					}
					if h != nil {
						got.Add(1)
					}
				})
			}
			all.Wait()
			if got.Load() != 1 {
				t.Errorf("%d servers got it", got.Load())
			}
		})
		c.add(2 * time.Minute)
		t.Run("a dead server's work is taken over, and it writes nothing more", func(t *testing.T) {
			slow := claim(t, c.Now())
			if slow == nil || slow.Renew(ctx) != nil {
				t.Fatal("not claimed")
			}
			if claim(t, c.Now()) != nil {
				t.Error("two servers are at it")
			}
			c.add(2 * time.Minute)
			next := claim(t, c.Now())
			if next == nil {
				t.Fatal("not taken over")
			}
			if err := slow.InFence(ctx, nothing); !errors.Is(err, lease.ErrLost) {
				t.Errorf("the slow server wrote: %v", err)
			}
			if err := slow.Done(ctx); err != nil {
				t.Error(err)
			}
			if err := next.InFence(ctx, nothing); err != nil {
				t.Errorf("the slow server has ended what is no longer its own: %v", err)
			}
			if err := next.Release(ctx); err != nil {
				t.Error(err)
			}
		})
		t.Run("what was given back goes on at once, what was done waits until it is due again", func(t *testing.T) {
			h := claim(t, c.Now())
			if h == nil {
				t.Fatal("not claimed")
			}
			if err := h.Done(ctx); err != nil {
				t.Fatal(err)
			}
			if claim(t, c.Now()) != nil {
				t.Error("it was done twice")
			}
			if claim(t, c.Now().Add(time.Hour)) == nil {
				t.Error("it was not done again")
			}
		})
	})
}
