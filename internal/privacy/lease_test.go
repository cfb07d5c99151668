package privacy_test

import (
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/lease"
	"github.com/openhomeroom/homeroom/internal/privacy"
)

func TestAPurgeWaitsForTheLeaseOfOneThatWasKilled(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.leavers(3)
		w.clock.days(91)
		// The clock stands still until it has been read some times, and then the lease is
		// over.
		var looks atomic.Int64
		now := func() time.Time {
			if looks.Add(1) < 12 {
				return w.clock.Now()
			}
			return w.clock.Now().Add(time.Hour)
		}
		keeper := lease.New(w.DB, 2*time.Minute, w.clock.Now)
		// What nobody has ever done is not due before it is asked for again.
		if _, err := keeper.Claim(t.Context(), "purge", w.clock.Now()); err != nil {
			t.Fatal(err)
		}
		dead, err := keeper.Claim(t.Context(), "purge", w.clock.Now().Add(time.Hour))
		if err != nil || dead == nil {
			t.Fatalf("not claimed: %v", err)
		}
		s := privacy.New(w.DB, privacy.Options{Importer: w.importer, Now: now, Log: slog.New(slog.DiscardHandler)})
		purged, err := s.Purge(t.Context())
		if err != nil || len(purged) != 1 || purged[0].Students != 3 {
			t.Errorf("purged %+v, %v", purged, err)
		}
		if left := w.Client().Student.Query().CountX(fixture.System()); left != 0 {
			t.Errorf("%d students are left", left)
		}
		if looks.Load() < 12 {
			t.Error("it did not wait")
		}
	})
}
