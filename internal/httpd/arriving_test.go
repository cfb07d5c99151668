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
)

// TestHeadersThatArriveAreBounded has a stranger send long headers that do not end, over
// more connections than there is room for.
func TestHeadersThatArriveAreBounded(t *testing.T) {
	t.Parallel()
	// 7 MiB, of which one network has 4. Which are read first is not quite the order in
	// which they come.
	const many, long, first, latest = 120, 60 << 10, 45, 60
	s := start(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	address := strings.TrimPrefix(s.url, "http://")
	header := "GET /graphql HTTP/1.1\r\nHost: " + address + "\r\nX-Long: " + strings.Repeat("a", long)
	closed := make(chan struct{}, many)
	conns := make([]net.Conn, many)
	for i := range conns {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		// Only where the test fails does anything take as long.
		if err := conn.SetDeadline(time.Now().Add(5 * time.Minute)); err != nil {
			t.Fatal(err)
		}
		conns[i] = conn
		if i < first {
			go func() {
				if _, err := conn.Read(make([]byte, 1)); errors.Is(err, io.EOF) || isReset(err) {
					closed <- struct{}{}
				}
			}()
		}
		if _, err := io.WriteString(conn, header); err != nil && !isReset(err) {
			t.Fatal(err)
		}
	}
	for range first {
		<-closed
	}
	// Those that came later end their headers, and are answered.
	for i := many - 1; i >= many-latest; i-- {
		if _, err := io.WriteString(conns[i], "\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		resp, err := http.ReadResponse(bufio.NewReader(conns[i]), nil)
		if err != nil || resp.StatusCode != http.StatusNoContent {
			t.Fatalf("the one of place %d: %v, %v", i, resp, err)
		}
	}
}
