package httpd_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/internal/config"
	"github.com/openhomeroom/homeroom/internal/httpd"
)

// TestConnectionsThatWaitMakeRoom has a stranger keep connections open that have
// asked something once, more of them than the server takes.
func TestConnectionsThatWaitMakeRoom(t *testing.T) {
	t.Parallel()
	const most, many = 8, 40
	entered, leave := make(chan struct{}), make(chan struct{})
	s := start(t, func(w http.ResponseWriter, r *http.Request) {
		close(entered)
		<-leave
		w.WriteHeader(http.StatusNoContent)
	}, func(_ *config.Server, deps *httpd.Deps) { deps.Connections = most })
	address := strings.TrimPrefix(s.url, "http://")
	open := func() (net.Conn, *bufio.Reader) {
		t.Helper()
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		// It takes this long only if the test fails.
		if err := conn.SetDeadline(time.Now().Add(5 * time.Minute)); err != nil {
			t.Fatal(err)
		}
		return conn, bufio.NewReader(conn)
	}
	ask := func(conn net.Conn, answers *bufio.Reader, path string) int {
		t.Helper()
		if _, err := io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: "+address+"\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		resp, err := http.ReadResponse(answers, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		return resp.StatusCode
	}

	working, answer := open()
	if _, err := io.WriteString(working, "GET /graphql HTTP/1.1\r\nHost: "+address+"\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	<-entered
	closed := make(chan struct{}, many)
	for i := range many {
		conn, answers := open()
		if got := ask(conn, answers, "/healthz"); got != http.StatusOK {
			t.Fatalf("a connection beside %d others: %d", i, got)
		}
		go func() {
			if _, err := answers.ReadByte(); errors.Is(err, io.EOF) || isReset(err) {
				closed <- struct{}{}
			}
		}()
	}
	// How many are left is what the server takes. Which these are is not quite the order
	// of the answers, because a connection waits only when its request has ended.
	for range many + 1 - most {
		<-closed
	}
	// A request that is at work is not cut off.
	close(leave)
	resp, err := http.ReadResponse(answer, nil)
	if err != nil || resp.StatusCode != http.StatusNoContent {
		t.Fatalf("the request that was at work: %v, %v", resp, err)
	}
	if got := ask(working, answer, "/healthz"); got != http.StatusOK {
		t.Errorf("its connection afterwards: %d", got)
	}
}

// TestConnectionsOfOneNetworkAreBounded has a stranger begin requests whose bodies never
// come, over more connections than one network may have.
func TestConnectionsOfOneNetworkAreBounded(t *testing.T) {
	t.Parallel()
	const most, many = 16, 40
	entered := make(chan struct{}, 2*many)
	s := start(t, func(w http.ResponseWriter, r *http.Request) {
		entered <- struct{}{}
		if _, err := io.Copy(io.Discard, r.Body); err == nil {
			w.WriteHeader(http.StatusNoContent)
		}
	}, func(c *config.Server, deps *httpd.Deps) { deps.Connections, c.RequestTimeout = most, patience })
	address := strings.TrimPrefix(s.url, "http://")
	begin := func(from byte) net.Conn {
		t.Helper()
		dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, from)}}
		conn, err := dialer.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		<-entered
		return conn
	}
	elsewhere := begin(2)
	closed := make(chan struct{}, many)
	for range many {
		conn := begin(1)
		go func() {
			if _, err := conn.Read(make([]byte, 1)); errors.Is(err, io.EOF) || isReset(err) {
				closed <- struct{}{}
			}
		}()
	}
	for range many - most/2 {
		<-closed
	}
	if _, err := io.WriteString(elsewhere, "x"); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(elsewhere), nil)
	if err != nil || resp.StatusCode != http.StatusNoContent {
		t.Errorf("another network, which came first: %v, %v", resp, err)
	}
}

func isReset(err error) bool { var op *net.OpError; return errors.As(err, &op) && !op.Timeout() }
