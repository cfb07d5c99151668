package audit_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/globalid"
	"github.com/openhomeroom/homeroom/internal/testlog"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// TestWhatTellsTwoRefusalsApart refuses something twice; the second refusal differs in one
// thing.
func TestWhatTellsTwoRefusalsApart(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		type refusal struct {
			e         audit.Event
			who       *viewer.Viewer
			address   string
			operation string
		}
		base := func() refusal {
			return refusal{audit.Event{Action: audit.AccessRefused, Code: "A", DistrictID: 1, OrganizationID: 2,
				Target: audit.On(globalid.Student, 3)},
				&viewer.Viewer{EducatorID: 7, DistrictID: 1}, "192.0.2.1", "Op"}
		}
		for name, differ := range map[string]func(r *refusal){
			"another action":        func(r *refusal) { r.e.Action = audit.SignInRefused },
			"another code":          func(r *refusal) { r.e.Code = "B" },
			"another district":      func(r *refusal) { r.e.DistrictID = 9 },
			"another organization":  func(r *refusal) { r.e.OrganizationID = 9 },
			"another target":        func(r *refusal) { r.e.Target.ID = 9 },
			"another sort of thing": func(r *refusal) { r.e.Target.Type = globalid.Group },
			"another caller":        func(r *refusal) { r.who = &viewer.Viewer{EducatorID: 9, DistrictID: 1} },
			"another network":       func(r *refusal) { r.address = "198.51.100.1" },
			"another operation":     func(r *refusal) { r.operation = "Other" },
			"nothing":               func(*refusal) {},
		} {
			s := audit.New(d, func() time.Time { return fixture.Today }, testlog.New(t))
			there := func() int { return d.Client(context.Background()).AuditEvent.Query().CountX(fixture.System()) }
			before, first, second := there(), base(), base()
			differ(&second)
			for _, r := range []refusal{first, second} {
				ctx := viewer.WithOrigin(viewer.NewContext(context.Background(), r.who),
					viewer.Origin{Address: netip.MustParseAddr(r.address)})
				s.Refused(viewer.WithOperation(ctx, r.operation), r.e)
			}
			want := 2
			if name == "nothing" {
				want = 1
			}
			if n := there() - before; n != want {
				t.Errorf("%s: %d entries, want %d", name, n, want)
			}
		}
	})
}

// TestAMinuteBeginsAnew refuses in a second minute what was refused in the first, beyond
// each limit.
func TestAMinuteBeginsAnew(t *testing.T) {
	t.Parallel()
	stranger := func(i int) (context.Context, string) {
		return viewer.WithOrigin(context.Background(), viewer.Origin{Address: netip.AddrFrom4([4]byte{10, 0, byte(i >> 8),
			byte(i)})}), "CODE"
	}
	one := func(i int) (context.Context, string) {
		return viewer.NewContext(context.Background(), &viewer.Viewer{EducatorID: 1, DistrictID: 1}), fmt.Sprint("CODE_", i)
	}
	educators := func(i int) (context.Context, string) {
		return viewer.NewContext(context.Background(), &viewer.Viewer{EducatorID: 1 + i, DistrictID: 1}), "CODE"
	}
	for name, c := range map[string]struct {
		of       func(i int) (context.Context, string)
		n        int
		recorded int
		counted  string
	}{
		"of strangers":  {stranger, 410, 400, `{"of":"several callers","refusals":10}`},
		"of one caller": {one, 60, 50, `{"of":"several kinds","refusals":10}`},
		"of educators":  {educators, 510, 500, `{"of":"several callers","refusals":10}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := dbtest.Open(t, database.SQLite) // it is kept in memory
			clock := &clock{now: fixture.Today}
			s := audit.New(d, clock.Now, testlog.New(t))
			for range 2 {
				for i := range c.n {
					ctx, code := c.of(i)
					s.Refused(ctx, audit.Event{Action: audit.AccessRefused, Code: code, DistrictID: 1,
						Target: audit.On(globalid.Student, 3)})
				}
				clock.pass(time.Minute)
			}
			// which records the minute before
			s.Refused(context.Background(), audit.Event{Action: audit.SignInRefused, DistrictID: 1})
			var recorded int
			var counted []string
			for _, e := range d.Client(context.Background()).AuditEvent.Query().AllX(fixture.System()) {
				switch e.Action {
				case string(audit.AccessRefused):
					recorded++
				case string(audit.RefusalsCounted):
					counted = append(counted, e.Facts)
					if e.TargetID != 0 || e.Code != "" || e.RequestID != "" {
						t.Errorf("what is counted together names one thing: %+v", e)
					}
				}
			}
			if recorded != 2*c.recorded || !slices.Equal(counted, []string{c.counted, c.counted}) {
				t.Errorf("%d were recorded, want twice %d; counted are %v, want twice %s", recorded, c.recorded, counted, c.counted)
			}
		})
	}
}

// TestTheEndOfAWriter is about entries that are left when the process ends, and about
// later ones.
func TestTheEndOfAWriter(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := fixture.New(t, d)
		failures := make(chan struct{}, 1000)
		log := slog.New(telling{slog.DiscardHandler, failures})
		s := audit.New(d, func() time.Time { return fixture.Today }, log)
		ctx, read := w.As(t, w.DistrictAdmin), audit.Event{Action: audit.StudentsRead, DistrictID: w.Alpha.ID}
		running, stop := context.WithCancel(context.Background())
		ended := make(chan struct{})
		go func() { _ = s.Run(running); close(ended) }()
		given := 0
		for there := 0; there == given; there = len(events(t, d, w.Alpha.ID)) { // until the writer runs
			if err := s.Read(ctx, read); err != nil {
				t.Fatal(err)
			}
			given++
		}
		for len(events(t, d, w.Alpha.ID)) < given { // until it has begun the minute
			time.Sleep(time.Millisecond)
		}
		refused := viewer.WithOrigin(context.Background(), viewer.Origin{Address: netip.MustParseAddr("192.0.2.1")})
		for range 3 {
			s.Refused(refused, audit.Event{Action: audit.AccessRefused, DistrictID: w.Beta.ID})
		}
		refuse(t, d, "audit_events", true)
		if err := s.Read(ctx, read); err != nil {
			t.Fatal(err)
		}
		given++
		for range 4 { // then it pauses for a while
			<-failures
		}
		refuse(t, d, "audit_events", false)
		stop()
		<-ended
		if v := verify(t, d, w.Alpha.ID, ""); v.Entries != given || v.Damage != nil {
			t.Errorf("%d entries, %+v; want %d", v.Entries, v.Damage, given)
		}
		counted := 0
		for _, e := range events(t, d, w.Beta.ID) {
			if e.Action == string(audit.RefusalsCounted) && strings.Contains(e.Facts, `"refusals":2`) {
				counted++
			}
		}
		if counted != 1 {
			t.Errorf("what came again in the last minute is counted %d times", counted)
		}

		t.Run("from then on entries are written by whoever has them", func(t *testing.T) {
			before := len(events(t, d, w.Alpha.ID))
			if err := s.Read(ctx, read); err != nil || len(events(t, d, w.Alpha.ID)) != before+1 {
				t.Errorf("%v, %d entries more", err, len(events(t, d, w.Alpha.ID))-before)
			}
		})
		t.Run("a file has its entry though its reader has gone away", func(t *testing.T) {
			before := len(events(t, d, w.Alpha.ID))
			gone, leave := context.WithCancel(ctx)
			leave()
			if err := s.Now(gone, read); err != nil || len(events(t, d, w.Alpha.ID)) != before+1 {
				t.Errorf("%v, %d entries more", err, len(events(t, d, w.Alpha.ID))-before)
			}
		})
		t.Run("nothing is given out that is not on record", func(t *testing.T) {
			refuse(t, d, "audit_events", true)
			defer refuse(t, d, "audit_events", false)
			if err := s.Now(ctx, read); err == nil {
				t.Error("a file was given out")
			}
			if err := s.Read(ctx, read); fault.KindOf(err) != fault.Unavailable {
				t.Errorf("what was read was given out: %v", err)
			}
		})
	})
}

// telling says that something is logged.
type telling struct {
	slog.Handler
	logged chan<- struct{}
}

func (l telling) Enabled(context.Context, slog.Level) bool { return true }

func (l telling) Handle(context.Context, slog.Record) error { l.logged <- struct{}{}; return nil }
