package graph_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/bulkjob"
	"github.com/openhomeroom/homeroom/graph"
	"github.com/openhomeroom/homeroom/graph/transport"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
)

// whole is an answer with what HTTP says of it.
type whole struct {
	answer
	text   string
	status int
	header http.Header
}

// send sends a request with a token and returns all of the answer.
func (s *server) send(t *testing.T, token, method, query, media, accept string, body io.Reader) whole {
	t.Helper()
	req, err := http.NewRequest(method, s.http.URL+"/graphql"+query, body)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	req.Header.Set("Content-Type", media)
	req.Header.Set("Accept", accept)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	w := whole{text: string(content), status: resp.StatusCode, header: resp.Header}
	text := w.text
	if _, data, ok := strings.Cut(text, "data: "); ok {
		text, _, _ = strings.Cut(data, "\n")
	}
	if err := json.Unmarshal([]byte(text), &w.answer); err != nil {
		t.Errorf("%d %s: %v", w.status, w.text, err)
	}
	return w
}

// mustBeUnavailable checks an answer for all that a client needs to try again.
func (w whole) mustBeUnavailable(t *testing.T, reason database.Trouble) {
	t.Helper()
	if w.status != http.StatusServiceUnavailable || w.code() != "UNAVAILABLE" || w.Data != nil || len(w.Errors) != 1 ||
		!strings.Contains(w.header.Get("Content-Type"), "json") {
		t.Errorf("got %d %s %s", w.status, w.header.Get("Content-Type"), w.text)
		return
	}
	e := w.Errors[0].Extensions
	if seconds, _ := e["retryAfterSeconds"].(float64); e["reason"] != string(reason) || seconds < 1 ||
		w.header.Get("Retry-After") != fmt.Sprint(seconds) {
		t.Errorf("got %s with Retry-After %q, want the reason %s", w.text, w.header.Get("Retry-After"), reason)
	}
}

func postBody(query string) io.Reader {
	text, _ := json.Marshal(map[string]string{"query": query})
	return bytes.NewReader(text)
}

const (
	anyJSON    = "application/json"
	resultJSON = "application/graphql-response+json"
)

// newServerBehind is a server whose database is reached by a proxy.
func newServerBehind(t *testing.T, change ...func(*graph.Limits)) (*server, *dbtest.Proxy) {
	t.Helper()
	proxy := dbtest.NewProxy(t, dbtest.URL(t, database.MySQL))
	d, err := database.Open(t.Context(), proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return newServer(t, d, change...), proxy
}

// TestADatabaseThatHangs waits for as long as a request waits for its session.
func TestADatabaseThatHangs(t *testing.T) {
	t.Parallel()
	s, proxy := newServerBehind(t)
	token := s.token(t, s.NorthAdmin)
	hangs := make(chan struct{})
	defer close(hangs)
	proxy.At("FROM sessions", func() { <-hangs })
	w := s.send(t, token, http.MethodPost, "", "application/json", "text/event-stream", postBody(`{ __typename }`))
	// There would be a reason if it had waited until the connection was given up.
	if w.status != http.StatusServiceUnavailable || w.code() != "UNAVAILABLE" || w.Errors[0].Extensions["reason"] != nil {
		t.Errorf("got %d %s", w.status, w.text)
	}
}

func TestADatabaseThatIsAway(t *testing.T) {
	t.Parallel()
	s, proxy := newServerBehind(t)
	token := s.token(t, s.NorthAdmin)
	pupil := s.Student(t, s.North, "Ada", "Lovelace", 600)
	csv := s.ask(t, s.NorthAdmin, s.names(nil).Replace(`{ studentsCsvUrl(organizationId: "{{North}}") }`), nil).
		at("studentsCsvUrl")
	post := func(t *testing.T, query, accept string) whole {
		t.Helper()
		return s.send(t, token, http.MethodPost, "", "application/json", accept, postBody(query))
	}
	create := func(name string) string {
		return s.names(nil).
			Replace(`mutation { createGroup(input: {organizationId: "{{North}}", name: "` + name +
				`"}) { group { id } userErrors { code } } }`)
	}
	groups := func(name string) int {
		n := 0
		for _, g := range s.Client().Group.Query().AllX(fixture.System()) {
			if g.Name == name {
				n++
			}
		}
		return n
	}

	t.Run("in the middle of a query", func(t *testing.T) {
		for _, query := range []string{`{ students { nodes { id } } }`, `{ node(id: "` + studentID(pupil) + `") { id } }`,
			`{ viewer { educator { id } } node(id: "` + studentID(pupil) + `") { id } }`} {
			for _, accept := range []string{anyJSON, resultJSON} {
				proxy.CutBefore("FROM `students`", 1)
				post(t, query, accept).mustBeUnavailable(t, database.Unreachable)
				if w := post(t, query, accept); w.status != 200 || len(w.Errors) > 0 {
					t.Errorf("afterwards: %d %s", w.status, w.text)
				}
			}
		}
	})
	t.Run("in the middle of a mutation, which is tried again", func(t *testing.T) {
		proxy.CutBefore("INSERT INTO `groups`", 1)
		if w := post(t, create("Again"), anyJSON); w.status != 200 || len(w.Errors) > 0 || groups("Again") != 1 {
			t.Errorf("%d %s, %d groups", w.status, w.text, groups("Again"))
		}
	})
	t.Run("at the commit of a mutation, of which nobody knows then", func(t *testing.T) {
		proxy.CutAnswer("\x03COMMIT", 1)
		w := post(t, create("Perhaps"), anyJSON)
		_, says := w.Errors[0].Extensions["retryAfterSeconds"]
		if w.status != 503 || w.code() != "OUTCOME_UNKNOWN" || w.header.Get("Retry-After") != "" || says ||
			groups("Perhaps") != 1 {
			t.Errorf("%d %s, %d groups", w.status, w.text, groups("Perhaps"))
		}
	})
	t.Run("behind the commit of a mutation, which is made", func(t *testing.T) {
		proxy.At("\x03COMMIT", func() { proxy.CutBefore("FROM `groups`", 1) })
		w := post(t, create("Made"), anyJSON)
		_, says := w.Errors[0].Extensions["retryAfterSeconds"]
		if w.status != 503 || w.code() != "OUTCOME_UNKNOWN" || w.Data != nil || w.header.Get("Retry-After") != "" || says ||
			groups("Made") != 1 {
			t.Errorf("%d %s, %d groups", w.status, w.text, groups("Made"))
		}
	})
	open := s.connected(t, s.NorthAdmin)
	t.Run("when a session is looked up", func(t *testing.T) {
		proxy.Down()
		defer proxy.Up()
		for _, accept := range []string{anyJSON, resultJSON, "text/event-stream"} {
			post(t, `{ __typename }`, accept).mustBeUnavailable(t, database.Unreachable)
			s.send(t, token, http.MethodGet, "?query=%7B+__typename+%7D", "", accept, nil).
				mustBeUnavailable(t, database.Unreachable)
		}
		var file bytes.Buffer
		form := multipart.NewWriter(&file)
		_ = form.WriteField("operations",
			`{"query":"mutation($file: Upload!) { submitBulkImport(input: {organizationId: \"x\", kind: IMPORT_GROUPS, file: $file}) { job { id } } }","variables":{"file":null}}`)
		_ = form.WriteField("map", `{"0":["variables.file"]}`)
		part, _ := form.CreateFormFile("0", "x.csv")
		_, _ = part.Write([]byte("x"))
		_ = form.Close()
		s.send(t, token, http.MethodPost, "", form.FormDataContentType(), anyJSON, &file).
			mustBeUnavailable(t, database.Unreachable)
		_, resp, err := websocket.Dial(t.Context(), s.http.URL+"/graphql",
			&websocket.DialOptions{
				Subprotocols: []string{transport.Subprotocol},
				HTTPHeader:   http.Header{"Authorization": {"Bearer " + token}},
			})
		if err == nil || resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" {
			t.Errorf("a WebSocket: %v, %+v", err, resp)
		}
	})
	t.Run("when an operation of an open WebSocket begins", func(t *testing.T) {
		proxy.Down()
		defer proxy.Up()
		open.subscribe("1", `{ __typename }`)
		f := open.read()
		if f.Type != "error" || !strings.Contains(string(f.Payload), `"UNAVAILABLE"`) ||
			!strings.Contains(string(f.Payload), `"retryAfterSeconds":5`) {
			t.Errorf("got %s %s", f.Type, f.Payload)
		}
	})
	t.Run("when nobody in particular asks", func(t *testing.T) {
		proxy.Down()
		defer proxy.Up()
		s.send(t, "", http.MethodPost, "", "application/json", anyJSON,
			strings.NewReader(`{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"`+strings.Repeat("a", 64)+`"}}}`)).
			mustBeUnavailable(t, database.Unreachable)
		s.send(t, "", http.MethodPost, "", "application/json", anyJSON,
			postBody(`mutation { signIn(input: {email: "a@example.org", password: "`+password+`"}) { token } }`)).
			mustBeUnavailable(t, database.Unreachable)
	})
	t.Run("when a file is downloaded", func(t *testing.T) {
		proxy.Down()
		defer proxy.Up()
		resp, text := follow(t, csv.(string))
		if resp.StatusCode != 503 || resp.Header.Get("Retry-After") != "5" {
			t.Errorf("got %d %s", resp.StatusCode, text)
		}
	})
	t.Run("and back again", func(t *testing.T) {
		if w := post(t, `{ viewer { educator { id } } }`, anyJSON); w.status != 200 {
			t.Errorf("got %d %s", w.status, w.text)
		}
	})
}

// refuseToWrite makes a database refuse to write some tables, like one that is read-only
// or full.
func refuseToWrite(t *testing.T, d *database.DB, trouble database.Trouble, tables ...string) {
	t.Helper()
	statement := map[database.Trouble]string{
		database.ReadOnly: "PRAGMA query_only = 1",
		database.Full:     "PRAGMA max_page_count = 1",
	}[trouble]
	ctx := fixture.System()
	if d.Kind() == database.SQLite {
		// On the connection that writes.
		if err := d.InTx(ctx, func(ctx context.Context, client *db.Client) error {
			_, err := client.ExecContext(ctx, statement)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return
	}
	number := map[database.Trouble]int{database.ReadOnly: 1290, database.Full: 1114}[trouble]
	for _, table := range tables {
		if _, err := d.Client(ctx).ExecContext(ctx,
			fmt.Sprintf(
				"CREATE TRIGGER refuse_%s BEFORE INSERT ON `%s` FOR EACH ROW SIGNAL SQLSTATE 'HY000' "+
					"SET MYSQL_ERRNO = %d, MESSAGE_TEXT = 'refused'", table, table, number)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestADatabaseThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	for _, trouble := range []database.Trouble{database.ReadOnly, database.Full} {
		t.Run(string(trouble), func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *database.DB) {
				s := newServer(t, d)
				token := s.token(t, s.NorthAdmin)
				refuseToWrite(t, d, trouble, "bulk_jobs", "bulk_job_chunks", "groups")
				// What arrived of a file is swept away later.
				jobs := func() int {
					return s.Client().BulkJob.Query().Where(bulkjob.LeaseOwnerNEQ("uploading")).CountX(fixture.System())
				}
				before := jobs()
				var file bytes.Buffer
				form := multipart.NewWriter(&file)
				_ = form.WriteField("operations", s.names(nil).
					Replace(`{"query":"mutation($file: Upload!) { submitBulkImport(input: {organizationId: \"{{North}}\", kind: IMPORT_GROUPS, file: $file}) { job { id } userErrors { code } } }","variables":{"file":null}}`))
				_ = form.WriteField("map", `{"0":["variables.file"]}`)
				part, _ := form.CreateFormFile("0", "x.csv")
				_, _ = io.WriteString(part, "Class Name,School\n"+strings.Repeat("Some class,North\n", 30_000))
				_ = form.Close()
				s.send(t, token, http.MethodPost, "", form.FormDataContentType(), anyJSON, &file).mustBeUnavailable(t, trouble)
				if d.Kind() == database.MySQL || trouble == database.ReadOnly {
					query := s.names(nil).
						Replace(`mutation { createGroup(input: {organizationId: "{{North}}", name: "New"}) { group { id } userErrors {
							code } } }`)
					s.send(t, token, http.MethodPost, "", "application/json", resultJSON, postBody(query)).
						mustBeUnavailable(t, trouble)
				}
				if after := jobs(); after != before {
					t.Errorf("%d jobs more", after-before)
				}
				if w := s.send(t, token, http.MethodPost, "", "application/json", anyJSON,
					postBody(`{ students { nodes { id } } }`)); w.status != 200 || len(w.Errors) > 0 {
					t.Errorf("what is there cannot be read: %d %s", w.status, w.text)
				}
				if got := d.Writable(t.Context()); got != trouble {
					t.Errorf("the database is %q, want %q", got, trouble)
				}
			})
		})
	}
}
