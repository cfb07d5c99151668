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
	// 14 MiB; one network has 4 of them. They are not read in exactly the order in which
	// they arrive.
	const many, long, first = 480, 30 << 10, 200
	s := start(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	address := strings.TrimPrefix(s.url, "http://")
	header := "GET /graphql HTTP/1.1\r\nHost: " + address + "\r\nX-Long: "
	open := func(from byte, text string) net.Conn {
		dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, from)}}
		conn, err := dialer.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		// It takes this long only if the test fails.
		if err := conn.SetDeadline(time.Now().Add(5 * time.Minute)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, text); err != nil && !isReset(err) {
			t.Fatal(err)
		}
		return conn
	}
	// It comes first, and from elsewhere: it would be the first whose time is over.
	earnest := open(2, header)
	closed := make(chan struct{}, many)
	for i := range many {
		conn := open(1, header+strings.Repeat("a", long))
		if i < first {
			go func() {
				if _, err := conn.Read(make([]byte, 1)); errors.Is(err, io.EOF) || isReset(err) {
					closed <- struct{}{}
				}
			}()
		}
	}
	for range first {
		<-closed
	}
	if _, err := io.WriteString(earnest, "a\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(earnest), nil)
	if err != nil || resp.StatusCode != http.StatusNoContent {
		t.Fatalf("who is in earnest: %v, %v", resp, err)
	}
}
