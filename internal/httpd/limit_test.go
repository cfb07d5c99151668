package httpd_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/internal/config"
	"github.com/openhomeroom/homeroom/internal/httpd"
)

// chunked hides the length of a body.
func chunked(n int) io.Reader {
	return struct{ io.Reader }{bytes.NewReader(make([]byte, n))}
}

const multipart = "multipart/form-data; boundary=x"

func TestBodyLimit(t *testing.T) {
	t.Parallel()
	// The handler reads everything and answers 200 whatever happened, as one
	// that streams, or packs errors into its answer, does.
	read := make(chan int64, 100)
	s := start(t, func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		read <- n
		w.Header().Set("Content-Length", "2")
		_, _ = io.WriteString(w, "ok")
	})
	const small, large = 2 << 10, 64 << 10
	for name, c := range map[string]struct {
		body        io.Reader
		contentType string
		status      int
		read        int64
	}{
		"an ordinary request at the limit":           {bytes.NewReader(make([]byte, small)), "application/json", 200, small},
		"an ordinary request over it, announced":     {bytes.NewReader(make([]byte, small+1)), "application/json", 413, -1},
		"an ordinary request over it, in chunks":     {chunked(small + 1), "application/json", 413, small},
		"an upload over the limit of ordinary ones":  {chunked(small + 1), multipart, 200, small + 1},
		"an upload at its limit":                     {bytes.NewReader(make([]byte, large)), multipart, 200, large},
		"an upload over it, announced":               {bytes.NewReader(make([]byte, large+1)), multipart, 413, -1},
		"an upload over it, in chunks":               {chunked(large + 1), multipart, 413, large},
		"a form that only looks like an upload":      {chunked(small + 1), "multipart/mixed", 413, small},
		"a content type that nobody can read":        {chunked(small + 1), "multipart/form-data; =", 413, small},
		"a chunked request without a body worth it":  {chunked(0), "application/json", 200, 0},
		"an ordinary request without a content type": {chunked(small + 1), "", 413, small},
	} {
		r := s.send(t, "POST", "/graphql", c.body, "Content-Type", c.contentType, "Origin", allowed)
		got := int64(-1)
		if len(read) > 0 {
			got = <-read
		}
		if r.status != c.status || got != c.read {
			t.Errorf("%s: %d after %d bytes, want %d after %d", name, r.status, got, c.status, c.read)
		}
		if c.status == 413 && (r.code() != "PAYLOAD_TOO_LARGE" || r.header.Get("Access-Control-Allow-Origin") != allowed) {
			t.Errorf("%s: %s %v", name, r.body, r.header)
		}
	}
	silent := start(t, func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })
	if r := silent.send(t, "POST", "/graphql", chunked(small+1)); r.status != 413 || r.code() != "PAYLOAD_TOO_LARGE" {
		t.Errorf("a handler that says nothing: %d %s", r.status, r.body)
	}
}

func TestTimeLimit(t *testing.T) {
	t.Parallel()
	// A machine that has other things to do sends the next byte within this time.
	const limit = 5 * time.Second
	timeout := func(c *config.Server, _ *httpd.Deps) { c.RequestTimeout = limit }

	t.Run("a request ends at the timeout, an upload and a stream do not", func(t *testing.T) {
		t.Parallel()
		s := start(t, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			// Readers of forms ask once more after the end.
			_, _ = r.Body.Read(make([]byte, 1))
			select {
			case <-r.Context().Done():
				_, _ = io.WriteString(w, context.Cause(r.Context()).Error())
			case <-time.After(limit + time.Second):
				_, _ = io.WriteString(w, "done")
			}
		}, timeout)
		for want, headers := range map[string][]string{
			context.DeadlineExceeded.Error(): {"Content-Type", "application/json"},
			// A POST opens no WebSocket.
			context.DeadlineExceeded.Error() + " ": {"Upgrade", "websocket"},
			"done":                                 {"Content-Type", multipart},
			"done ":                                {"Accept", "text/event-stream"},
		} {
			t.Run(headers[1], func(t *testing.T) {
				t.Parallel()
				r := s.send(t, "POST", "/graphql", chunked(10), headers...)
				if r.status != 200 || r.body != strings.TrimSpace(want) {
					t.Errorf("%d %q, want %q", r.status, r.body, want)
				}
			})
		}
	})

	t.Run("a body that trickles is given up, an upload that goes on is not", func(t *testing.T) {
		t.Parallel()
		s := start(t, func(w http.ResponseWriter, r *http.Request) {
			n, err := io.Copy(io.Discard, r.Body)
			fmt.Fprint(w, n, err)
		}, timeout)
		for contentType, want := range map[string]string{"application/json": "408 ", multipart: "200 8 <nil>"} {
			t.Run(contentType, func(t *testing.T) {
				t.Parallel()
				conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				fmt.Fprintf(conn, "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\nContent-Type: %s\r\n\r\n", contentType)
				for range 8 {
					time.Sleep(limit / 7)
					_, _ = io.WriteString(conn, "x")
				}
				response, err := http.ReadResponse(bufio.NewReader(conn), nil)
				if err != nil {
					t.Fatal(err)
				}
				defer response.Body.Close()
				body, err := io.ReadAll(response.Body)
				if got := fmt.Sprintf("%d %s", response.StatusCode, body); err != nil || !strings.HasPrefix(got, want) {
					t.Errorf("got %s, %v; want %s", got, err, want)
				}
			})
		}
	})

	t.Run("a client that accepts nothing does not keep a download running", func(t *testing.T) {
		t.Parallel()
		ended := make(chan error, 1)
		s := start(t, ok, timeout, func(_ *config.Server, d *httpd.Deps) {
			d.Downloads = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				var err error
				for piece := make([]byte, 1<<20); err == nil; {
					_, err = w.Write(piece)
				}
				ended <- err
			})
		})
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "GET /downloads/x HTTP/1.1\r\nHost: x\r\n\r\n")
		select {
		case <-ended:
		case <-time.After(patience):
			t.Error("it still runs")
		}
	})
}

func TestOnlyAPostIsAForm(t *testing.T) {
	t.Parallel()
	limited := make(chan bool, 1)
	s := start(t, func(_ http.ResponseWriter, r *http.Request) {
		_, ok := r.Context().Deadline()
		limited <- ok
	})
	for method, want := range map[string]bool{http.MethodGet: true, http.MethodPut: true, http.MethodPost: false} {
		req, err := http.NewRequest(method, s.url+"/graphql", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "multipart/form-data; boundary=x")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if got := <-limited; got != want {
			t.Errorf("%s has a limit of time: %v, want %v", method, got, want)
		}
	}
}
