package audit_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// clock is one that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.now }

func (c *clock) pass(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.now = c.now.Add(d) }

func TestWriter(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := fixture.New(t, d)
		c := &clock{now: fixture.Today}
		read := audit.Event{Action: audit.StudentsRead, DistrictID: w.Alpha.ID, OrganizationID: w.Alpha.ID}

		t.Run("every entry of many readers is there when the writer has ended", func(t *testing.T) {
			s := audit.New(d, c.Now, slog.New(slog.DiscardHandler))
			ctx, stop := context.WithCancel(context.Background())
			defer stop()
			ended := make(chan struct{})
			go func() { _ = s.Run(ctx); close(ended) }()
			var all sync.WaitGroup
			const readers, each = 8, 500 // more than the queue holds
			for range readers {
				all.Go(func() {
					for i := range each {
						if i == each/2 {
							stop() // while others read on
						}
						if err := s.Read(w.As(t, w.DistrictAdmin), read); err != nil {
							t.Error(err)
						}
					}
				})
			}
			all.Wait()
			<-ended
			if v := verify(t, d, w.Alpha.ID, ""); v.Damage != nil || v.Entries != readers*each {
				t.Errorf("%d entries, %+v; want %d", v.Entries, v.Damage, readers*each)
			}
		})
		t.Run("a flood of refusals leaves one entry and a count for each minute", func(t *testing.T) {
			s := audit.New(d, c.Now, slog.New(slog.DiscardHandler))
			from := func(address string) context.Context {
				return viewer.WithOrigin(viewer.NewContext(context.Background(), &viewer.Viewer{}),
					viewer.Origin{Address: netip.MustParseAddr(address)})
			}
			refusal := audit.Event{Action: audit.AccessRefused, Code: "FORBIDDEN", DistrictID: w.Beta.ID}
			for range 1000 {
				s.Refused(from("192.0.2.1"), refusal)
			}
			s.Refused(from("192.0.2.2"), refusal)
			if n := len(events(t, d, w.Beta.ID)); n != 2 {
				t.Fatalf("%d entries; want one for each caller", n)
			}
			c.pass(time.Minute)
			s.Refused(from("192.0.2.1"), refusal)
			list := events(t, d, w.Beta.ID)
			if len(list) != 4 || list[2].Action != string(audit.RefusalsCounted) ||
				list[2].Facts != `{"of":"ACCESS_REFUSED","refusals":999}` || list[2].Address != "192.0.2.1" {
				t.Errorf("%v", list)
			}
		})
		t.Run("so many callers that they cannot be told apart are counted together", func(t *testing.T) {
			s := audit.New(d, c.Now, slog.New(slog.DiscardHandler))
			before := len(events(t, d, 0))
			for i := range 600 {
				ctx := viewer.WithOrigin(context.Background(),
					viewer.Origin{Address: netip.AddrFrom4([4]byte{10, 0, byte(i / 256), byte(i % 256)})})
				s.Refused(ctx, audit.Event{Action: audit.SignInRefused, Code: "WRONG_CREDENTIALS"})
			}
			c.pass(time.Minute)
			s.Refused(context.Background(), audit.Event{Action: audit.SignInRefused, Code: "OTHER"})
			list := events(t, d, 0)[before:]
			if len(list) != 402 || list[400].Facts != `{"of":"several callers","refusals":200}` {
				t.Errorf("%d entries, the count is %v", len(list), list[min(400, len(list)-1)])
			}
		})
		t.Run("one who is refused in many ways hides nobody else", func(t *testing.T) {
			s := audit.New(d, c.Now, slog.New(slog.DiscardHandler))
			before := len(events(t, d, w.Beta.ID))
			refuse := func(v *viewer.Viewer, operation string) {
				ctx := viewer.WithOrigin(viewer.NewContext(context.Background(), v),
					viewer.Origin{Address: netip.MustParseAddr("192.0.2.9")})
				s.Refused(viewer.WithOperation(ctx, operation),
					audit.Event{Action: audit.AccessRefused, Code: "NOT_FOUND", DistrictID: w.Beta.ID})
			}
			for i := range 600 {
				refuse(&viewer.Viewer{}, fmt.Sprint("Noise", i))
				refuse(&viewer.Viewer{EducatorID: w.BetaAdmin.ID}, fmt.Sprint("Noise", i))
			}
			refuse(&viewer.Viewer{EducatorID: w.NorthAdmin.ID}, "Quiet")
			c.pass(time.Minute)
			refuse(&viewer.Viewer{EducatorID: w.NorthAdmin.ID}, "Later")
			list := events(t, d, w.Beta.ID)[before:]
			var quiet, further int
			for _, e := range list {
				if e.Operation == "Quiet" {
					quiet++
				}
				if e.Facts == `{"of":"several kinds","refusals":550}` {
					further++
				}
			}
			if len(list) != 104 || quiet != 1 || further != 2 {
				t.Errorf("%d entries, %d of the other caller, %d counts", len(list), quiet, further)
			}
		})
	})
}
