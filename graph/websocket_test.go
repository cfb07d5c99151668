package graph_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/graph"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
)

const typename = `{ __typename }`

// TestCloseCodes says how the protocol graphql-transport-ws ends a connection.
func TestCloseCodes(t *testing.T) {
	t.Parallel()
	s := newServer(t, dbtest.Open(t, database.SQLite), func(l *graph.Limits) {
		l.InitTimeout, l.RequestBytes = 300*time.Millisecond, 4096
	})
	token := s.token(t, s.NorthAdmin)
	const begin = `{"type":"connection_init"}`
	for _, c := range []struct {
		what, token string
		messages    []string
		code        int
	}{
		{"a client that never says who it is", token, nil, 4408},
		{"a client with no session", "", []string{begin}, 4403},
		{"a client with a session that does not exist", "", []string{`{"type":"connection_init","payload":{"authorization":"Bearer nonsense"}}`}, 4403},
		{"a wrong token in the payload beside a good one in the header", token, []string{`{"type":"connection_init","payload":{"Authorization":"Bearer nonsense"}}`}, 4403},
		{"an operation before connection_init", token, []string{`{"type":"subscribe","id":"1","payload":{"query":"{ __typename }"}}`}, 4401},
		{"connection_init twice", token, []string{begin, begin}, 4429},
		{"what is not JSON", token, []string{`{`}, 4400},
		{"a type that does not exist", token, []string{begin, `{"type":"start","id":"1"}`}, 4400},
		{"an operation without an id", token, []string{begin, `{"type":"subscribe","payload":{"query":"{ __typename }"}}`}, 4400},
		{"an operation without a query", token, []string{begin, `{"type":"subscribe","id":"1","payload":{}}`}, 4400},
		{"a payload of connection_init that is a list", token, []string{`{"type":"connection_init","payload":[]}`}, 4400},
		{"a message that is too long", token, []string{begin, `{"type":"ping","payload":{"x":"` + strings.Repeat("x", 5000) + `"}}`}, 1009},
		{"two operations with one id", token, []string{begin,
			`{"type":"subscribe","id":"1","payload":{"query":"subscription { dashboardNotifications(organizationId: \"` + s.names(nil).Replace("{{North}}") + `\") { count } }"}}`,
			`{"type":"subscribe","id":"1","payload":{"query":"{ __typename }"}}`}, 4409},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			socket := s.dial(t, c.token)
			for _, m := range c.messages {
				socket.send(m)
			}
			if code := socket.closed(); code != c.code {
				t.Errorf("closed with %d, want %d", code, c.code)
			}
		})
	}

	t.Run("another protocol", func(t *testing.T) {
		t.Parallel()
		if code := s.dial(t, token, "graphql-ws").closed(); code != 4406 {
			t.Errorf("closed with %d, want 4406", code)
		}
	})
}

// TestKeepAlive looks at connections on which nothing happens.
func TestKeepAlive(t *testing.T) {
	t.Parallel()
	// A client that has other things to do answers a ping within this time.
	const keepAlive = time.Second
	s := newServer(t, dbtest.Open(t, database.SQLite), func(l *graph.Limits) { l.KeepAlive = keepAlive })

	t.Run("a client that is there keeps its connection", func(t *testing.T) {
		t.Parallel()
		c := s.connected(t, s.NorthAdmin)
		ctx, cancel := context.WithTimeout(t.Context(), 3*keepAlive)
		defer cancel()
		// This client answers pings while it reads. Its reading ends with its own
		// deadline, and not before; which error that gives depends on whether a
		// ping is being answered.
		if _, _, err := c.conn.Read(ctx); ctx.Err() == nil {
			t.Errorf("got %v", err)
		}
	})

	t.Run("a client that is gone loses it", func(t *testing.T) {
		t.Parallel()
		c := s.connected(t, s.NorthAdmin)
		time.Sleep(4 * keepAlive)
		if code := c.closed(); code != -1 {
			t.Errorf("closed with %d", code)
		}
	})

	t.Run("a stream of events carries comments", func(t *testing.T) {
		t.Parallel()
		req, err := http.NewRequest(http.MethodGet,
			s.http.URL+"/graphql?query="+
				url.QueryEscape(s.names(nil).
					Replace(`subscription { dashboardNotifications(organizationId: "{{North}}") { count } }`)), nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Accept", "text/event-stream")
		req.Header.Set("Authorization", "Bearer "+s.token(t, s.NorthAdmin))
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		comments := 0
		for lines := bufio.NewScanner(resp.Body); comments < 5 && lines.Scan(); {
			if lines.Text() == ":" {
				comments++
			}
		}
		if comments < 5 {
			t.Errorf("got %d comments", comments)
		}
	})
}

func TestWebSocket(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		s := newServer(t, d, func(l *graph.Limits) { l.SocketOperations = 3 })
		notices := s.names(nil).Replace(`subscription { dashboardNotifications(organizationId: "{{North}}") { count } }`)

		t.Run("the token may come in the payload, because a browser cannot set headers", func(t *testing.T) {
			c := s.dial(t, "")
			c.send(`{"type":"connection_init","payload":{"authorization":"Bearer ` + s.token(t, s.NorthTeacher) + `"}}`)
			if f := c.read(); f.Type != "connection_ack" {
				t.Fatalf("got %+v", f)
			}
			c.subscribe("me", `{ viewer { educator { email } } }`)
			if f := c.read(); f.Type != "next" || !strings.Contains(string(f.Payload), "tara@example.com") {
				t.Errorf("got %s %s", f.Type, f.Payload)
			}
		})

		t.Run("a query and a mutation have one answer", func(t *testing.T) {
			c := s.connected(t, s.NorthAdmin)
			c.subscribe("1", typename)
			if f := c.read(); f.ID != "1" || f.Type != "next" || string(f.Payload) != `{"data":{"__typename":"Query"}}` {
				t.Errorf("got %+v %s", f, f.Payload)
			}
			if f := c.read(); f.ID != "1" || f.Type != "complete" {
				t.Errorf("got %+v", f)
			}
			c.subscribe("1", `mutation { __typename }`) // the id is free again
			if f := c.read(); f.Type != "next" {
				t.Errorf("got %+v", f)
			}
		})

		t.Run("an operation that is refused ends with error, and nothing follows", func(t *testing.T) {
			c := s.connected(t, s.NorthAdmin)
			for i, query := range []string{`{`, `{ nothing }`, `subscription { bulkJob(id: "QnVsa0pvYjo5OTk5") { id } }`,
				`subscription { __typename }`} {
				c.subscribe(fmt.Sprint(i), query)
				if f := c.read(); f.ID != fmt.Sprint(i) || f.Type != "error" || !strings.HasPrefix(string(f.Payload), "[{") {
					t.Errorf("%s: got %s %s", query, f.Type, f.Payload)
				}
			}
			c.send(`{"type":"ping","payload":{"a":1}}`)
			if f := c.read(); f.Type != "pong" || string(f.Payload) != `{"a":1}` {
				t.Errorf("got %+v", f)
			}
		})

		t.Run("operations on one connection are bounded, and one that is ended makes room", func(t *testing.T) {
			c := s.connected(t, s.NorthAdmin)
			for i := range 4 {
				c.subscribe(fmt.Sprint(i), notices)
				f := c.read()
				if want := map[bool]string{true: "next", false: "error"}[i < 3]; f.Type != want {
					t.Fatalf("operation %d: got %s %s, want %s", i, f.Type, f.Payload, want)
				}
			}
			c.send(`{"type":"complete","id":"0"}`)
			// It ends in its own time.
			for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
				c.subscribe("again", typename)
				if c.read().Type == "next" {
					return
				}
			}
			t.Error("no operation can be sent any more")
		})

		t.Run("who has signed out can send nothing more", func(t *testing.T) {
			c := s.connected(t, s.SouthAdmin)
			c.subscribe("1", typename)
			c.read()
			c.read()
			s.ask(t, s.SouthAdmin, `mutation { signOut }`, nil)
			s.tokens.Delete(s.SouthAdmin.ID)
			c.subscribe("2", `{ viewer { educator { id } } }`)
			f := c.read()
			var errs []struct{ Extensions struct{ Code string } }
			if json.Unmarshal(f.Payload, &errs); f.Type != "error" || len(errs) != 1 || errs[0].Extensions.Code != un {
				t.Errorf("got %s %s", f.Type, f.Payload)
			}
			if code := c.closed(); code != 4401 {
				t.Errorf("closed with %d, want 4401", code)
			}
		})

		t.Run("signing in as somebody else does not make the connection theirs", func(t *testing.T) {
			c := s.connected(t, s.NorthTeacher)
			c.subscribe("1",
				`mutation { signIn(input: {email: "dana@example.com", password: "correct horse"}) { viewer { educator { email } } }
					}`)
			if f := c.read(); !strings.Contains(string(f.Payload), "dana@") {
				t.Errorf("got %s", f.Payload)
			}
			c.read()
			c.subscribe("2", `{ viewer { educator { email } } }`)
			if f := c.read(); !strings.Contains(string(f.Payload), "tara@") {
				t.Errorf("got %s", f.Payload)
			}
		})
	})
}
