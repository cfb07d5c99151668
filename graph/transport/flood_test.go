package transport_test

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/openhomeroom/homeroom/graph/transport"
)

// TestTheHeaderOfAPartIsShort sends a form whose part has a header without an end.
func TestTheHeaderOfAPartIsShort(t *testing.T) {
	t.Parallel()
	form := func(at int, header string) io.Reader {
		var b bytes.Buffer
		for i, part := range []string{`name="operations"`, `name="map"`, `name="0"; filename="a.csv"`} {
			b.WriteString("--x\r\nContent-Disposition: form-data; " + part + "\r\n")
			if i == at {
				b.WriteString(header)
			}
			b.WriteString("\r\n" + []string{`{"query":"mutation($f: Upload) { ok(file: $f) }","variables":{"f":null}}`,
				`{"0":["variables.f"]}`, "text"}[i] + "\r\n")
		}
		b.WriteString("--x--\r\n")
		return &b
	}
	uploads := files(nil)
	uploads.UploadBytes = 10 << 20
	address := serve(t, fine, uploads)
	for at := range 3 {
		for header, want := range map[string]string{
			"X: " + strings.Repeat("a", 50<<10) + "\r\n": `{"data":{"ok":true}}`,
			"X: " + strings.Repeat("a", 70<<10) + "\r\n": "PAYLOAD_TOO_LARGE",
			strings.Repeat("a: b\r\n", 9000):             `{"data":{"ok":true}}`,
		} {
			r := send(t, "POST", address, form(at, header), contentType, "multipart/form-data; boundary=x")
			if !strings.Contains(r.body, want) {
				t.Errorf("part %d with a header of %d bytes: got %d %s", at, len(header), r.status, r.body)
			}
		}
	}
}

// TestPingsAreFew sends more pings than anybody needs, of the protocol below and of the one
// above.
func TestPingsAreFew(t *testing.T) {
	t.Parallel()
	address := serve(t, fine, transport.WebSocket{
		Limits: limits, Operations: 3, InitTimeout: time.Minute, KeepAlive: time.Minute, Patience: time.Minute,
		Enter: func(context.Context) (transport.Place, *gqlerror.Error) { return open{}, nil },
		Init:  func(ctx context.Context, _ map[string]any) (context.Context, *gqlerror.Error) { return ctx, nil },
		Begin: func(ctx context.Context) (context.Context, *gqlerror.Error) { return ctx, nil },
	})
	for what, ping := range map[string]func(conn *websocket.Conn) error{
		"a message": func(conn *websocket.Conn) error {
			return conn.Write(context.Background(), websocket.MessageText, []byte(`{"type":"ping"}`))
		},
		"a frame": func(conn *websocket.Conn) error { return conn.Ping(context.Background()) },
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			conn, _, err := websocket.Dial(t.Context(), address,
				&websocket.DialOptions{Subprotocols: []string{transport.Subprotocol}})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.CloseNow() }()
			closed := make(chan error, 1)
			go func() {
				for {
					if _, _, err := conn.Read(context.Background()); err != nil {
						closed <- err
						return
					}
				}
			}()
			sent := 0
			for err = nil; err == nil && sent < 100_000; sent++ {
				err = ping(conn)
			}
			if got := websocket.CloseStatus(<-closed); got != 4429 || sent < 100 {
				t.Errorf("closed with %d after %d pings", got, sent)
			}
		})
	}
}
