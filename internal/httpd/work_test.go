package httpd_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/internal/config"
	"github.com/openhomeroom/homeroom/internal/httpd"
)

// TestRequestsAtWorkAreBounded has clients ask over few connections of HTTP/2 and read
// nothing of the answers: as much as there is room for, and one request more.
func TestRequestsAtWorkAreBounded(t *testing.T) {
	t.Parallel()
	// A request takes 64 KiB: 16 by itself, and the rest is its address and its header.
	// One network has 32 MiB.
	const (
		takes, each = 64 << 10, 32 << 20
		fits        = each / takes
		path, name  = "/graphql", "X-Long"
		long        = takes - 16<<10 - len(path) - len(name) - 32
		// answer is more than a client takes that reads nothing.
		answer = 256 << 10
	)
	folder := t.TempDir()
	files := config.TLS{Cert: filepath.Join(folder, "cert.pem"), Key: filepath.Join(folder, "key.pem")}
	cert, key := pair(t, 1, time.Now().Add(time.Hour))
	write(t, files.Cert, cert)
	write(t, files.Key, key)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(cert)
	s := start(t, func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 {
			t.Errorf("a request comes by %s", r.Proto)
		}
		_, _ = w.Write(make([]byte, answer))
	}, func(c *config.Server, _ *httpd.Deps) { c.TLS, c.RequestTimeout = files, patience })

	var connections atomic.Int32
	client := func(from byte) http.RoundTripper {
		dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, from)}}
		c := &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true, DisableCompression: true,
			HTTP2: &http.HTTP2Config{MaxReceiveBufferPerStream: 64 << 10},
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				connections.Add(1)
				return dialer.DialContext(ctx, network, address)
			},
		}
		t.Cleanup(c.CloseIdleConnections)
		return c
	}
	ask := func(client http.RoundTripper, header int) (*http.Response, error) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet,
			strings.Replace(s.url, "http:", "https:", 1)+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		// The client adds nothing of its own.
		request.Header = http.Header{name: {strings.Repeat("a", header)}, "User-Agent": nil}
		resp, err := client.RoundTrip(request)
		if err == nil {
			t.Cleanup(func() { _ = resp.Body.Close() })
		}
		return resp, err
	}

	school := client(1)
	var waiting []*http.Response
	for i := range fits {
		resp, err := ask(school, long)
		if err != nil {
			t.Fatalf("request %d of %d: %v", i+1, fits, err)
		}
		waiting = append(waiting, resp)
	}
	if n := connections.Load(); n > 5 {
		t.Errorf("they come over %d connections", n)
	}
	for name, header := range map[string]int{"a long header": long, "hardly a header": 1} {
		if resp, err := ask(school, header); err == nil {
			t.Errorf("one more, with %s: %s", name, resp.Status)
		}
	}
	if _, err := ask(client(2), long); err != nil {
		t.Errorf("a request from elsewhere: %v", err)
	}
	for range 2 {
		last := waiting[len(waiting)-1]
		waiting = waiting[:len(waiting)-1]
		if n, err := io.Copy(io.Discard, last.Body); n != answer || err != nil {
			t.Fatalf("what was waiting has %d bytes: %v", n, err)
		}
		// Its room is free in a moment.
		for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
			resp, err := ask(school, long)
			if err == nil {
				waiting = append(waiting, resp)
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("what has been read makes no room: %v", err)
			}
		}
		if _, err := ask(school, long); err == nil {
			t.Error("what has been read makes room for two")
		}
	}
}
