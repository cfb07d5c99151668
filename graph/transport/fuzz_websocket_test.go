package transport_test

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/coder/websocket"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/openhomeroom/homeroom/graph/transport"
)

// FuzzWebSocket sends messages, one a line, and reads the answers: only messages that the
// protocol knows, about operations that the client has begun, until the connection is
// closed with one of its codes or answers a ping.
func FuzzWebSocket(f *testing.F) {
	const last = `{"last":true}`
	const begin, end = `{"type":"connection_init"}`, `{"type":"complete","id":"1"}`
	operation := func(id, query string) string {
		text, _ := json.Marshal(map[string]any{"type": "subscribe", "id": id, "payload": map[string]any{"query": query}})
		return string(text)
	}
	for _, lines := range [][]string{
		{begin, operation("1", "{ ok }"), end}, {begin, operation("1", "subscription { ok }"), operation("2", "mutation { ok }")},
		{begin, operation("1", "{ ok }"), operation("1", "{ ok }")}, {operation("1", "{ ok }")}, {begin, begin}, {begin, "{"}, {begin, `{"type":"start"}`},
		{begin, `{"type":"ping","payload":{"a":[1]}}`, `{"type":"pong"}`}, {begin, operation(strings.Repeat("x", 200), "{ ok }")}, {begin, operation("1", "{ no }")},
		{begin, `{"type":"subscribe","id":"1","payload":[]}`}, {`{"type":"connection_init","payload":1}`}, {begin, `{"type":"subscribe","id":1}`}, {"null"}, {"\xff"},
	} {
		f.Add(strings.Join(lines, "\n"))
	}
	schema := gqlparser.MustLoadSchema(
		&ast.Source{Input: "type Query { ok: Boolean } type Mutation { ok: Boolean } type Subscription { ok: Boolean }"})
	srv := handler.New(fake{schema: schema, run: fine})
	srv.AddTransport(transport.WebSocket{
		Limits:      limits,
		Operations:  3,
		InitTimeout: 5 * time.Second,
		KeepAlive:   time.Minute,
		Patience:    time.Second,
		Enter:       func(context.Context) (transport.Place, *gqlerror.Error) { return open{}, nil },
		Init:        func(ctx context.Context, _ map[string]any) (context.Context, *gqlerror.Error) { return ctx, nil },
		Begin:       func(ctx context.Context) (context.Context, *gqlerror.Error) { return ctx, nil },
	})
	server := httptest.NewServer(srv)
	f.Cleanup(server.Close)
	f.Fuzz(func(t *testing.T, input string) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		conn, _, err := websocket.Dial(ctx, server.URL, &websocket.DialOptions{Subprotocols: []string{transport.Subprotocol}})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.CloseNow() }()
		go func() {
			for _, line := range append(strings.Split(input, "\n"), `{"type":"ping","payload":`+last+`}`) {
				if conn.Write(ctx, websocket.MessageText, []byte(line)) != nil {
					return
				}
			}
		}()
		for {
			_, data, err := conn.Read(ctx)
			if err != nil {
				code := int(websocket.CloseStatus(err))
				if !slices.Contains([]int{1007, 1009, 4400, 4401, 4403, 4409, 4429}, code) {
					t.Fatalf("closed with %d: %v", code, err)
				}
				return
			}
			var m struct {
				ID, Type string
				Payload  json.RawMessage
			}
			if err := json.Unmarshal(data, &m); err != nil {
				t.Fatalf("%s: %v", data, err)
			}
			switch m.Type {
			case "connection_ack":
			case "next", "error", "complete":
				if m.ID == "" {
					t.Fatalf("about no operation: %s", data)
				}
			case "pong":
				if string(m.Payload) == last {
					return
				}
			default:
				t.Fatalf("a message that the protocol does not know: %s", data)
			}
		}
	})
}

// open is a place for anybody.
type open struct{}

func (open) Lost(func())                          {}
func (open) Stay(context.Context) *gqlerror.Error { return nil }
func (open) Leave()                               {}
func (open) Busy(bool)                            {}
