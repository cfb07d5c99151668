package graph_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/graph/transport"
)

// patience is how long a test waits for what must come, also on a machine that has
// other things to do. It is only used up by a test that fails.
const patience = 5 * time.Minute

// event is one server-sent event.
type event struct{ name, data string }

// watch opens a subscription by server-sent events. The channel ends with the
// stream.
func (s *server) watch(t testing.TB, who *db.Educator, query string) <-chan event {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": query})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.http.URL+"/graphql", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "text/event-stream")
	if who != nil {
		req.Header.Set("Authorization", "Bearer "+s.token(t, who))
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	events := make(chan event, 100)
	go func() {
		defer close(events)
		defer resp.Body.Close()
		var e event
		for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
			switch name, value, _ := strings.Cut(lines.Text(), ":"); name {
			case "event":
				e.name = strings.TrimSpace(value)
			case "data":
				e.data = strings.TrimSpace(value)
			case "":
				if e.name != "" {
					events <- e
				}
				e = event{}
			}
		}
	}()
	t.Cleanup(cancel)
	return events
}

// next is the next event, which must come.
func next(t testing.TB, events <-chan event) (event, answer) {
	t.Helper()
	select {
	case e, open := <-events:
		if !open {
			t.Fatal("the stream has ended")
		}
		var a answer
		if e.name == "next" {
			if err := json.Unmarshal([]byte(e.data), &a); err != nil {
				t.Fatalf("%q: %v", e.data, err)
			}
		}
		return e, a
	case <-time.After(patience):
		t.Fatal("no event came")
		return event{}, answer{}
	}
}

// firstEvent is the first answer of a subscription, which is then ended.
func (s *server) firstEvent(t testing.TB, who *db.Educator, query string) answer {
	t.Helper()
	_, a := next(t, s.watch(t, who, query))
	return a
}

// socket is the client's end of a WebSocket.
type socket struct {
	t    testing.TB
	conn *websocket.Conn
}

// frame is a message of graphql-transport-ws.
type frame struct {
	ID      string          `json:"id,omitempty"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

func (s *server) dial(t testing.TB, token string, protocols ...string) *socket {
	t.Helper()
	if protocols == nil {
		protocols = []string{transport.Subprotocol}
	}
	header := http.Header{}
	if token != "" {
		header.Set("Authorization", "Bearer "+token)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, s.http.URL+"/graphql",
		&websocket.DialOptions{Subprotocols: protocols, HTTPHeader: header})
	if err != nil {
		t.Fatal(err)
	}
	conn.SetReadLimit(1 << 20)
	t.Cleanup(func() { _ = conn.CloseNow() })
	return &socket{t, conn}
}

// connected is a WebSocket on which operations can be sent.
func (s *server) connected(t testing.TB, who *db.Educator) *socket {
	t.Helper()
	c := s.dial(t, s.token(t, who))
	c.send(`{"type":"connection_init"}`)
	if f := c.read(); f.Type != "connection_ack" {
		t.Fatalf("got %+v", f)
	}
	return c
}

func (c *socket) send(text string) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := c.conn.Write(ctx, websocket.MessageText, []byte(text)); err != nil {
		c.t.Fatal(err)
	}
}

func (c *socket) subscribe(id, query string) {
	c.t.Helper()
	text, _ := json.Marshal(map[string]any{"id": id, "type": "subscribe", "payload": map[string]any{"query": query}})
	c.send(string(text))
}

func (c *socket) read() frame {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_, data, err := c.conn.Read(ctx)
	if err != nil {
		c.t.Fatal(err)
	}
	var f frame
	if err := json.Unmarshal(data, &f); err != nil {
		c.t.Fatal(err)
	}
	return f
}

// closed is the code with which the server closes; messages before are skipped.
func (c *socket) closed() int {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		if _, _, err := c.conn.Read(ctx); err != nil {
			return int(websocket.CloseStatus(err))
		}
	}
}
