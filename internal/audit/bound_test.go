package audit_test

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/ent/db/auditevent"
	"github.com/openhomeroom/homeroom/internal/audit"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fault"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/testlog"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

func TestAListHasItsBound(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := fixture.New(t, d)
		s := audit.New(d, func() time.Time { return fixture.Today }, testlog.New(t))
		for n, want := range map[int]string{100: "", 101: "TOO_MANY"} {
			_, err := s.Events(w.As(t, w.DistrictAdmin), w.Alpha.ID,
				audit.Filter{Actions: slices.Repeat([]audit.Action{audit.StudentUpdated}, n)})
			if f := fault.From(err); (f == nil) != (want == "") || f != nil && f.Code != want {
				t.Errorf("%d actions: %v; want %q", n, err, want)
			}
		}
	})
}

// TestRefusalsHaveTheirBounds refuses callers in more ways than are recorded individually:
// the rest is counted.
func TestRefusalsHaveTheirBounds(t *testing.T) {
	t.Parallel()
	stranger := func(network int) context.Context {
		return viewer.WithOrigin(context.Background(),
			viewer.Origin{Address: netip.AddrFrom4([4]byte{10, 0, byte(network >> 8), byte(network)})})
	}
	educator := func(id int) context.Context {
		return viewer.NewContext(context.Background(), &viewer.Viewer{EducatorID: id, DistrictID: 1})
	}
	type refusal struct {
		ctx  context.Context
		code string
	}
	for name, test := range map[string]struct {
		n        int
		of       func(i int) refusal
		recorded int
	}{
		"of one caller, all that are recorded":     {50, func(i int) refusal { return refusal{educator(1), fmt.Sprint("CODE_", i)} }, 50},
		"of one caller, one more":                  {51, func(i int) refusal { return refusal{educator(1), fmt.Sprint("CODE_", i)} }, 50},
		"of strangers, all that are recorded":      {400, func(i int) refusal { return refusal{stranger(i), "CODE"} }, 400},
		"of strangers, one more":                   {401, func(i int) refusal { return refusal{stranger(i), "CODE"} }, 400},
		"of educators, all that are recorded":      {500, func(i int) refusal { return refusal{educator(1 + i), "CODE"} }, 500},
		"of educators, one more":                   {501, func(i int) refusal { return refusal{educator(1 + i), "CODE"} }, 500},
		"the same one twice":                       {2, func(int) refusal { return refusal{educator(1), "CODE"} }, 1},
		"of two callers, for the same reason":      {2, func(i int) refusal { return refusal{educator(1 + i), "CODE"} }, 2},
		"of one caller, for two different reasons": {2, func(i int) refusal { return refusal{educator(1), fmt.Sprint("CODE_", i)} }, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := dbtest.Open(t, database.SQLite) // The limits are kept in memory.
			s := audit.New(d, func() time.Time { return fixture.Today }, testlog.New(t))
			for i := range test.n {
				r := test.of(i)
				s.Refused(r.ctx, audit.Event{Action: audit.AccessRefused, Code: r.code, DistrictID: 1})
			}
			n := d.Client(context.Background()).AuditEvent.Query().Where(auditevent.Action(string(audit.AccessRefused))).
				CountX(fixture.System())
			if n != test.recorded {
				t.Errorf("of %d refusals %d were recorded; want %d", test.n, n, test.recorded)
			}
		})
	}
}
