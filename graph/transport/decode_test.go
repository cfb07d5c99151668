package transport_test

import (
	"context"
	"io"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/openhomeroom/homeroom/graph/transport"
)

// TestWhatIsDecodedIsBounded sends JSON that takes far more memory than its text, by
// every way in which it can come: as much as is allowed, and a little more.
func TestWhatIsDecodedIsBounded(t *testing.T) {
	t.Parallel()
	lists := func(n int) string { return `{"a":[[]` + strings.Repeat(",[]", n-1) + `]}` }
	nested := func(n int) string { return `{"a":` + strings.Repeat("[", n-1) + strings.Repeat("]", n-1) + `}` }
	// A string may hold whatever it likes.
	quoted := `{"a":"` + strings.Repeat(`[{,\"`, 300) + `"}`
	address := serve(t, fine,
		transport.WebSocket{
			Limits:      limits,
			Operations:  3,
			InitTimeout: time.Minute,
			KeepAlive:   time.Minute,
			Patience:    time.Minute,
			Enter:       func(context.Context) (transport.Place, *gqlerror.Error) { return open{}, nil },
			Init:        func(ctx context.Context, _ map[string]any) (context.Context, *gqlerror.Error) { return ctx, nil },
			Begin:       func(ctx context.Context) (context.Context, *gqlerror.Error) { return ctx, nil },
		}, files(nil), events)
	post := func(t *testing.T, media string, body io.Reader, accept string) string {
		return send(t, "POST", address, body, contentType, media, "Accept", accept).body
	}
	ways := map[string]func(t *testing.T, object string) string{
		"variables": func(t *testing.T, object string) string {
			return post(t, acceptJSON, strings.NewReader(`{"query":"{ ok }","variables":`+object+`}`), acceptJSON)
		},
		"extensions": func(t *testing.T, object string) string {
			return post(t, acceptJSON, strings.NewReader(`{"query":"{ ok }","extensions":`+object+`}`), acceptJSON)
		},
		"variables for a stream": func(t *testing.T, object string) string {
			return post(t, acceptJSON, strings.NewReader(`{"query":"{ ok }","variables":`+object+`}`), "text/event-stream")
		},
		"variables in an address": func(t *testing.T, object string) string {
			return send(t, "GET", address+"?query={ok}&variables="+url.QueryEscape(object), nil).body
		},
		"extensions in an address": func(t *testing.T, object string) string {
			return send(t, "GET", address+"?query={ok}&extensions="+url.QueryEscape(object), nil).body
		},
		"the part operations": func(t *testing.T, object string) string {
			media, body := form("operations", `{"query":"mutation { ok }","variables":`+object+`}`, "map", `{}`)
			return post(t, media, body, acceptJSON)
		},
		"a message over a WebSocket": func(t *testing.T, object string) string {
			conn, _, err := websocket.Dial(t.Context(), address,
				&websocket.DialOptions{Subprotocols: []string{transport.Subprotocol}})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.CloseNow() }()
			for _, m := range []string{`{"type":"connection_init"}`,
				`{"type":"subscribe","id":"1","payload":{"query":"{ ok }","variables":` + object + `}}`} {
				if err := conn.Write(t.Context(), websocket.MessageText, []byte(m)); err != nil {
					t.Fatal(err)
				}
			}
			_, _, _ = conn.Read(t.Context())
			_, data, err := conn.Read(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return string(data)
		},
	}
	for way, ask := range ways {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			for _, object := range []string{lists(135), nested(64), quoted} {
				if got := ask(t, object); !strings.Contains(got, `{"data":{"ok":true}}`) {
					t.Errorf("%.20s of %d bytes: got %s", object, len(object), got)
				}
			}
			for _, object := range []string{lists(136), nested(65)} {
				if got := ask(t, object); !strings.Contains(got, "PAYLOAD_TOO_LARGE") || strings.Contains(got, `"data":{`) {
					t.Errorf("%.20s of %d bytes: got %s", object, len(object), got)
				}
			}
		})
	}

	t.Run("the part map", func(t *testing.T) {
		t.Parallel()
		media, body := form("operations", `{"query":"mutation { ok }"}`, "map", strings.Replace(lists(136), "[]", `[""]`, 1))
		if got := post(t, media, body, acceptJSON); !strings.Contains(got, "PAYLOAD_TOO_LARGE") {
			t.Errorf("got %s", got)
		}
	})
}

// full is room for some bytes.
type full struct {
	most, left int
	gone       chan int
}

func (f *full) Take(bytes int) *gqlerror.Error {
	if f.left -= bytes; f.left < 0 {
		return transport.Errorf("TOO_MANY_REQUESTS", "There is no room.")
	}
	return nil
}

func (f *full) Hold(_ context.Context, bytes int64) *gqlerror.Error { return f.Take(int(bytes)) }

func (f *full) Arriving(int64, func()) func() { return func() {} }

func (f *full) Leave() { f.gone <- f.most - f.left }

// TestBodiesTakeRoom says that every byte that is kept takes room, and when the room
// is given back.
func TestBodiesTakeRoom(t *testing.T) {
	t.Parallel()
	const body = `{"query":"mutation { ok }"}`
	for way, ask := range map[string]func(t *testing.T, address string) reply{
		"a body": func(t *testing.T, address string) reply {
			return send(t, "POST", address, io.MultiReader(strings.NewReader(body)), contentType, acceptJSON)
		},
		"a body for a stream": func(t *testing.T, address string) reply {
			return send(t, "POST", address, strings.NewReader(body), contentType, acceptJSON, "Accept", "text/event-stream")
		},
		"a form": func(t *testing.T, address string) reply {
			media, form := form("operations", body, "map", `{}`)
			return send(t, "POST", address, form, contentType, media)
		},
	} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			// The part map is decoded.
			for _, most := range []int{len(body) + 2 + 1000*strings.Count(way, "form"), len(body) - 1} {
				gone := make(chan int, 1)
				// Behind the end of the server, which waits for the end of what it answers.
				t.Cleanup(func() {
					select {
					case used := <-gone:
						if used < len(body) {
							t.Errorf("with room for %d bytes: %d were used", most, used)
						}
					default:
						t.Errorf("with room for %d bytes: it is never given back", most)
					}
				})
				limits := limits
				limits.Room = func(context.Context) transport.Room { return &full{most, most, gone} }
				srv := serveWith(t, limits)
				r := ask(t, srv)
				if fits := most > len(body); fits != strings.Contains(r.body, `{"data":{"ok":true}}`) ||
					!fits && r.code() != "TOO_MANY_REQUESTS" {
					t.Errorf("with room for %d bytes: got %d %s", most, r.status, r.body)
				}
			}
		})
	}
}

// serveWith is an endpoint whose transports have some limits.
func serveWith(t *testing.T, limits transport.Limits) string {
	t.Helper()
	uploads, stream := files(nil), events
	uploads.Limits, stream.Limits = limits, limits
	return serve(t, fine, uploads, stream, transport.HTTP{Limits: limits})
}
