package turn_test

import (
	"context"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/internal/turn"
)

func TestTurns(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		cores int
		asked time.Duration // Before the turns are taken; 0 for never.
		want  int
	}{
		"nobody asks, and the work has every core":         {4, 0, 4},
		"somebody asks, and the work leaves one core":      {4, time.Millisecond, 3},
		"somebody has asked, but some time ago":            {4, 2 * time.Second, 4},
		"with two cores one is left":                       {2, time.Millisecond, 1},
		"with one core the work goes on, and people share": {1, time.Millisecond, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := start
			turns := turn.New(test.cores, func() time.Time { return now })
			if test.asked > 0 {
				turns.Ask()
			}
			now = now.Add(test.asked)
			var ends []func()
			for range test.want {
				end, err := turns.Take(context.Background())
				if err != nil {
					t.Fatal(err)
				}
				ends = append(ends, end)
			}
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
			defer cancel()
			if _, err := turns.Take(ctx); err == nil {
				t.Fatalf("more than %d turns at a time", test.want)
			}
			ends[0]()
			if _, err := turns.Take(context.Background()); err != nil {
				t.Fatal(err)
			}
		})
	}
}
