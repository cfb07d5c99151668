package graph_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/ent/db"
	"github.com/openhomeroom/homeroom/ent/db/registeredoperation"
	"github.com/openhomeroom/homeroom/graph"
	"github.com/openhomeroom/homeroom/graph/document"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/operation"
)

// transports are the ways in which an operation can come. Each sends the fields of
// a request and returns the first answer.
var transports = map[string]func(s *server, t *testing.T, who *db.Educator, fields map[string]any) answer{
	"POST": func(s *server, t *testing.T, who *db.Educator, fields map[string]any) answer {
		return s.over(t, who, http.MethodPost, "", "application/json", encoded(t, fields), "")
	},
	"GET": func(s *server, t *testing.T, who *db.Educator, fields map[string]any) answer {
		return s.over(t, who, http.MethodGet, asQuery(t, fields), "", nil, "")
	},
	"multipart": func(s *server, t *testing.T, who *db.Educator, fields map[string]any) answer {
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		for _, part := range [][2]string{{"operations", string(encoded(t, fields))}, {"map", "{}"}} {
			if err := form.WriteField(part[0], part[1]); err != nil {
				t.Fatal(err)
			}
		}
		if err := form.Close(); err != nil {
			t.Fatal(err)
		}
		return s.over(t, who, http.MethodPost, "", form.FormDataContentType(), body.Bytes(), "")
	},
	"events by POST": func(s *server, t *testing.T, who *db.Educator, fields map[string]any) answer {
		return s.over(t, who, http.MethodPost, "", "application/json", encoded(t, fields), "text/event-stream")
	},
	"events by GET": func(s *server, t *testing.T, who *db.Educator, fields map[string]any) answer {
		return s.over(t, who, http.MethodGet, asQuery(t, fields), "", nil, "text/event-stream")
	},
	"WebSocket": func(s *server, t *testing.T, who *db.Educator, fields map[string]any) answer {
		c := s.connected(t, who)
		defer func() { _ = c.conn.CloseNow() }()
		c.send(`{"type":"subscribe","id":"1","payload":` + string(encoded(t, fields)) + `}`)
		var a answer
		f := c.read()
		if f.Type == "error" {
			if err := json.Unmarshal(f.Payload, &a.Errors); err != nil {
				t.Fatal(err)
			}
		} else if err := json.Unmarshal(f.Payload, &a); err != nil {
			t.Fatalf("%+v: %v", f, err)
		}
		return a
	},
}

func encoded(t *testing.T, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func asQuery(t *testing.T, fields map[string]any) string {
	t.Helper()
	q := url.Values{}
	for name, value := range fields {
		if text, ok := value.(string); ok {
			q.Set(name, text)
		} else {
			q.Set(name, string(encoded(t, value)))
		}
	}
	return "?" + q.Encode()
}

// over sends a request and reads its answer, or the first event of a stream.
func (s *server) over(t *testing.T, who *db.Educator, method, query, contentType string, body []byte,
	accept string) (a answer) {
	t.Helper()
	req, err := http.NewRequest(method, s.http.URL+"/graphql"+query, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("Accept", accept)
	if who != nil {
		req.Header.Set("Authorization", "Bearer "+s.token(t, who))
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if accept != "" && bytes.Contains(text, []byte("data: ")) {
		_, rest, _ := strings.Cut(string(text), "data: ")
		first, _, _ := strings.Cut(rest, "\n")
		text = []byte(first)
	}
	if err := json.Unmarshal(text, &a); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return a
}

// hashed are the fields of a request that names a document.
func hashed(doc string) map[string]any {
	return map[string]any{
		"extensions": map[string]any{"persistedQuery": map[string]any{"version": 1, "sha256Hash": operation.Hash(doc)}}}
}

// both are hashed with the document.
func both(doc string) map[string]any {
	fields := hashed(doc)
	fields["query"] = doc
	return fields
}

func outcomeOf(a answer) string {
	if code := a.code(); code != "" {
		return code
	}
	if a.Data == nil {
		return "no data"
	}
	return "ok"
}

const (
	notFoundYet  = "PERSISTED_QUERY_NOT_FOUND"
	unregistered = "OPERATION_NOT_REGISTERED"
)

func TestPersistedQueries(t *testing.T) {
	t.Parallel()
	s := newServer(t, dbtest.Open(t, database.SQLite), func(l *graph.Limits) { l.Operations = 200 })
	for i, name := range slices.Sorted(maps.Keys(transports)) {
		t.Run("over "+name, func(t *testing.T) {
			send := func(fields map[string]any) answer { return transports[name](s, t, s.NorthTeacher, fields) }
			doc := fmt.Sprintf("query Who%d { viewer { educator { email } } }", i)
			steps := []struct {
				what   string
				fields map[string]any
				want   string
			}{
				{"a hash that nobody has sent", hashed(doc), notFoundYet},
				{"the hash of another doc", map[string]any{"query": doc, "extensions": hashed("{ viewer }")["extensions"]}, "PERSISTED_QUERY_HASH_MISMATCH"},
				{"the hash after that", hashed(doc), notFoundYet},
				{"both", both(doc), "ok"},
				{"the hash alone", hashed(doc), "ok"},
				{"the identifier of the document", map[string]any{"documentId": "sha256:" + operation.Hash(doc)}, "ok"},
				{"one that nobody has sent", map[string]any{"documentId": "sha256:" + operation.Hash("{ viewer }")}, notFoundYet},
				{"a part of one", map[string]any{"documentId": "sha256:" + operation.Hash(doc)[:63]}, "BAD_REQUEST"},
				{"another version", map[string]any{"extensions": map[string]any{"persistedQuery": map[string]any{"version": 2, "sha256Hash": operation.Hash(doc)}}}, "BAD_REQUEST"},
				{"no hash", map[string]any{"extensions": map[string]any{"persistedQuery": map[string]any{"version": 1}}}, "BAD_REQUEST"},
				{"no object", map[string]any{"extensions": map[string]any{"persistedQuery": "x"}}, "BAD_REQUEST"},
				{"both, of what is not valid", both("query Bad" + fmt.Sprint(i) + " { nothing }"), "GRAPHQL_VALIDATION_FAILED"},
				{"the hash of that", hashed("query Bad" + fmt.Sprint(i) + " { nothing }"), notFoundYet},
			}
			for _, step := range steps {
				a := send(step.fields)
				if got := outcomeOf(a); got != step.want {
					t.Errorf("%s: %s; want %s", step.what, got, step.want)
				}
				if step.want == notFoundYet && (len(a.Errors) == 0 || a.Errors[0].Message != "PersistedQueryNotFound") {
					t.Errorf("%s: the clients of Apollo do not know %+v", step.what, a.Errors)
				}
				if step.want == "ok" && a.at("viewer.educator.email") != "tara@example.com" {
					t.Errorf("%s: %+v", step.what, a.Data)
				}
			}
		})
	}
	post, get := transports["POST"], transports["GET"]
	t.Run("an identifier is a whole one, and stands alone", func(t *testing.T) {
		const doc = "query Whole { viewer { educator { email } } }"
		hash := operation.Hash(doc)
		if got := outcomeOf(post(s, t, s.NorthTeacher, both(doc))); got != "ok" {
			t.Fatal(got)
		}
		for what, fields := range map[string]map[string]any{
			"with the document": {"documentId": "sha256:" + hash, "query": doc},
			"with the hash":     {"documentId": "sha256:" + hash, "extensions": hashed(doc)["extensions"]},
			"without a prefix":  {"documentId": hash},
			"of another kind":   {"documentId": "md5:" + hash},
			"the prefix alone":  {"documentId": "sha256:"},
		} {
			for _, name := range []string{"POST", "GET"} {
				if got := outcomeOf(transports[name](s, t, s.NorthTeacher, fields)); got != "BAD_REQUEST" {
					t.Errorf("%s, by %s: %s", what, name, got)
				}
			}
		}
		if got := outcomeOf(post(s, t, s.NorthTeacher, map[string]any{"documentId": 7})); got != "BAD_REQUEST" {
			t.Errorf("a number: %s", got)
		}
	})
	t.Run("a hash is no way around what GET may do", func(t *testing.T) {
		const mutation = "mutation Leave { revokeOtherSessions { revokedIds } }"
		if got := outcomeOf(post(s, t, s.SouthTeacher, both(mutation))); got != "ok" {
			t.Fatalf("by POST: %s", got)
		}
		for _, name := range []string{"GET", "events by GET"} {
			if got := outcomeOf(transports[name](s, t, s.SouthTeacher, hashed(mutation))); got != "METHOD_NOT_ALLOWED" {
				t.Errorf("%s: %s", name, got)
			}
		}
	})
	t.Run("a hash is no way around the limits, and what is over them is not kept", func(t *testing.T) {
		for _, deep := range []string{"{ " + strings.Repeat("a { ", 30) + "b" + strings.Repeat(" }", 31),
			"{" + strings.Repeat("a ", 9000) + "}"} {
			if got := outcomeOf(post(s, t, s.NorthAdmin, both(deep))); got != "TOO_DEEP" && got != "TOO_MANY_TOKENS" {
				t.Errorf("both: %s", got)
			}
			if got := outcomeOf(post(s, t, s.NorthAdmin, hashed(deep))); got != notFoundYet {
				t.Errorf("the hash: %s", got)
			}
		}
	})
	t.Run("strangers leave nothing behind", func(t *testing.T) {
		const doc = "query Stranger { __typename }"
		if got := outcomeOf(post(s, t, nil, both(doc))); got != "ok" {
			t.Errorf("both: %s", got)
		}
		if got := outcomeOf(get(s, t, nil, hashed(doc))); got != notFoundYet {
			t.Errorf("the hash: %s", got)
		}
	})
	t.Run("a session is asked for as ever", func(t *testing.T) {
		const doc = "query Mine { viewer { educator { id } } }"
		if got := outcomeOf(post(s, t, s.NorthTeacher, both(doc))); got != "ok" {
			t.Fatal(got)
		}
		if got := outcomeOf(post(s, t, nil, hashed(doc))); got != "UNAUTHENTICATED" {
			t.Errorf("a stranger: %s", got)
		}
	})
	t.Run("the documents that are kept are bounded by their bytes", func(t *testing.T) {
		long := func(i int) string {
			return fmt.Sprintf("#%s\nquery Long%d { __typename }", strings.Repeat("x", 60<<10), i)
		}
		for i := range 40 {
			if got := outcomeOf(post(s, t, s.NorthTeacher, both(long(i)))); got != "ok" {
				t.Fatal(got)
			}
		}
		if got := outcomeOf(post(s, t, s.NorthTeacher, hashed(long(0)))); got != notFoundYet {
			t.Errorf("the oldest: %s", got)
		}
		if got := outcomeOf(post(s, t, s.NorthTeacher, hashed(long(39)))); got != "ok" {
			t.Errorf("the newest: %s", got)
		}
	})
}

const (
	// The first three are registered; own is a doc of the server's pages.
	listedDocument  = "query Listed { viewer { educator { email } } }"
	deepDocument    = "query Deep { viewer { educator { roles { organization { id } } } } }"
	watchedDocument = "subscription Watched($id: ID!) { dashboardNotifications(organizationId: $id) { count } }"
	ownDocument     = "mutation SignInHere($input: SignInInput!) { signIn(input: " +
		"$input) { token userErrors { message } } }"
	otherDocument = "query Other { viewer { educator { id } } }"
)

// newRegistering is a server on which documents are registered.
func newRegistering(t *testing.T, d *database.DB, running document.Running, depth int) *server {
	t.Helper()
	s := newServer(t, d, func(l *graph.Limits) {
		l.Running, l.Depth = running, depth
		// How the tests sign in, besides the page.
		l.OwnOperations = []string{ownDocument,
			`mutation($input: SignInInput!) { signIn(input: $input) { token userErrors { message } } }`}
	})
	var list []operation.Operation
	for _, doc := range []string{listedDocument, watchedDocument, deepDocument} {
		op, err := newChecker().Check(doc)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list,
			operation.Operation{
				Name:     op.Name,
				Kind:     registeredoperation.Kind(strings.ToUpper(string(op.Operation))),
				Document: doc,
			})
	}
	if n, err := operation.New(d, clock).Register(fixture.System(), "app", list); n != 3 || err != nil {
		t.Fatalf("registered %d, %v", n, err)
	}
	return s
}

func TestRegisteredOperations(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		s := newRegistering(t, d, document.RegisteredOperations, 0)
		for name, send := range transports {
			t.Run("over "+name, func(t *testing.T) {
				for what, c := range map[string]struct {
					fields map[string]any
					want   string
				}{
					"a registered doc":                {map[string]any{"query": listedDocument}, "ok"},
					"its hash":                        {hashed(listedDocument), "ok"},
					"both":                            {both(listedDocument), "ok"},
					"another doc":                     {map[string]any{"query": otherDocument}, unregistered},
					"another doc with its hash":       {both(otherDocument), unregistered},
					"the hash of another doc":         {hashed(otherDocument), unregistered},
					"another doc with a known hash":   {map[string]any{"query": otherDocument, "extensions": hashed(listedDocument)["extensions"]}, "PERSISTED_QUERY_HASH_MISMATCH"},
					"a registered doc with a space":   {map[string]any{"query": listedDocument + " "}, unregistered},
					"what introspection asks for":     {map[string]any{"query": introspection}, unregistered},
					"a doc that is no GraphQL at all": {map[string]any{"query": "}{"}, unregistered},
				} {
					for _, who := range []*db.Educator{s.NorthTeacher, s.DistrictAdmin} {
						if got := outcomeOf(send(s, t, who, c.fields)); got != c.want {
							t.Errorf("%s as %s: %s; want %s", what, who.Email, got, c.want)
						}
					}
				}
			})
		}
		t.Run("a subscription by its hash", func(t *testing.T) {
			fields := hashed(watchedDocument)
			fields["variables"] = map[string]any{"id": s.names(nil).Replace("{{North}}")}
			a := transports["WebSocket"](s, t, s.NorthAdmin, fields)
			if list, ok := a.at("dashboardNotifications").([]any); !ok || len(list) != 1 {
				t.Errorf("got %+v", a)
			}
		})
		t.Run("the server's own pages go on working", func(t *testing.T) {
			fields := map[string]any{
				"query":     ownDocument,
				"variables": map[string]any{"input": map[string]any{"email": s.NorthAdmin.Email, "password": password}},
			}
			if a := transports["POST"](s, t, nil, fields); a.at("signIn.token") == nil {
				t.Errorf("got %+v", a)
			}
		})
	})
}

func TestAdministratorsMayRunWhatIsNotRegistered(t *testing.T) {
	t.Parallel()
	s := newRegistering(t, dbtest.Open(t, database.SQLite), document.RegisteredOrAdministrators, 0)
	for who, want := range map[*db.Educator]string{s.NorthAdmin: "ok", s.NorthTeacher: unregistered, nil: unregistered} {
		if got := outcomeOf(transports["POST"](s, t, who, map[string]any{"query": otherDocument})); got != want {
			t.Errorf("%v: %s; want %s", who, got, want)
		}
		if got := outcomeOf(transports["POST"](s, t, who, both(otherDocument))); got != want {
			t.Errorf("%v, with the hash: %s; want %s", who, got, want)
		}
	}
	// What an administrator has sent is not registered by that.
	if got := outcomeOf(transports["POST"](s, t, s.NorthTeacher, hashed(otherDocument))); got != unregistered {
		t.Errorf("the hash after that: %s", got)
	}
}

func TestRegisteredDocumentsMeetTheLimits(t *testing.T) {
	t.Parallel()
	s := newRegistering(t, dbtest.Open(t, database.SQLite), document.RegisteredOperations, 4)
	for _, fields := range []map[string]any{hashed(deepDocument), {"query": deepDocument}} {
		if got := outcomeOf(transports["POST"](s, t, s.NorthTeacher, fields)); got != "TOO_DEEP" {
			t.Errorf("got %s", got)
		}
	}
}

func TestCheckDocument(t *testing.T) {
	t.Parallel()
	checker := newChecker()
	for doc, want := range map[string]string{
		listedDocument: "",
		"query A { viewer { ...E } } fragment E on Viewer { educator { id } }": "",
		"query A { nothing }":            "Cannot query field",
		"}{":                             "Unexpected",
		"{ viewer { educator { id } } }": "has no name",
		"query A { __typename } query B { __typename }": "has 2 operations",
		"fragment E on Viewer { educator { id } }":      "E",
		"query A { " + strings.Repeat("node(id: 1) { ... on Student { organization { ", 12) + "id" + strings.Repeat(" } } }", 12) + " }": "nests more than 20 fields",
		"query A { students(first: 500) { nodes { groups { students(first: 500) { nodes { id } } } } } }":                                "costs",
	} {
		op, err := checker.Check(doc)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: %v; want %q", doc, err, want)
		}
		if err == nil && op.Name == "" {
			t.Errorf("%.60s has no name", doc)
		}
	}
}

func newChecker() *document.Checker { return document.NewChecker(document.DefaultLimits()) }
