package httpd_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/internal/config"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/httpd"
)

func TestReadiness(t *testing.T) {
	t.Parallel()
	check := func(t *testing.T, s *running, status int, reason string) {
		t.Helper()
		if r := s.send(t, "GET", "/readyz", nil); r.status != status || !strings.Contains(r.body, reason) {
			t.Errorf("/readyz: %d %s, want %d with %q", r.status, r.body, status, reason)
		}
		if r := s.send(t, "GET", "/healthz", nil); r.status != 200 {
			t.Errorf("/healthz: %d %s", r.status, r.body)
		}
	}
	with := func(d *database.DB) func(*config.Server, *httpd.Deps) {
		return func(_ *config.Server, deps *httpd.Deps) { deps.DB = d }
	}

	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		s := start(t, ok, with(d))
		check(t, s, 200, "ready")
		// All connections of everybody are at work.
		for range map[database.Kind]int{database.MySQL: 48, database.SQLite: 16}[d.Kind()] {
			rows, err := d.Query(t.Context(), "SELECT 1")
			if err != nil {
				t.Fatal(err)
			}
			defer rows.Close()
		}
		check(t, s, 200, "ready")
		d.Close()
		check(t, s, 503, "the database does not answer")
	})

	t.Run("a server is not ready until the migrations are applied", func(t *testing.T) {
		t.Parallel()
		d, err := database.Open(context.Background(), "sqlite:"+filepath.Join(t.TempDir(), "new.db"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { d.Close() })
		s := start(t, ok, with(d))
		check(t, s, 503, " migrations of the database have not been applied")
		if _, err := d.Migrate(context.Background()); err != nil {
			t.Fatal(err)
		}
		check(t, s, 200, "ready")
	})
}

func TestShutdown(t *testing.T) {
	t.Parallel()

	t.Run("a running request finishes, and meanwhile the server is not ready", func(t *testing.T) {
		t.Parallel()
		begun, end := make(chan struct{}), make(chan struct{})
		s := start(t, func(w http.ResponseWriter, r *http.Request) {
			close(begun)
			<-end
			if r.Context().Err() != nil {
				t.Error("the context of the request has ended")
			}
			ok(w, r)
		})
		answered := make(chan reply)
		go func() { answered <- s.send(t, "POST", "/graphql", nil) }()
		<-begun
		s.stop()
		status := 0
		for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
			recorder := httptest.NewRecorder()
			s.ServeHTTP(recorder, httptest.NewRequest("GET", "/readyz", nil))
			if status = recorder.Code; status == 503 && strings.Contains(recorder.Body.String(), "stopping") {
				break
			}
		}
		if status != 503 {
			t.Error("the server still says that it is ready")
		}
		if _, err := http.Get(s.url + "/healthz"); err == nil {
			t.Error("the server still takes requests")
		}
		select {
		case err := <-s.ended:
			t.Fatalf("the server ended before the request: %v", err)
		default:
		}
		close(end)
		if r := <-answered; r.status != 200 {
			t.Errorf("the request ended with %d", r.status)
		}
		if err := <-s.ended; err != nil {
			t.Errorf("the server ended with %v", err)
		}
	})

	t.Run("a request that takes too long is cut off, and its context ends", func(t *testing.T) {
		t.Parallel()
		begun, ended := make(chan struct{}), make(chan struct{})
		s := start(t, func(_ http.ResponseWriter, r *http.Request) {
			close(begun)
			<-r.Context().Done()
			close(ended)
		}, func(c *config.Server, _ *httpd.Deps) { c.ShutdownTimeout = 100 * time.Millisecond })
		go func() {
			if response, err := http.Get(s.url + "/graphql"); err == nil {
				response.Body.Close()
			}
		}()
		<-begun
		s.stop()
		if err := <-s.ended; err == nil || !strings.Contains(err.Error(), "cut off") {
			t.Errorf("the server ended with %v", err)
		}
		<-ended
	})

	t.Run("a stream ends at once", func(t *testing.T) {
		t.Parallel()
		s := start(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			_, _ = io.WriteString(w, "event: next\n\n")
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		})
		request, err := http.NewRequest("GET", s.url+"/graphql", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Accept", "text/event-stream")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		s.stop()
		if body, err := io.ReadAll(response.Body); err != nil || string(body) != "event: next\n\n" {
			t.Errorf("the stream ended with %q, %v", body, err)
		}
		if err := <-s.ended; err != nil {
			t.Errorf("the server ended with %v", err)
		}
	})

	t.Run("what could have been a stream, and is not, is waited for", func(t *testing.T) {
		t.Parallel()
		begun := make(chan struct{})
		s := start(t, func(w http.ResponseWriter, r *http.Request) {
			close(begun)
			// When nobody gets in any more, streams have been ended.
			for {
				conn, err := net.Dial("tcp", r.Host)
				if err != nil {
					break
				}
				conn.Close()
			}
			if r.Context().Err() == nil {
				_, _ = io.WriteString(w, "done")
			}
		})
		request, err := http.NewRequest("POST", s.url+"/graphql", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Accept", "application/json, text/event-stream")
		go func() { <-begun; s.stop() }()
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if body, err := io.ReadAll(response.Body); err != nil || string(body) != "done" {
			t.Errorf("the answer is %q, %v", body, err)
		}
		if err := <-s.ended; err != nil {
			t.Errorf("the server ended with %v", err)
		}
	})

	t.Run("a WebSocket is waited for", func(t *testing.T) {
		t.Parallel()
		var finished bool
		s := start(t, func(w http.ResponseWriter, r *http.Request) {
			conn, buffer, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			_, _ = buffer.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
			_ = buffer.Flush()
			<-r.Context().Done()
			time.Sleep(50 * time.Millisecond)
			finished = true
		})
		request, err := http.NewRequest("GET", s.url+"/graphql", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Connection", "Upgrade")
		request.Header.Set("Upgrade", "websocket")
		response, err := http.DefaultTransport.RoundTrip(request)
		if err != nil || response.StatusCode != 101 {
			t.Fatalf("%v, %v", response, err)
		}
		defer response.Body.Close()
		s.stop()
		if err := <-s.ended; err != nil || !finished {
			t.Errorf("the server ended with %v, the WebSocket finished: %v", err, finished)
		}
		if line := s.lines(t, "request", 1)[0]; line["status"] != 101.0 {
			t.Errorf("the log has %v", line)
		}
	})

	t.Run("a listener that fails is an error", func(t *testing.T) {
		t.Parallel()
		s := start(t, ok)
		if err := s.Serve(context.Background(), failing{}); !errors.Is(err, errFailing) {
			t.Errorf("got %v", err)
		}
	})
}

var errFailing = errors.New("no more connections")

type failing struct{}

func (failing) Accept() (net.Conn, error) { return nil, errFailing }
func (failing) Close() error              { return nil }
func (failing) Addr() net.Addr            { return &net.TCPAddr{} }
