package graph_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/graph"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// TestBodiesOfCallersMakeRoom lets many callers of one district begin bodies and continue
// none of them, as somebody with many service keys can.
func TestBodiesOfCallersMakeRoom(t *testing.T) {
	t.Parallel()
	const ask = `{"query":"{ viewer { educator { id } } }"}`
	w := fixture.New(t, dbtest.Open(t, database.SQLite))
	many := []*db.Educator{w.NorthAdmin, w.SouthAdmin}
	for i := range 8 {
		many = append(many, w.Educator(t, w.Alpha, fmt.Sprintf("Key%d Admin", i), viewer.DistrictAdmin, w.Alpha))
	}
	// A caller has 128 KiB, all have 768 KiB, and a district half of that.
	s := newServerOf(t, w, func(l *graph.Limits) {
		l.BodyMemory, l.RequestBytes, l.VariableBytes, l.Patience = 1<<20, 64<<10, 128, 10*time.Minute
	})
	s.token(t, s.BetaAdmin)
	s.behind(t)
	begun := func(who *db.Educator) *sending {
		r := s.begin(t, "198.51.100.1", s.token(t, who), 64<<10)
		r.write(strings.Repeat(" ", 60<<10))
		return r
	}
	served := func(who *db.Educator) {
		t.Helper()
		r := s.begin(t, "198.51.100.1", s.token(t, who), len(ask))
		r.write(ask)
		if resp, body := r.status(); resp.StatusCode != http.StatusOK || !strings.Contains(body, `"data"`) {
			t.Errorf("got %s %s", resp.Status, body)
		}
	}
	served(s.BetaAdmin)
	beta := begun(s.BetaAdmin)
	var first []*sending
	for _, who := range many {
		first = append(first, begun(who), begun(who))
		served(s.BetaAdmin)
		served(who)
	}
	if resp, _ := first[0].status(); resp.StatusCode == http.StatusOK {
		t.Errorf("the one that has waited longest got %s", resp.Status)
	}
	// That of another district has waited longer than all of them, and is not touched.
	beta.write(strings.Repeat(" ", 4<<10-len(ask)) + ask)
	if resp, body := beta.status(); resp.StatusCode != http.StatusOK || !strings.Contains(body, `"data"`) {
		t.Errorf("another district got %s %s", resp.Status, body)
	}
}

// TestAMessageThatHasBegunEnds sends half of a message over a WebSocket that is alive.
func TestAMessageThatHasBegunEnds(t *testing.T) {
	t.Parallel()
	s := newServer(t, dbtest.Open(t, database.SQLite), func(l *graph.Limits) {
		l.Patience, l.KeepAlive = time.Second, patience
	})
	c := s.connected(t, s.NorthAdmin)
	w, err := c.conn.Writer(t.Context(), websocket.MessageText)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(`{"type":"ping","payload":{"x":"` + strings.Repeat("x", 100<<10))); err != nil {
		t.Fatal(err)
	}
	if code := c.closed(); code != 1008 {
		t.Errorf("closed with %d", code)
	}
}
