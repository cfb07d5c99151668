package httpd_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/internal/config"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/httpd"
)

func TestRequestID(t *testing.T) {
	t.Parallel()
	var seen string
	s := start(t, func(_ http.ResponseWriter, r *http.Request) { seen = httpd.RequestID(r.Context()) })

	if r := s.send(t, "GET", "/graphql", nil, "X-Request-Id",
		"proxy-17.a_B"); r.header.Get("X-Request-Id") != "proxy-17.a_B" || seen != "proxy-17.a_B" {
		t.Errorf("the id of the proxy became %q and %q", r.header.Get("X-Request-Id"), seen)
	}
	known := map[string]bool{}
	for _, bad := range []string{"", "with blank", "ünicode", `"quoted"`, strings.Repeat("x", 65)} {
		id := s.send(t, "GET", "/graphql", nil, "X-Request-Id", bad).header.Get("X-Request-Id")
		if id == bad || len(id) < 20 || known[id] || seen != id {
			t.Errorf("%q became %q", bad, id)
		}
		known[id] = true
	}
	if id := httpd.RequestID(t.Context()); id != "" {
		t.Errorf("outside of a request the id is %q", id)
	}
}

func TestAccessLog(t *testing.T) {
	t.Parallel()
	d := dbtest.Open(t, database.SQLite)
	var log *slog.Logger
	s := start(t, func(w http.ResponseWriter, r *http.Request) {
		ctx := fixture.System()
		_, _ = io.Copy(io.Discard, r.Body)
		if _, err := d.Client(ctx).QueryContext(r.Context(), "SELECT 1"); err != nil {
			t.Error(err)
		}
		log.WarnContext(r.Context(), "a word from inside")
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "secret-cookie"})
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, "12345")
	}, func(_ *config.Server, deps *httpd.Deps) {
		deps.DB = d
		deps.Log = slog.New(httpd.NewLogHandler(deps.Log.Handler())).With("app", "homeroom")
		log = deps.Log
	})
	s.send(t, "POST", "/graphql?signature=secret-query", strings.NewReader("secret-body"),
		"Authorization", "Bearer secret-token", "X-Request-Id", "id-1")
	s.send(t, "GET", "/healthz", nil)

	line := s.lines(t, "request", 2)[0]
	for name, want := range map[string]any{
		"level": "INFO", "method": "POST", "path": "/graphql", "status": 418.0, "bytes": 5.0, "statements": 1.0, "request_id": "id-1", "app": "homeroom",
	} {
		if line[name] != want {
			t.Errorf("%s is %v, want %v", name, line[name], want)
		}
	}
	if took, ok := line["duration"].(float64); !ok || took <= 0 {
		t.Errorf("the duration is %v", line["duration"])
	}
	if inside := s.lines(t, "a word from inside", 1)[0]; inside["request_id"] != "id-1" {
		t.Errorf("what a handler logs has the id %v", inside["request_id"])
	}
	text := s.log.String()
	if strings.Contains(text, "secret") || strings.Count(text, `"request_id":"id-1"`) != 2 {
		t.Errorf("the log holds a secret, or the id twice in a line:\n%s", text)
	}
	if health := s.lines(t, "request", 2)[1]; health["level"] != "DEBUG" {
		t.Errorf("a health check is logged as %v", health["level"])
	}
}

func TestPanic(t *testing.T) {
	t.Parallel()
	s := start(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		if r.URL.Query().Has("late") {
			_, _ = io.WriteString(w, "half")
			_ = http.NewResponseController(w).Flush()
		}
		panic("a detail of the inside")
	})

	t.Run("before the answer the client gets an error without detail", func(t *testing.T) {
		t.Parallel()
		r := s.send(t, "POST", "/graphql", nil, "X-Request-Id", "early")
		if r.status != 500 || r.code() != "INTERNAL" || strings.Contains(r.body, "detail") ||
			!strings.Contains(r.body, `"requestId":"early"`) || r.header.Get("Content-Encoding") != "" {
			t.Errorf("%d %s %v", r.status, r.body, r.header)
		}
		for _, entry := range s.lines(t, "panic", 1) {
			if entry["value"] != "a detail of the inside" || !strings.Contains(entry["stack"].(string), "request_test.go") {
				t.Errorf("the log has %v", entry)
			}
		}
		for _, entry := range s.lines(t, "request", 1) {
			if entry["request_id"] == "early" && (entry["status"] != 500.0 || entry["level"] != "ERROR") {
				t.Errorf("the log has %v", entry)
			}
		}
	})

	t.Run("in the middle of the answer the connection is cut", func(t *testing.T) {
		t.Parallel()
		response, err := http.Get(s.url + "/graphql?late")
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if _, err := io.ReadAll(response.Body); err == nil {
			t.Error("the answer looks complete")
		}
	})
}

// TestWhoGoesAwayIsNoError says that a request which its client has given up is no error of
// the server, whatever would have been answered.
func TestWhoGoesAwayIsNoError(t *testing.T) {
	t.Parallel()
	begun := make(chan struct{})
	s := start(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RawQuery == "" {
			close(begun)
			<-r.Context().Done()
		}
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	ctx, leave := context.WithCancel(t.Context())
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/graphql", nil)
	if err != nil {
		t.Fatal(err)
	}
	go func() { <-begun; leave() }()
	if response, err := http.DefaultClient.Do(request); err == nil {
		response.Body.Close()
		t.Error("the client is still there")
	}
	s.send(t, http.MethodGet, "/graphql?stays", nil)
	s.stop()
	<-s.ended
	if said := s.log.String(); strings.Count(said, `"status":503`) != 2 || strings.Count(said, `"level":"ERROR"`) != 1 {
		t.Errorf("the log says %s", said)
	}
}
