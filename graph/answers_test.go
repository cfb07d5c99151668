package graph_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/graph"
	"github.com/openhomeroom/homeroom/graph/transport"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// narrow is a listener, and a dialer, of connections that hold little of what nobody
// reads.
type narrow struct{ net.Listener }

const narrowBytes = 16 << 10

func (n narrow) Accept() (net.Conn, error) {
	conn, err := n.Listener.Accept()
	if err == nil {
		err = conn.(*net.TCPConn).SetWriteBuffer(narrowBytes)
	}
	return conn, err
}

func dialNarrow(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err == nil {
		err = conn.(*net.TCPConn).SetReadBuffer(narrowBytes)
	}
	return conn, err
}

// unread is an answer that has begun to arrive. Its rest is read by the function, and
// given up when the test ends.
type unread func(t *testing.T) string

// asked are ways to ask for something and to read no more of the answer than that it is
// there.
var asked = map[string]func(t *testing.T, s *server, who *db.Educator, query string) unread{
	"over HTTP": func(t *testing.T, s *server, who *db.Educator, query string) unread {
		return s.askNarrow(t, who, query, "application/json")
	},
	"as an event": func(t *testing.T, s *server, who *db.Educator, query string) unread {
		return s.askNarrow(t, who, query, "text/event-stream")
	},
	"over a WebSocket": func(t *testing.T, s *server, who *db.Educator, query string) unread {
		conn, _, err := websocket.Dial(t.Context(), s.http.URL+"/graphql",
			&websocket.DialOptions{Subprotocols: []string{transport.Subprotocol},
				HTTPHeader: http.Header{"Authorization": {"Bearer " + s.token(t, who)}},
				HTTPClient: &http.Client{Transport: &http.Transport{DialContext: dialNarrow}}})
		if err != nil {
			t.Fatal(err)
		}
		conn.SetReadLimit(-1)
		t.Cleanup(func() { _ = conn.CloseNow() })
		c := &socket{t, conn}
		c.send(`{"type":"connection_init"}`)
		if f := c.read(); f.Type != "connection_ack" {
			t.Fatalf("got %+v", f)
		}
		c.subscribe("1", query)
		_, rest, err := conn.Reader(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		return func(t *testing.T) string { return readAll(t, rest) }
	},
}

func readAll(t *testing.T, r io.Reader) string {
	t.Helper()
	content, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// askNarrow asks over a connection of its own. Of a stream the first event is read.
func (s *server) askNarrow(t *testing.T, who *db.Educator, query, accept string) unread {
	body, err := json.Marshal(map[string]any{"query": query})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.http.URL+"/graphql",
		strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", accept)
	req.Header.Set("Authorization", "Bearer "+s.token(t, who))
	client := &http.Transport{DialContext: dialNarrow, DisableKeepAlives: true, ReadBufferSize: narrowBytes}
	resp, err := client.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	lines := bufio.NewReaderSize(resp.Body, 16)
	if accept != "text/event-stream" {
		return func(t *testing.T) string { return readAll(t, lines) }
	}
	for {
		if line, err := lines.ReadString('\n'); err != nil {
			t.Fatal(err)
		} else if strings.HasPrefix(line, "event: next") {
			return func(t *testing.T) string {
				line, err := lines.ReadString('\n')
				if err != nil {
					t.Fatal(err)
				}
				return line
			}
		}
	}
}

// TestAnswersThatNobodyReadAreBounded asks for as much as a client, a district and all
// may have computed for them, reads none of it, and asks for one answer more.
func TestAnswersThatNobodyReadAreBounded(t *testing.T) {
	t.Parallel()
	const fits = 3
	w := fixture.New(t, dbtest.Open(t, database.SQLite))
	second := w.Educator(t, w.Alpha, "Dora District", viewer.DistrictAdmin, w.Alpha)
	for i := range 40 {
		w.School(t, w.Alpha, fmt.Sprint(strings.Repeat("A school with a long name ", 6), i), fmt.Sprint("long", i))
	}
	large := `{ children { ` + many("name", 30) + ` } }`
	measured := newServerOf(t, w)
	measured.token(t, second)
	names := measured.names(nil)
	documents := map[string]string{
		"a query": names.Replace(`{ organization(id: "{{Alpha}}") ` + large + ` }`),
		"a subscription": names.Replace(`subscription { dashboardNotifications(organizationId: "{{Alpha}}") ` +
			`{ organization ` + large + ` } }`),
	}
	for what, document := range documents {
		for way, ask := range asked {
			if what == "a subscription" && way == "over HTTP" {
				continue
			}
			size := 2 * int64(len(data(t, ask(t, measured, w.DistrictAdmin, document)(t))))
			if size < 20*narrowBytes {
				t.Fatalf("an answer takes %d bytes, too little for this test", size)
			}
			start := func(t *testing.T, change func(l *graph.Limits)) *server {
				s := newServerOf(t, w, change, func(l *graph.Limits) { l.KeepAlive, l.Patience = patience, patience })
				// A new server sets all passwords, so nobody can sign in at the same time.
				for _, who := range []*db.Educator{w.DistrictAdmin, second} {
					s.tokens.Store(who.ID, measured.token(t, who))
				}
				listener, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				s.http = &httptest.Server{Listener: narrow{listener}, Config: &http.Server{Handler: s.endpoint}}
				s.http.Start()
				t.Cleanup(s.http.Close)
				return s
			}
			t.Run(what+" "+way, func(t *testing.T) {
				t.Parallel()
				for bound, change := range map[string]func(l *graph.Limits){
					"of a caller":   func(l *graph.Limits) { l.AnswersEach = fits * size },
					"of a district": func(l *graph.Limits) { l.AnswersDistrict = fits * size },
					"of all":        func(l *graph.Limits) { l.AnswersAll = fits * size },
				} {
					t.Run("the bound "+bound, func(t *testing.T) {
						s := start(t, change)
						who := []*db.Educator{w.DistrictAdmin, second}
						if bound == "of a caller" {
							who = who[:1]
						}
						var waiting []unread
						for i := range fits {
							waiting = append(waiting, ask(t, s, who[i%len(who)], document))
						}
						if got := ask(t, s, who[fits%len(who)], document)(t); !strings.Contains(got, "TOO_MANY_REQUESTS") {
							t.Fatalf("one more: got %.200s", got)
						}
						// Somebody else is refused only if all callers together have too
						// much.
						if bound == "of a caller" {
							if got := data(t, ask(t, s, second, document)(t)); len(got) == 0 {
								t.Error("somebody else gets nothing")
							}
						}
						for _, rest := range waiting {
							if got := data(t, rest(t)); int64(2*len(got)) != size {
								t.Errorf("an answer that waited has %d bytes, want %d", len(got), size/2)
							}
						}
						// Reading an answer makes room, after a while, even if a
						// subscription continues.
						for range fits {
							eventually(t, func() bool { return !strings.Contains(ask(t, s, who[0], document)(t), "TOO_MANY_REQUESTS") })
						}
					})
				}
			})
		}
	}
}

func many(field string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "a%d: %s ", i, field)
	}
	return b.String()
}

// data is that of an answer, however it has come.
func data(t *testing.T, text string) json.RawMessage {
	t.Helper()
	var a struct {
		Data    json.RawMessage
		Payload struct{ Data json.RawMessage }
	}
	if err := json.Unmarshal([]byte(strings.TrimPrefix(strings.TrimSpace(text), "data: ")), &a); err != nil {
		t.Fatalf("%.200s: %v", text, err)
	}
	return append(a.Data, a.Payload.Data...)
}
