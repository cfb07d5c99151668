package httpd_test

import (
	"bufio"
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

// TestAnUploadHasAnEnd checks that an upload is stopped if it never ends and brings
// little, and that one that brings enough gets the time that it needs.
func TestAnUploadHasAnEnd(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		piece  string
		status int
		// pieces are how many there are, ten a second.
		pieces int
	}{
		"a byte now and then":    {"x", http.StatusRequestTimeout, 150},
		"as much as is expected": {strings.Repeat("x", 20<<10), http.StatusOK, 40},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) },
				func(c *config.Server, d *httpd.Deps) {
					c.MaxUploadBytes = 1 << 30
					d.Uploads = 2 * time.Second
				})
			conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			fmt.Fprintf(conn, "POST /graphql HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Type: %s\r\n\r\n",
				multipart)
			answered := make(chan int)
			go func() {
				response, err := http.ReadResponse(bufio.NewReader(conn), nil)
				if err != nil {
					t.Error(err)
					close(answered)
					return
				}
				_ = response.Body.Close()
				answered <- response.StatusCode
			}()
			tick := time.NewTicker(100 * time.Millisecond)
			defer tick.Stop()
			for sent := 0; ; sent++ {
				select {
				case status := <-answered:
					if status != c.status || sent < c.pieces && c.status == http.StatusOK {
						t.Errorf("answered with %d", status)
					}
					return
				case <-tick.C:
				}
				switch {
				case sent == c.pieces:
					_, _ = io.WriteString(conn, "0\r\n\r\n")
				case sent < c.pieces:
					fmt.Fprintf(conn, "%x\r\n%s\r\n", len(c.piece), c.piece)
				}
			}
		})
	}
}
