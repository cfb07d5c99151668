package graph_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/openhomeroom/homeroom/graph/transport"
	"github.com/openhomeroom/homeroom/internal/config"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/httpd"
	"github.com/openhomeroom/homeroom/internal/testlog"
)

// TestBehindTheHTTPServer checks that the endpoint and the server in front of it fit
// together.
func TestBehindTheHTTPServer(t *testing.T) {
	t.Parallel()
	d := dbtest.Open(t, database.SQLite)
	s := newServer(t, d)
	cfg := config.Default().Server
	cfg.MaxRequestBytes, cfg.MaxUploadBytes, cfg.RequestTimeout = 16<<10, 256<<10, time.Second
	cfg.AllowedOrigins = []string{"https://dashboard.example.org"}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	server := httpd.New(cfg, httpd.Deps{GraphQL: s.endpoint, DB: d, Log: testlog.New(t)})
	go func() { ended <- server.Serve(ctx, listener) }()
	// The helpers ask this server from here on.
	s.token(t, s.NorthAdmin)
	s.http.Close()
	s.http = &httptest.Server{URL: "http://" + listener.Addr().String()}
	notices := s.names(nil).Replace(`subscription { dashboardNotifications(organizationId: "{{North}}") { count } }`)

	send := func(t *testing.T, media string, body io.Reader) (int, answer) {
		t.Helper()
		req, err := http.NewRequest(http.MethodPost, s.http.URL+"/graphql", body)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", media)
		req.Header.Set("Authorization", "Bearer "+s.token(t, s.NorthAdmin))
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var a answer
		if err := json.NewDecoder(resp.Body).Decode(&a); err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, a
	}

	t.Run("a body and a file that are too large are 413, with and without a length", func(t *testing.T) {
		long := `{"query":"{ __typename }"` + strings.Repeat(" ", 20<<10) + `}`
		var file bytes.Buffer
		form := multipart.NewWriter(&file)
		_ = form.WriteField("operations", s.importing("{{North}}", "IMPORT_GROUPS"))
		_ = form.WriteField("map", `{"0":["variables.file"]}`)
		part, _ := form.CreateFormFile("0", "x.csv")
		_, _ = part.Write(make([]byte, 300<<10))
		_ = form.Close()
		for _, c := range []struct {
			media string
			body  io.Reader
		}{
			{"application/json", strings.NewReader(long)},
			{"application/json", io.MultiReader(strings.NewReader(long))},
			{form.FormDataContentType(), bytes.NewReader(file.Bytes())},
			{form.FormDataContentType(), io.MultiReader(bytes.NewReader(file.Bytes()))},
		} {
			if status, a := send(t, c.media, c.body); status != 413 || a.code() != "PAYLOAD_TOO_LARGE" {
				t.Errorf("%s: got %d %+v", c.media, status, a)
			}
		}
	})

	dial := func(origin string) (*websocket.Conn, *http.Response, error) {
		return websocket.Dial(t.Context(), s.http.URL+"/graphql",
			&websocket.DialOptions{Subprotocols: []string{transport.Subprotocol}, HTTPHeader: http.Header{"Origin": {origin}}})
	}
	t.Run("a page of another site gets no WebSocket", func(t *testing.T) {
		if _, resp, err := dial("https://evil.example.org"); err == nil || resp == nil || resp.StatusCode != 403 {
			t.Errorf("got %v, %v", resp, err)
		}
		conn, _, err := dial("https://dashboard.example.org")
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.CloseNow()
	})

	t.Run("streams outlive the time of a request, and end when the server does", func(t *testing.T) {
		events := s.watch(t, s.NorthAdmin, notices)
		next(t, events)
		c := s.connected(t, s.NorthAdmin)
		c.subscribe("1", notices)
		c.read()
		time.Sleep(cfg.RequestTimeout + 500*time.Millisecond)
		s.Student(t, s.North, "Ada", "Lovelace", 600)
		if _, a := next(t, events); a.at("dashboardNotifications.0.count") != 1.0 {
			t.Errorf("got %+v", a)
		}
		if f := c.read(); f.Type != "next" {
			t.Errorf("got %+v", f)
		}
		stop()
		if code := c.closed(); code != int(websocket.StatusGoingAway) {
			t.Errorf("closed with %d", code)
		}
		if e, open := <-events; open {
			t.Errorf("got %+v", e)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
