package transport_test

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/coder/websocket"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/openhomeroom/homeroom/graph/transport"
)

// pool is what all requests of a test hold.
type pool struct {
	mu   sync.Mutex
	held int64
	// left receives something for each operation that has given its room back.
	left chan struct{}
}

// leastHeld is more than connection_init takes.
const leastHeld = 200

// share is what one request holds.
type share struct {
	pool *pool
	held int64
}

func (s *share) Take(bytes int) *gqlerror.Error { return s.Hold(context.Background(), int64(bytes)) }

func (s *share) Hold(_ context.Context, bytes int64) *gqlerror.Error {
	s.pool.mu.Lock()
	defer s.pool.mu.Unlock()
	s.held += bytes
	s.pool.held += bytes
	return nil
}

func (s *share) Arriving(int64, func()) func() { return func() {} }

func (s *share) Leave() {
	s.pool.mu.Lock()
	defer s.pool.mu.Unlock()
	s.pool.held -= s.held
	if s.held > leastHeld {
		s.pool.left <- struct{}{}
	}
	s.held = 0
}

// TestWhatIsDecodedTakesRoom looks at what an operation holds while it runs, by every way
// in which it can come: its variables take more than ten times their text.
func TestWhatIsDecodedTakesRoom(t *testing.T) {
	t.Parallel()
	const objects = 30
	variables := `{"a":[{}` + strings.Repeat(`,{}`, objects-1) + `]}`
	object := `{"query":"{ ok }","variables":` + variables + `}`
	post := func(t *testing.T, address, media string, body io.Reader, accept string) string {
		return send(t, "POST", address, body, contentType, media, "Accept", accept).body
	}
	for way, ask := range map[string]func(t *testing.T, address string) string{
		"a body": func(t *testing.T, address string) string {
			return post(t, address, acceptJSON, strings.NewReader(object), acceptJSON)
		},
		"a body for a stream": func(t *testing.T, address string) string {
			return post(t, address, acceptJSON, strings.NewReader(object), "text/event-stream")
		},
		"an address": func(t *testing.T, address string) string {
			return send(t, "GET", address+"?query={ok}&variables="+url.QueryEscape(variables), nil).body
		},
		"a form": func(t *testing.T, address string) string {
			media, body := form("operations", object, "map", `{}`)
			return post(t, address, media, body, acceptJSON)
		},
		"a message over a WebSocket": func(t *testing.T, address string) string {
			return overSocket(t, address, object)
		},
	} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			p := &pool{left: make(chan struct{}, 10)}
			running := make(chan int64, 1)
			address := serveRooms(t, p, func(context.Context) *graphql.Response {
				p.mu.Lock()
				defer p.mu.Unlock()
				running <- p.held
				return fine(context.Background())
			})
			if got := ask(t, address); !strings.Contains(got, `{"data":{"ok":true}}`) {
				t.Fatalf("got %s", got)
			}
			if held := <-running; held < objects*300 {
				t.Errorf("%d bytes were held while the operation ran, of %d objects", held, objects)
			}
			<-p.left
		})
	}
}

// TestASubscriptionIsSmall says what may stay in memory for as long as a subscription.
func TestASubscriptionIsSmall(t *testing.T) {
	t.Parallel()
	of := func(objects int) string {
		return fmt.Sprintf(`{"query":"subscription { ok }","variables":{"a":[{}%s]}}`, strings.Repeat(`,{}`, objects-1))
	}
	for way, ask := range map[string]func(t *testing.T, address, body string) string{
		"server-sent events": func(t *testing.T, address, body string) string {
			return send(t, "POST", address, strings.NewReader(body), contentType, acceptJSON, "Accept",
				"text/event-stream").body
		},
		"a WebSocket": overSocket,
	} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			p := &pool{left: make(chan struct{}, 10)}
			ran, once := make(chan int64, 1), sync.Once{}
			address := serveRooms(t, p, func(context.Context) (resp *graphql.Response) {
				once.Do(func() {
					<-p.left // what it has sent no longer takes room
					ran <- 1
					resp = fine(context.Background())
				})
				return resp
			})
			if got := ask(t, address, of(50)); !strings.Contains(got, "PAYLOAD_TOO_LARGE") || len(ran) != 0 {
				t.Errorf("50 objects: got %s", got)
			}
			<-p.left
			if got := ask(t, address, of(30)); !strings.Contains(got, `{"data":{"ok":true}}`) || len(ran) != 1 {
				t.Errorf("30 objects: got %s", got)
			}
		})
	}
}

// overSocket returns the first answer over a new WebSocket.
func overSocket(t *testing.T, address, payload string) string {
	t.Helper()
	conn, _, err := websocket.Dial(t.Context(), address,
		&websocket.DialOptions{Subprotocols: []string{transport.Subprotocol}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.CloseNow() }()
	for _, m := range []string{`{"type":"connection_init"}`, `{"type":"subscribe","id":"1","payload":` + payload + `}`} {
		if err := conn.Write(t.Context(), websocket.MessageText, []byte(m)); err != nil {
			t.Fatal(err)
		}
	}
	var data []byte
	for range 2 { // the first one is connection_ack
		if _, data, err = conn.Read(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return string(data)
}

// serveRooms is an endpoint with all transports, whose requests share a pool.
func serveRooms(t *testing.T, p *pool, run func(context.Context) *graphql.Response) string {
	t.Helper()
	l := limits
	l.DecodedBytes = 1 << 20
	l.Room = func(context.Context) transport.Room { return &share{pool: p} }
	uploads, stream := files(nil), events
	uploads.Limits, stream.Limits = l, l
	stream.Patience = time.Minute
	return serve(t, run, transport.WebSocket{
		Limits: l, Operations: 3, InitTimeout: time.Minute, KeepAlive: time.Minute, Patience: time.Minute,
		Enter: func(context.Context) (transport.Place, *gqlerror.Error) { return open{}, nil },
		Init:  func(ctx context.Context, _ map[string]any) (context.Context, *gqlerror.Error) { return ctx, nil },
		Begin: func(ctx context.Context) (context.Context, *gqlerror.Error) { return ctx, nil },
	}, uploads, stream, transport.HTTP{Limits: l})
}

// TestABodyThatHasArrivedMakesNoRoom looks at a request that waits for room for what it
// decodes: it must not be cut off as one that arrives.
func TestABodyThatHasArrivedMakesNoRoom(t *testing.T) {
	t.Parallel()
	l := limits
	r := &waiting{}
	l.Room = func(context.Context) transport.Room { return r }
	address := serve(t, fine, transport.HTTP{Limits: l})
	got := send(t, "POST", address, strings.NewReader(`{"query":"{ ok }","variables":{"a":1}}`), contentType, acceptJSON)
	if got.status != 200 || r.held != 1 || r.arriving {
		t.Errorf("got %d %s; held %d times while it arrives: %t", got.status, got.body, r.held, r.arriving)
	}
}

// waiting is room that remembers whether a request counted as arriving when it took room
// for what is decoded.
type waiting struct {
	endless
	begun, arriving bool
	held            int
}

func (w *waiting) Arriving(int64, func()) func() {
	w.begun = true
	return func() { w.begun = false }
}

func (w *waiting) Hold(context.Context, int64) *gqlerror.Error {
	w.held++
	w.arriving = w.begun
	return nil
}

type endless struct{}

func (endless) Take(int) *gqlerror.Error { return nil }
func (endless) Leave()                   {}
