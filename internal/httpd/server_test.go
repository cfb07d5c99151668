package httpd_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/internal/config"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/httpd"
)

// running is a server on the loopback interface.
type running struct {
	*httpd.Server
	url  string
	log  *buffer
	stop context.CancelFunc
	// ended gives what Serve returned.
	ended chan error
}

// buffer is a log that several goroutines write.
type buffer struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.text.String()
}

const allowed = "https://dashboard.example.org"

// start runs a server with small limits around a handler for /graphql.
func start(t *testing.T, graphQL http.HandlerFunc, change ...func(*config.Server, *httpd.Deps)) *running {
	t.Helper()
	cfg := config.Default().Server
	cfg.AllowedOrigins = []string{allowed}
	cfg.MaxRequestBytes, cfg.MaxUploadBytes = 2<<10, 64<<10
	log := &buffer{}
	deps := httpd.Deps{
		GraphQL: graphQL,
		Log:     slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, c := range change {
		c(&cfg, &deps)
	}
	if deps.DB == nil {
		deps.DB = dbtest.Open(t, database.SQLite)
	}
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &running{
		Server: httpd.New(cfg, deps),
		url:    "http://" + listener.Addr().String(),
		log:    log,
		stop:   stop,
		ended:  make(chan error, 1),
	}
	go func() {
		s.ended <- s.Serve(ctx, listener)
		close(s.ended)
	}()
	t.Cleanup(func() {
		stop()
		<-s.ended
	})
	return s
}

// reply is an answer that has been read.
type reply struct {
	status int
	header http.Header
	body   string
}

// code is the code of the first error.
func (r reply) code() string {
	var content struct {
		Errors []struct{ Extensions struct{ Code string } }
	}
	if json.Unmarshal([]byte(r.body), &content) != nil || len(content.Errors) != 1 {
		return "none in " + r.body
	}
	return content.Errors[0].Extensions.Code
}

// send sends a request with headers given as name, value, name, value.
func (s *running) send(t *testing.T, method, path string, body io.Reader, headers ...string) reply {
	t.Helper()
	request, err := http.NewRequest(method, s.url+path, body)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{response.StatusCode, response.Header, string(content)}
}

// patience is how long a test waits for what must come. It is only used up by a test
// that fails.
const patience = 5 * time.Minute

// lines are the entries of the log with a message, once there are as many as
// wanted: an entry is written after the answer.
func (s *running) lines(t *testing.T, message string, want int) []map[string]any {
	t.Helper()
	var found []map[string]any
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		found = nil
		for line := range strings.Lines(s.log.String()) {
			entry := map[string]any{}
			if json.Unmarshal([]byte(line), &entry) == nil && entry["msg"] == message {
				found = append(found, entry)
			}
		}
		if len(found) >= want {
			return found
		}
	}
	t.Fatalf("the log has %d entries %q, want %d:\n%s", len(found), message, want, s.log)
	return nil
}

func ok(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"data":{}}`) }

func TestRoutes(t *testing.T) {
	t.Parallel()
	named := func(name string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, name) })
	}
	s := start(t, ok, func(_ *config.Server, d *httpd.Deps) {
		d.GraphiQL, d.Home, d.Downloads = named("graphiql"), named("home"), named("downloads")
	})
	for path, want := range map[string]string{
		"/": "home", "/graphql": `{"data":{}}`, "/graphiql": "graphiql", "/graphiql/assets/x.js": "graphiql", "/downloads/students.csv": "downloads",
		"/healthz": `{"status":"ok"}` + "\n", "/readyz": `{"status":"ready"}` + "\n",
	} {
		if r := s.send(t, "GET", path, nil); r.status != 200 || r.body != want {
			t.Errorf("%s: %d %q, want %q", path, r.status, r.body, want)
		}
	}
	for _, path := range []string{"/graphql/", "/nothing", "/index.html", "/healthz/x"} {
		if r := s.send(t, "GET", path, nil); r.status != 404 || r.code() != "NOT_FOUND" {
			t.Errorf("%s: %d %s", path, r.status, r.body)
		}
	}

	t.Run("every answer has the headers that keep browsers careful", func(t *testing.T) {
		t.Parallel()
		for _, path := range []string{"/graphql", "/nothing", "/healthz"} {
			h := s.send(t, "GET", path, nil).header
			for name, want := range map[string]string{
				"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
				"Cache-Control": "no-store", "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
			} {
				if h.Get(name) != want {
					t.Errorf("%s of %s is %q", name, path, h.Get(name))
				}
			}
		}
	})

	t.Run("a handler that is not given does not exist", func(t *testing.T) {
		t.Parallel()
		if r := start(t, ok).send(t, "GET", "/downloads/x", nil); r.status != 404 {
			t.Errorf("got %d", r.status)
		}
	})
}
