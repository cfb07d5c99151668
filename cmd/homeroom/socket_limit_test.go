package main_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"
)

// TestTheLimitsOfWebSocketsAreSettings says that what the operator has set for
// requests holds for messages over a WebSocket too, and that their number is a
// setting.
func TestTheLimitsOfWebSocketsAreSettings(t *testing.T) {
	t.Parallel()
	eachInstallation(t, func(t *testing.T, in installation) {
		in.run("seed", "--students", "10")
		s := in.start("serve", "--max-request-bytes", "8KiB", "--max-sockets", "1", "--max-new-sockets", "1")
		admin := signIn(t, s.address, "district@example.com", samplePassword)
		dial := func(token string) (*websocket.Conn, *http.Response) {
			header := http.Header{}
			if token != "" {
				header.Set("Authorization", "Bearer "+token)
			}
			conn, resp, err := websocket.Dial(t.Context(), s.address+"/graphql",
				&websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}, HTTPHeader: header})
			if err != nil && resp == nil {
				t.Fatal(err)
			}
			if conn != nil {
				t.Cleanup(func() { _ = conn.CloseNow() })
			}
			return conn, resp
		}
		send := func(conn *websocket.Conn, text string) (string, int) {
			if err := conn.Write(t.Context(), websocket.MessageText, []byte(text)); err != nil {
				t.Fatal(err)
			}
			_, data, err := conn.Read(t.Context())
			return string(data), int(websocket.CloseStatus(err))
		}
		begun := func() *websocket.Conn {
			conn, resp := dial(admin.token)
			if conn == nil {
				t.Fatalf("a caller who has signed in: got %s", resp.Status)
			}
			if got, _ := send(conn, `{"type":"connection_init"}`); !strings.Contains(got, "connection_ack") {
				t.Fatalf("got %s", got)
			}
			return conn
		}
		// A caller may have one. The next one takes the place of the idle one.
		idle := begun()
		conn := begun()
		if _, _, err := idle.Read(t.Context()); websocket.CloseStatus(err) != websocket.StatusTryAgainLater {
			t.Errorf("the idle one of a caller: %v", err)
		}
		// One stranger is allowed. The next one takes the place of the one that is silent.
		silent, _ := dial("")
		if next, resp := dial(""); next == nil {
			t.Errorf("one more who has not signed in: got %s", resp.Status)
		}
		if _, _, err := silent.Read(t.Context()); websocket.CloseStatus(err) != websocket.StatusTryAgainLater {
			t.Errorf("who is silent: %v", err)
		}
		ping := func(bytes int) string {
			const frame = `{"type":"ping","payload":""}`
			return strings.Replace(frame, `""`, `"`+strings.Repeat("x", bytes-len(frame))+`"`, 1)
		}
		if got, _ := send(conn, ping(8<<10)); !strings.Contains(got, "pong") {
			t.Errorf("got %.100s", got)
		}
		if _, code := send(conn, ping(8<<10+1)); code != 1009 {
			t.Errorf("closed with %d", code)
		}
	})
}
