package graph_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/openhomeroom/homeroom/graph/transport"
	"github.com/openhomeroom/homeroom/internal/config"
	"github.com/openhomeroom/homeroom/internal/httpd"
	"github.com/openhomeroom/homeroom/internal/testlog"
)

// behind puts the HTTP server before the endpoint, as in production. Requests say in
// X-Forwarded-For where they come from.
func (s *server) behind(t testing.TB) {
	t.Helper()
	cfg := config.Default().Server
	cfg.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	server := httpd.New(cfg, httpd.Deps{GraphQL: s.endpoint, Downloads: s.downloads, DB: s.DB, Log: testlog.New(t)})
	go func() { ended <- server.Serve(ctx, listener) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	s.http.Close()
	s.http = &httptest.Server{URL: "http://" + listener.Addr().String()}
}

// dialFrom opens a WebSocket from an address; the response says why there is none.
func (s *server) dialFrom(t testing.TB, address, token string) (*socket, *http.Response) {
	t.Helper()
	header := http.Header{"X-Forwarded-For": {address}}
	if token != "" {
		header.Set("Authorization", "Bearer "+token)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, resp, err := websocket.Dial(ctx, s.http.URL+"/graphql",
		&websocket.DialOptions{Subprotocols: []string{transport.Subprotocol}, HTTPHeader: header})
	if err != nil {
		if resp == nil {
			t.Fatal(err)
		}
		return nil, resp
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	return &socket{t, conn}, resp
}

// eventually waits until something is so, which happens in its own time.
func eventually(t testing.TB, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if so() {
			return
		}
	}
	t.Error("it has not become so")
}
