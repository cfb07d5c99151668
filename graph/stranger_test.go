package graph_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/graph"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
)

// sending is a request whose body arrives in pieces.
type sending struct {
	t      testing.TB
	conn   net.Conn
	answer *bufio.Reader
}

// begin sends the head of a request from an address; without a token, nobody is signed in.
// If length is 0, the body is chunked.
func (s *server) begin(t testing.TB, from, token string, length int) *sending {
	t.Helper()
	return s.beginOf(t, from, token, "application/json", length)
}

func (s *server) beginOf(t testing.TB, from, token, media string, length int) *sending {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.http.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	c := &sending{t, conn, bufio.NewReader(conn)}
	framing := "Transfer-Encoding: chunked"
	if length > 0 {
		framing = fmt.Sprint("Content-Length: ", length)
	}
	if token != "" {
		framing += "\r\nAuthorization: Bearer " + token
	}
	c.write("POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: " + media + "\r\nX-Forwarded-For: " + from + "\r\n" +
		framing + "\r\n\r\n")
	return c
}

func (c *sending) write(text string) {
	// The connection of a refused client may be closed.
	_, _ = io.WriteString(c.conn, text)
}

// chunk sends a piece of a body that has no length.
func (c *sending) chunk(text string) { c.write(fmt.Sprintf("%x\r\n%s\r\n", len(text), text)) }

// status is that of the answer, which must come, and what it says.
func (c *sending) status() (*http.Response, string) {
	c.t.Helper()
	_ = c.conn.SetReadDeadline(time.Now().Add(patience))
	resp, err := http.ReadResponse(c.answer, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	return resp, string(body)
}

// TestBodiesOfStrangers limits what somebody may send who has not signed in, behind the
// HTTP server and a proxy.
func TestBodiesOfStrangers(t *testing.T) {
	t.Parallel()
	const ask = `{"query":"{ signInProviders { name } }"}`
	padded := func(bytes int) string { return ask + strings.Repeat(" ", bytes-len(ask)) }
	start := func(t *testing.T, change func(l *graph.Limits)) *server {
		s := newServer(t, dbtest.Open(t, database.SQLite), change)
		s.token(t, s.NorthAdmin)
		s.behind(t)
		return s
	}

	t.Run("64 KiB are taken, and one byte more only of those who have signed in", func(t *testing.T) {
		t.Parallel()
		s := start(t, func(*graph.Limits) {})
		for _, c := range []struct {
			bytes  int
			token  string
			served bool
		}{{64 << 10, "", true}, {64<<10 + 1, "", false}, {900 << 10, "", false}, {64<<10 + 1, s.token(t, s.NorthAdmin), true},
			{900 << 10, s.token(t, s.NorthAdmin), true}} {
			for _, length := range []int{0, c.bytes} {
				r := s.begin(t, "198.51.100.1", c.token, length)
				go func() {
					if length > 0 {
						r.write(padded(c.bytes))
					} else {
						r.chunk(padded(c.bytes))
						r.write("0\r\n\r\n")
					}
				}()
				if _, body := r.status(); strings.Contains(body, `"data"`) != c.served || !c.served && !strings.Contains(body, un) {
					t.Errorf("%d bytes, chunked: %v, signed in: %v: got %s", c.bytes, length == 0, c.token != "", body)
				}
			}
		}
	})

	t.Run("a body that announces too much is refused before it comes", func(t *testing.T) {
		t.Parallel()
		s := start(t, func(*graph.Limits) {})
		if _, body := s.begin(t, "198.51.100.1", "", 900_000).status(); !strings.Contains(body, un) {
			t.Errorf("got %s", body)
		}
	})

	t.Run("a body that comes slowly ends in time, that of a caller later", func(t *testing.T) {
		t.Parallel()
		s := start(t, func(l *graph.Limits) { l.StrangerPatience = 300 * time.Millisecond })
		caller := s.begin(t, "198.51.100.1", s.token(t, s.NorthAdmin), len(ask))
		caller.write(ask[:10])
		stranger := s.begin(t, "198.51.100.1", "", len(ask))
		stranger.write(ask[:10])
		if resp, body := stranger.status(); resp.StatusCode != http.StatusRequestTimeout {
			t.Errorf("got %s %s", resp.Status, body)
		}
		caller.write(ask[10:])
		if resp, body := caller.status(); resp.StatusCode != http.StatusOK {
			t.Errorf("got %s %s", resp.Status, body)
		}
	})

	t.Run("what many send together has an end, for each network and in all", func(t *testing.T) {
		t.Parallel()
		// A network gets 128 KiB: two large bodies. All strangers get 256 KiB.
		s := start(t, func(l *graph.Limits) {
			// Those that are held stay until the test lets them go, however busy the machine is.
			l.BodyMemory, l.RequestBytes, l.StrangerPatience = 1<<20, 512<<10, 10*time.Minute
			l.VariableBytes = 128 // what they take after decoding adds next to nothing
		})
		hold := func(from string) *sending {
			r := s.begin(t, from, "", 0)
			r.chunk(strings.Repeat(" ", 60<<10))
			return r
		}
		refused := func(r *sending, status int) {
			t.Helper()
			resp, body := r.status()
			if resp.StatusCode != status || resp.Header.Get("Retry-After") == "" {
				t.Errorf("got %s %v %s; want %d", resp.Status, resp.Header, body, status)
			}
		}
		served := func(r *sending) {
			t.Helper()
			if resp, body := r.status(); resp.StatusCode != http.StatusOK || !strings.Contains(body, `"data"`) {
				t.Errorf("got %s %s", resp.Status, body)
			}
		}
		small := func(from, token string) *sending {
			r := s.begin(t, from, token, len(ask))
			r.write(ask)
			return r
		}
		var held []*sending
		fill := func(from string) {
			t.Helper()
			for range 2 {
				held = append(held, hold(from))
			}
			// Both have arrived when there is no more room.
			eventually(t, func() bool {
				r := s.begin(t, from, "", 20<<10)
				r.write(padded(20 << 10))
				resp, _ := r.status()
				return resp.StatusCode == http.StatusTooManyRequests
			})
		}
		fill("198.51.100.1")
		refused(hold("198.51.100.1"), http.StatusTooManyRequests)
		served(small("198.51.100.2", ""))
		fill("198.51.100.3")
		refused(hold("198.51.100.4"), http.StatusServiceUnavailable)
		// For a body as short as a sign-in, one of those that have begun makes room.
		served(small("198.51.100.4", ""))
		// Strangers do not take the room of callers who have signed in.
		served(small("198.51.100.1", s.token(t, s.NorthAdmin)))
		// A body that has been answered has made room.
		for _, r := range held[1:2] {
			r.chunk(ask)
			r.write("0\r\n\r\n")
			served(r)
		}
		served(small("198.51.100.4", ""))
	})

	t.Run("bodies that do not come keep nobody else in the network from signing in", func(t *testing.T) {
		t.Parallel()
		// A network gets 128 KiB: 32 bodies that have begun.
		s := start(t, func(l *graph.Limits) { l.BodyMemory, l.RequestBytes, l.VariableBytes = 1<<20, 512<<10, 128 })
		var held []*sending
		for range 40 {
			r := s.begin(t, "198.51.100.1", "", 60_000)
			r.write(" ")
			held = append(held, r)
		}
		ended := func() (n int) {
			for _, r := range held {
				_ = r.conn.SetReadDeadline(time.Now().Add(time.Millisecond))
				if _, err := r.answer.Peek(1); err == nil {
					n++
				}
			}
			return n
		}
		eventually(t, func() bool { return ended() == 40-32 })
		for i := range 40 {
			r := s.begin(t, "198.51.100.1", "", len(ask))
			r.write(ask)
			if resp, body := r.status(); resp.StatusCode != http.StatusOK || !strings.Contains(body, `"data"`) {
				t.Fatalf("request %d: got %s %s", i, resp.Status, body)
			}
		}
		if n := ended(); n != 40-32+1 {
			t.Errorf("%d bodies have ended; want one to have made room, as long as nobody else comes", n)
		}
	})

	t.Run("hundreds of bodies from one network hold two megabytes", func(t *testing.T) {
		t.Parallel()
		s := start(t, func(*graph.Limits) {})
		const size = 60 << 10
		var all []*sending
		for range 100 {
			r := s.begin(t, "198.51.100.1", "", 0)
			r.chunk(strings.Repeat(" ", size))
			all = append(all, r)
		}
		// Requests that are not refused are held. The refusals come at once, the other
		// answers never.
		answers := make(chan int, len(all))
		for _, r := range all {
			go func() {
				_ = r.conn.SetReadDeadline(time.Now().Add(patience))
				if resp, err := http.ReadResponse(r.answer, nil); err == nil {
					answers <- resp.StatusCode
				}
			}()
		}
		for refused := 0; (len(all)-refused)*size > 2<<20; refused++ {
			if status := <-answers; status != http.StatusTooManyRequests {
				t.Fatalf("%d are held, and one gets %d", len(all)-refused, status)
			}
		}
	})
}
