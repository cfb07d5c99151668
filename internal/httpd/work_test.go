package httpd_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
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
	"github.com/openhomeroom/homeroom/internal/viewer"
)

// A request of these tests takes 32 KiB: 16 by itself, and the rest is its address and
// its header. A network of strangers has 16 MiB.
const (
	workTakes = 32 << 10
	workFits  = 16 << 20 / workTakes
	workName  = "X-Long"
)

// overHTTP2 is a server with HTTP/2 and how to ask it.
type overHTTP2 struct {
	*running
	roots       *x509.CertPool
	connections atomic.Int32
}

func startHTTP2(t *testing.T, h http.HandlerFunc) *overHTTP2 {
	t.Helper()
	folder := t.TempDir()
	files := config.TLS{Cert: filepath.Join(folder, "cert.pem"), Key: filepath.Join(folder, "key.pem")}
	cert, key := pair(t, 1, time.Now().Add(time.Hour))
	write(t, files.Cert, cert)
	write(t, files.Key, key)
	s := &overHTTP2{roots: x509.NewCertPool()}
	s.roots.AppendCertsFromPEM(cert)
	s.running = start(t, func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 {
			t.Errorf("a request comes by %s", r.Proto)
		}
		h(w, r)
	}, func(c *config.Server, _ *httpd.Deps) { c.TLS, c.RequestTimeout = files, patience })
	return s
}

// client asks from an address of its own.
func (s *overHTTP2) client(t *testing.T, from byte) http.RoundTripper {
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, from)}}
	c := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: s.roots}, ForceAttemptHTTP2: true, DisableCompression: true,
		HTTP2: &http.HTTP2Config{MaxReceiveBufferPerStream: 64 << 10},
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			s.connections.Add(1)
			return dialer.DialContext(ctx, network, address)
		},
	}
	t.Cleanup(c.CloseIdleConnections)
	return c
}

// ask sends a request that takes as much as given; the answer is not read.
func (s *overHTTP2) ask(t *testing.T, client http.RoundTripper, path string, takes int,
	headers ...string) (*http.Response, error) {
	t.Helper()
	address := strings.Replace(s.url, "http:", "https:", 1) + path
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	long := max(0, takes-16<<10-len(path)-len(workName)-64)
	for i := 0; i < len(headers); i += 2 {
		long -= len(headers[i]) + len(headers[i+1]) + 64
	}
	// The client adds nothing of its own.
	request.Header = http.Header{workName: {strings.Repeat("a", max(0, long))}, "User-Agent": nil}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	resp, err := client.RoundTrip(request)
	if err == nil {
		t.Cleanup(func() { _ = resp.Body.Close() })
	}
	return resp, err
}

// must is ask for a request that has to be answered.
func (s *overHTTP2) must(t *testing.T, client http.RoundTripper, path string, takes int,
	headers ...string) *http.Response {
	t.Helper()
	resp, err := s.ask(t, client, path, takes, headers...)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

// TestRequestsAtWorkAreBounded has clients ask over few connections of HTTP/2 and read
// nothing of the answers: as much as there is room for, and more.
func TestRequestsAtWorkAreBounded(t *testing.T) {
	t.Parallel()
	// This is more than a client takes that reads nothing.
	const answer = 256 << 10
	s := startHTTP2(t, func(w http.ResponseWriter, r *http.Request) {
		if from := r.Header.Get("Signed-In"); from != "" {
			if err := viewer.Tell(r.Context(), &viewer.Viewer{EducatorID: len(from), DistrictID: 1}); err != nil {
				t.Error(err)
			}
		}
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush()
		_, _ = w.Write(make([]byte, answer))
	})
	read := func(resp *http.Response) (int64, error) { return io.Copy(io.Discard, resp.Body) }
	school := s.client(t, 1)
	signedIn := s.must(t, school, "/graphql", workTakes, "Signed-In", "a")
	elsewhere := s.must(t, s.client(t, 2), "/graphql", workTakes)
	var waiting []*http.Response
	for range workFits {
		waiting = append(waiting, s.must(t, school, "/graphql", workTakes))
	}
	if n := s.connections.Load(); n > 12 {
		t.Errorf("they come over %d connections", n)
	}
	// The next client has room, because those who read nothing lose theirs.
	next := s.must(t, school, "/graphql", workTakes)
	for range 2 * workFits {
		s.must(t, school, "/graphql", workTakes)
	}
	for i, resp := range waiting {
		if n, err := read(resp); err == nil {
			t.Fatalf("request %d has waited longest and is read to %d bytes", i, n)
		}
	}
	if _, err := read(next); err == nil {
		t.Error("those who come later make no room in their turn")
	}
	last := s.must(t, school, "/graphql", workTakes)
	for what, resp := range map[string]*http.Response{
		"the last one": last, "somebody elsewhere": elsewhere, "somebody who has signed in": signedIn,
	} {
		if n, err := read(resp); n != answer || err != nil {
			t.Errorf("%s reads %d bytes: %v", what, n, err)
		}
	}
	found := s.lines(t, "requests were refused or cut off, because others took all the room", 1)
	if len(found) == 0 || found[0]["cut_off"] == 0.0 || found[0]["network"] != "127.0.0.1" {
		t.Errorf("the log says %v", found)
	}
}

// TestRequestsThatFindNoRoomAreTold has requests at work that wait for nobody, so that
// none of them is cut off.
func TestRequestsThatFindNoRoomAreTold(t *testing.T) {
	t.Parallel()
	entered, leave := make(chan struct{}, 2*workFits), make(chan struct{})
	s := startHTTP2(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Signed-In") != "" && viewer.Tell(r.Context(), &viewer.Viewer{EducatorID: 1, DistrictID: 1}) != nil {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		entered <- struct{}{}
		<-leave
	})
	school := s.client(t, 1)
	answers := make(chan error, 2*workFits)
	ask := func(headers ...string) {
		resp, err := s.ask(t, school, "/graphql", workTakes, headers...)
		if err == nil && resp.StatusCode != http.StatusOK {
			err = http.ErrNotSupported
		}
		answers <- err
	}
	for range workFits {
		go ask()
		<-entered
	}
	resp := s.must(t, school, "/graphql", workTakes)
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" ||
		!bytes.Contains(body, []byte("UNAVAILABLE")) {
		t.Errorf("one more: %s %s, %v", resp.Status, body, err)
	}
	if found := s.lines(t, "requests were refused or cut off, because others took all the room", 1); found[0]["refused"] != 1.0 {
		t.Errorf("the log says %v", found)
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		if resp := s.must(t, school, path, workTakes); resp.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", path, resp.Status)
		}
	}
	close(leave)
	for range workFits {
		if err := <-answers; err != nil {
			t.Fatal(err)
		}
	}
}

// TestHeadersAreShort asks with as much as browsers send, and with more, by each
// protocol.
func TestHeadersAreShort(t *testing.T) {
	t.Parallel()
	plain, secure := start(t, ok), startHTTP2(t, ok)
	for size, want := range map[int]int{24 << 10: http.StatusOK, 48 << 10: http.StatusRequestHeaderFieldsTooLarge} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, plain.url+"/graphql", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set(workName, strings.Repeat("a", size))
		resp, err := http.DefaultTransport.RoundTrip(request)
		// A server that has said so closes the connection, and the client may see only that.
		if err == nil && resp.StatusCode != want || err != nil && want == http.StatusOK {
			t.Errorf("%d bytes by HTTP/1: %v, %v", size, resp, err)
		}
		resp, err = secure.ask(t, secure.client(t, 1), "/graphql", size+16<<10)
		if err == nil && resp.StatusCode != want || err != nil && want == http.StatusOK {
			t.Errorf("%d bytes by HTTP/2: %v, %v", size, resp, err)
		}
	}
}

// TestAConnectionOfHTTP2TakesLittle reads what the server lets a client send.
func TestAConnectionOfHTTP2TakesLittle(t *testing.T) {
	t.Parallel()
	s := startHTTP2(t, ok)
	conn, err := tls.Dial("tcp", strings.TrimPrefix(s.url, "http://"),
		&tls.Config{RootCAs: s.roots, NextProtos: []string{"h2"}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"); err != nil {
		t.Fatal(err)
	}
	// RFC 9113 numbers the settings and begins with a window of 64 KiB less one.
	const table, streams, window, frame, headers = 1, 3, 4, 5, 6
	settings, buffer := map[uint16]uint32{table: 4 << 10, frame: 16 << 10}, uint32(64<<10-1)
	for seen := false; !seen; {
		head := make([]byte, 9)
		if _, err := io.ReadFull(conn, head); err != nil {
			t.Fatal(err)
		}
		content := make([]byte, binary.BigEndian.Uint32(head[:4])>>8)
		if _, err := io.ReadFull(conn, content); err != nil {
			t.Fatal(err)
		}
		switch kind, flags := head[3], head[4]; {
		case kind == 4 && flags&1 == 0:
			for ; len(content) >= 6; content = content[6:] {
				settings[binary.BigEndian.Uint16(content)] = binary.BigEndian.Uint32(content[2:])
			}
		case kind == 4:
			seen = true
		case kind == 8:
			buffer += binary.BigEndian.Uint32(content)
		}
	}
	for what, c := range map[string]struct{ got, most uint32 }{
		"for headers that are known": {settings[table], 4 << 10}, "requests at a time": {settings[streams], 100},
		"of a body": {settings[window], 64 << 10}, "of a frame": {settings[frame], 16 << 10},
		"of a header": {settings[headers], 33 << 10}, "of all bodies": {buffer, 128 << 10},
	} {
		if c.got == 0 || c.got > c.most {
			t.Errorf("a client may send %d %s, want at most %d", c.got, what, c.most)
		}
	}
}
