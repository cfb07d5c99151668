package graph_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/graph"
	"github.com/openhomeroom/homeroom/graph/transport"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
)

// beginAs is connection_init with a token and some bytes more in all.
func beginAs(token string, bytes int) string {
	text := `{"type":"connection_init","payload":{"authorization":"Bearer ` + token + `","x":""}}`
	return strings.Replace(text, `"x":""`, `"x":"`+strings.Repeat("x", max(0, bytes-len(text)))+`"`, 1)
}

// TestStrangersSendLittle limits what a client may send before it has signed in.
func TestStrangersSendLittle(t *testing.T) {
	t.Parallel()
	s := newServer(t, dbtest.Open(t, database.SQLite))
	token := s.token(t, s.NorthAdmin)

	t.Run("a connection_init of 4096 bytes signs in, one of 4097 closes with 1009", func(t *testing.T) {
		t.Parallel()
		c := s.dial(t, "")
		c.send(beginAs(token, 4096))
		if f := c.read(); f.Type != "connection_ack" {
			t.Errorf("got %+v", f)
		}
		c = s.dial(t, "")
		c.send(beginAs(token, 4097))
		if code := c.closed(); code != 1009 {
			t.Errorf("closed with %d", code)
		}
	})

	t.Run("who has signed in may send as much as over HTTP", func(t *testing.T) {
		t.Parallel()
		c := s.connected(t, s.NorthAdmin)
		c.send(`{"type":"ping","payload":{"x":"` + strings.Repeat("x", 900<<10) + `"}}`)
		if f := c.read(); f.Type != "pong" {
			t.Errorf("got %+v", f)
		}
	})

	t.Run("variables that would take much memory are refused, and the connection goes on", func(t *testing.T) {
		t.Parallel()
		c := s.connected(t, s.NorthAdmin)
		payload, _ := json.Marshal(map[string]any{"query": typename, "variables": json.RawMessage(manyLists(300_000))})
		c.send(`{"type":"subscribe","id":"1","payload":` + string(payload) + `}`)
		if f := c.read(); f.Type != "error" || !strings.Contains(string(f.Payload), "PAYLOAD_TOO_LARGE") {
			t.Errorf("got %s %s", f.Type, f.Payload)
		}
		c.subscribe("1", typename)
		if f := c.read(); f.Type != "next" {
			t.Errorf("got %s %s", f.Type, f.Payload)
		}
	})
}

func manyLists(n int) string { return `{"a":[[]` + strings.Repeat(",[]", n-1) + `]}` }

// TestAttacksByWebSocket compares what a WebSocket of somebody without an account
// costs with an ordinary query. It measures the memory of the process, so it runs
// alone.
//
//nolint:paralleltest // it measures memory, which other tests would take at the same time
func TestAttacksByWebSocket(t *testing.T) {
	s := newServer(t, dbtest.Open(t, database.SQLite))
	for i := range 50 {
		s.Student(t, s.North, fmt.Sprint("Name", i), "Last", 600, s.Algebra)
	}
	_, bytes := s.cost(t, ordinary, nil)
	bomb := `{"type":"connection_init","payload":` + manyLists(5_000_000) + `}` // 15 MB
	allocated := uint64(1 << 62)
	for range 3 {
		c := s.dial(t, "")
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_ = c.conn.Write(t.Context(), 1, []byte(bomb)) // The server may close before it is sent.
		if code := c.closed(); code != 1009 && code != -1 {
			t.Errorf("closed with %d", code)
		}
		runtime.ReadMemStats(&after)
		allocated = min(allocated, after.TotalAlloc-before.TotalAlloc-uint64(len(bomb)))
	}
	t.Logf("takes %d KB; an ordinary query takes %d", allocated>>10, bytes>>10)
	if allocated > dearest*bytes {
		t.Errorf("takes %d bytes; an ordinary query takes %d", allocated, bytes)
	}
}

// TestWebSocketsAreBounded counts WebSockets, by the networks that they come from and by
// their callers, behind the HTTP server and a proxy.
func TestWebSocketsAreBounded(t *testing.T) {
	t.Parallel()
	start := func(t *testing.T) *server {
		s := newServer(t, dbtest.Open(t, database.SQLite), func(l *graph.Limits) {
			l.NewSockets, l.AllNewSockets, l.Sockets, l.AllSockets = 2, 3, 2, 3
		})
		for _, who := range []*db.Educator{s.NorthAdmin, s.SouthAdmin, s.BetaAdmin} {
			s.token(t, who)
		}
		s.behind(t)
		return s
	}
	refused := func(t *testing.T, resp *http.Response, status int) {
		t.Helper()
		if resp.StatusCode != status || resp.Header.Get("Retry-After") == "" {
			t.Errorf("got %s %v; want %d", resp.Status, resp.Header, status)
		}
	}

	t.Run("those that have not signed in are few from one network, and few in all", func(t *testing.T) {
		t.Parallel()
		s := start(t)
		silent, _ := s.dialFrom(t, "198.51.100.1", "")
		first, _ := s.dialFrom(t, "198.51.100.1", "")
		// The one that has been silent for longest makes room, so that nobody who sits in
		// the same school keeps the others out.
		if c, resp := s.dialFrom(t, "198.51.100.1", ""); c == nil {
			t.Errorf("a third one from the same address got %s", resp.Status)
		}
		if code := silent.closed(); code != 1013 {
			t.Errorf("the first one was closed with %d", code)
		}
		// The first 64 bits of an IPv6 address are one network.
		third, _ := s.dialFrom(t, "2001:db8::1", "")
		// If all together have too many, the one makes room that has been silent for
		// longest.
		if c, resp := s.dialFrom(t, "2001:db8::2", ""); c == nil {
			t.Errorf("a fourth one in all got %s", resp.Status)
		}
		if code := first.closed(); code != 1013 {
			t.Errorf("the first one of all was closed with %d", code)
		}
		// A caller with a session is no stranger.
		if c, resp := s.dialFrom(t, "198.51.100.1", s.token(t, s.NorthAdmin)); c == nil {
			t.Errorf("a caller got %s", resp.Status)
		}
		// Who signs in makes room, and so does who goes away.
		third.send(beginAs(s.token(t, s.NorthAdmin), 0))
		if f := third.read(); f.Type != "connection_ack" {
			t.Fatalf("got %+v", f)
		}
		if c, resp := s.dialFrom(t, "198.51.100.1", ""); c == nil {
			t.Errorf("got %s", resp.Status)
		}
	})

	t.Run("a district has half of those of all where another one has been seen", func(t *testing.T) {
		t.Parallel()
		s := start(t)
		beta, _ := s.dialFrom(t, "198.51.100.1", s.token(t, s.BetaAdmin))
		north, _ := s.dialFrom(t, "198.51.100.1", s.token(t, s.NorthAdmin))
		north.busy(t, s, "{{North}}")
		if c, resp := s.dialFrom(t, "198.51.100.1", s.token(t, s.SouthAdmin)); c == nil {
			refused(t, resp, http.StatusTooManyRequests)
		} else {
			t.Error("another one of the district")
		}
		beta.subscribe("1", typename)
	})

	t.Run("those of a caller are few, and the one that has been idle for longest makes room", func(t *testing.T) {
		t.Parallel()
		s := start(t)
		first, _ := s.dialFrom(t, "198.51.100.1", s.token(t, s.NorthAdmin))
		first.busy(t, s, "{{North}}")
		second, _ := s.dialFrom(t, "198.51.100.2", s.token(t, s.NorthAdmin))
		third, resp := s.dialFrom(t, "198.51.100.3", s.token(t, s.NorthAdmin))
		if third == nil {
			t.Fatalf("a new browser got %s", resp.Status)
		}
		if code := second.closed(); code != 1013 {
			t.Errorf("the one that was idle: closed with %d", code)
		}
		third.busy(t, s, "{{North}}")
		if c, resp := s.dialFrom(t, "198.51.100.3", s.token(t, s.NorthAdmin)); c == nil {
			refused(t, resp, http.StatusTooManyRequests)
		} else {
			t.Error("a third one of the same caller")
		}
		c, _ := s.dialFrom(t, "198.51.100.3", "")
		c.send(beginAs(s.token(t, s.NorthAdmin), 0))
		if code := c.closed(); code != 4429 {
			t.Errorf("a third one of the same caller, who signs in late: closed with %d", code)
		}
		// A page of a browser reads nothing but why it is closed.
		conn, _, err := websocket.Dial(t.Context(), s.http.URL+"/graphql", &websocket.DialOptions{
			Subprotocols: []string{transport.Subprotocol},
			HTTPHeader:   http.Header{"Origin": {s.http.URL}, "Authorization": {"Bearer " + s.token(t, s.NorthAdmin)}},
		})
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = conn.Read(t.Context())
		if websocket.CloseStatus(err) != 4429 || !strings.Contains(err.Error(), "too many connections in use") {
			t.Errorf("a browser got %v", err)
		}
		_ = first.conn.CloseNow()
		eventually(t, func() bool {
			c, _ := s.dialFrom(t, "198.51.100.1", s.token(t, s.NorthAdmin))
			return c != nil
		})
	})

	t.Run("a district that holds all makes room for another one, even where all are in use", func(t *testing.T) {
		t.Parallel()
		s := start(t)
		var all []*socket
		for _, who := range []*db.Educator{s.NorthAdmin, s.NorthAdmin, s.SouthAdmin} {
			c, _ := s.dialFrom(t, "198.51.100.1", s.token(t, who))
			at := "{{North}}"
			if who == s.SouthAdmin {
				at = "{{South}}"
			}
			c.busy(t, s, at)
			all = append(all, c)
		}
		beta, resp := s.dialFrom(t, "198.51.100.1", s.token(t, s.BetaAdmin))
		if beta == nil {
			t.Fatalf("another district got %s", resp.Status)
		}
		if code := all[0].closed(); code != 1013 {
			t.Errorf("the oldest one was closed with %d", code)
		}
		beta.busy(t, s, "{{Beta}}")
	})
}

// busy has a subscription run.
func (c *socket) busy(t *testing.T, s *server, organization string) {
	t.Helper()
	c.send(`{"type":"connection_init"}`)
	if f := c.read(); f.Type != "connection_ack" {
		t.Fatalf("got %+v", f)
	}
	c.subscribe("busy",
		s.names(nil).Replace(`subscription { dashboardNotifications(organizationId: "`+organization+`") { count } }`))
	if f := c.read(); f.Type != "next" {
		t.Fatalf("got %+v", f)
	}
}
