package transport_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/openhomeroom/homeroom/graph/transport"
)

// fake is a schema whose only resolver is a function of the test.
type fake struct {
	graphql.ExecutableSchema
	schema *ast.Schema
	run    func(ctx context.Context) *graphql.Response
}

func (f fake) Schema() *ast.Schema { return f.schema }

func (f fake) Exec(context.Context) graphql.ResponseHandler {
	done := false
	return func(ctx context.Context) *graphql.Response {
		if done {
			return nil
		}
		done = true
		return f.run(ctx)
	}
}

func fine(context.Context) *graphql.Response {
	return &graphql.Response{Data: json.RawMessage(`{"ok":true}`)}
}

// serve is an endpoint with transports before HTTP.
func serve(t *testing.T, run func(context.Context) *graphql.Response, transports ...graphql.Transport) string {
	t.Helper()
	server := httptest.NewServer(endpointOf(run, transports...))
	t.Cleanup(server.Close)
	return server.URL
}

func endpointOf(run func(context.Context) *graphql.Response, transports ...graphql.Transport) http.Handler {
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: `
		scalar Upload
		input In { files: [Upload] }
		type Query { ok(password: String, file: Upload, in: In): Boolean }
		type Mutation { ok(file: Upload, other: Upload, in: In): Boolean }
		type Subscription { ok: Boolean }`})
	srv := handler.New(fake{schema: schema, run: run})
	for _, tr := range transports {
		srv.AddTransport(tr)
	}
	srv.AddTransport(transport.HTTP{Limits: limits})
	return srv
}

var limits = transport.Limits{RequestBytes: 10000, VariableBytes: 2000}

type reply struct {
	status int
	header http.Header
	body   string
}

// code is extensions.code of the first error.
func (r reply) code() string {
	var a struct {
		Errors []struct{ Extensions struct{ Code string } }
	}
	if json.Unmarshal([]byte(r.body), &a) != nil || len(a.Errors) == 0 {
		return ""
	}
	return a.Errors[0].Extensions.Code
}

// send sends a request with headers given as name, value, name, value.
func send(t *testing.T, method, address string, body io.Reader, headers ...string) reply {
	t.Helper()
	req, err := http.NewRequest(method, address, body)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{resp.StatusCode, resp.Header, string(content)}
}

const (
	contentType  = "Content-Type"
	acceptJSON   = "application/json"
	acceptResult = "application/graphql-response+json"
)

// TestRefusals says how requests are refused that are not well-formed.
func TestRefusals(t *testing.T) {
	t.Parallel()
	address := serve(t, fine, transport.SSE{Limits: limits, KeepAlive: time.Minute, Patience: time.Minute})
	long := strings.Repeat("x", 3000)
	for _, c := range []struct {
		what, method, body string
		headers            []string
		status             int
		code               string
	}{
		{"no content type", "POST", `{"query":"{ ok }"}`, nil, 415, "UNSUPPORTED_MEDIA_TYPE"},
		{"a form of a page elsewhere", "POST", `query={ok}`, []string{contentType, "application/x-www-form-urlencoded"}, 415, "UNSUPPORTED_MEDIA_TYPE"},
		{"plain text, which a page elsewhere may send", "POST", `{"query":"{ ok }"}`, []string{contentType, "text/plain"}, 415, "UNSUPPORTED_MEDIA_TYPE"},
		{"another encoding", "POST", `{"query":"{ ok }"}`, []string{contentType, "application/json; charset=latin1"}, 415, "UNSUPPORTED_MEDIA_TYPE"},
		{"a compressed body", "POST", `{"query":"{ ok }"}`, []string{contentType, acceptJSON, "Content-Encoding", "gzip"}, 415, "UNSUPPORTED_MEDIA_TYPE"},
		{"an answer in a type that there is not", "POST", `{"query":"{ ok }"}`, []string{contentType, acceptJSON, "Accept", "text/html"}, 406, "NOT_ACCEPTABLE"},
		{"no body", "POST", ``, []string{contentType, acceptJSON}, 400, "BAD_REQUEST"},
		{"several operations at once", "POST", ` [{"query":"{ ok }"}]`, []string{contentType, acceptJSON}, 400, "BATCHING_NOT_SUPPORTED"},
		{"what is not UTF-8", "POST", "{\"query\":\"{ ok }\",\"x\":\"\xff\"}", []string{contentType, acceptJSON}, 400, "BAD_REQUEST"},
		{"more behind the object", "POST", `{"query":"{ ok }"} {}`, []string{contentType, acceptJSON}, 400, "BAD_REQUEST"},
		{"no query", "POST", `{"variables":{}}`, []string{contentType, acceptJSON}, 400, "BAD_REQUEST"},
		{"variables that are a list", "POST", `{"query":"{ ok }","variables":[]}`, []string{contentType, acceptJSON}, 400, "BAD_REQUEST"},
		{"variables that are too long", "POST", `{"query":"{ ok }","variables":{"x":"` + long + `"}}`, []string{contentType, acceptJSON}, 413, "PAYLOAD_TOO_LARGE"},
		{"extensions that are too long", "POST", `{"query":"{ ok }","extensions":{"x":"` + long + `"}}`, []string{contentType, acceptJSON}, 413, "PAYLOAD_TOO_LARGE"},
		{"a body that is too long", "POST", `{"query":"{ ok }"` + strings.Repeat(" ", 10000) + `}`, []string{contentType, acceptJSON}, 413, "PAYLOAD_TOO_LARGE"},
		{"another method", "DELETE", ``, nil, 405, "METHOD_NOT_ALLOWED"},
		{"a subscription without a stream", "POST", `{"query":"subscription { ok }"}`, []string{contentType, acceptJSON}, 400, "BAD_REQUEST"},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			r := send(t, c.method, address, strings.NewReader(c.body), c.headers...)
			if r.status != c.status || r.code() != c.code || strings.Contains(r.body, `"data"`) {
				t.Errorf("got %d %s, want %d %s without data", r.status, r.body, c.status, c.code)
			}
		})
	}

	t.Run("the answer to a body that is not JSON repeats nothing of it", func(t *testing.T) {
		t.Parallel()
		for _, body := range []string{
			`{"query":"mutation { signIn }","variables":{"password":"secret1"`,
			`{"query":"x","variables":{"password":"secret1"},}`, `secret1`, `{"variables":"secret1","query":"{ ok }"}`,
			`{"query":{"a":"secret1"}}`,
		} {
			for _, accept := range []string{acceptJSON, acceptResult, "text/event-stream"} {
				r := send(t, "POST", address, strings.NewReader(body), contentType, acceptJSON, "Accept", accept)
				if r.status < 400 || strings.Contains(r.body, "secret") {
					t.Errorf("%s: got %d %s", body, r.status, r.body)
				}
			}
		}
	})

	t.Run("a GET never changes anything", func(t *testing.T) {
		t.Parallel()
		r := send(t, "GET", address+"?query="+url.QueryEscape(`mutation { ok }`), nil)
		if r.status != 405 || r.header.Get("Allow") != "POST" {
			t.Errorf("got %d %v %s", r.status, r.header, r.body)
		}
		r = send(t, "GET", address+"?query="+url.QueryEscape(`query A { ok } mutation B { ok }`)+"&operationName=B", nil)
		if r.status != 405 {
			t.Errorf("got %d %s", r.status, r.body)
		}
		if r = send(t, "GET", address+"?query=%zz", nil); r.status != 400 {
			t.Errorf("got %d %s", r.status, r.body)
		}
		if r = send(t, "GET", address+"?query={ok}", nil); r.status != 200 || r.body != `{"data":{"ok":true}}` {
			t.Errorf("got %d %s", r.status, r.body)
		}
	})
}

// TestStatuses says which status and type an answer has.
func TestStatuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what   string
		answer *graphql.Response
		// old is the status for a client that accepts only application/json.
		old, current int
		data         bool
	}{
		{"data", fine(t.Context()), 200, 200, true},
		{"data and errors", &graphql.Response{Data: json.RawMessage(`null`), Errors: gqlerror.List{{Message: "x"}}}, 200, 200, true},
		{"an error before anything was executed", &graphql.Response{Errors: gqlerror.List{{Message: "x"}}}, 200, 400, false},
		{"a caller who must sign in", &graphql.Response{Errors: gqlerror.List{transport.Errorf("UNAUTHENTICATED", "x")}}, 200, 401, false},
		{"a caller who asks too often", &graphql.Response{Errors: gqlerror.List{transport.Errorf("TOO_MANY_REQUESTS", "x")}}, 429, 429, false},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			address := serve(t, func(context.Context) *graphql.Response { return c.answer })
			for accept, want := range map[string]int{
				"": c.old, "*/*": c.old, acceptJSON: c.old, acceptResult: c.current,
				acceptJSON + ";q=0.5, " + acceptResult: c.current, acceptResult + ";q=0.5, text/html, */*": c.old,
			} {
				r := send(t, "POST", address, strings.NewReader(`{"query":"{ ok }"}`), contentType, acceptJSON, "Accept", accept)
				if r.status != want || strings.Contains(r.body, `"data"`) != c.data {
					t.Errorf("%s: got %d %s, want %d", accept, r.status, r.body, want)
				}
				if media := r.header.Get(contentType); strings.HasPrefix(media,
					acceptResult) != (strings.Contains(accept, acceptResult) && !strings.Contains(accept, "*/*")) ||
					!strings.HasSuffix(media, "; charset=utf-8") {
					t.Errorf("%s: the answer is %s", accept, media)
				}
			}
		})
	}

	t.Run("an answer shows 20 errors at most", func(t *testing.T) {
		t.Parallel()
		address := serve(t, fine)
		r := send(t, "POST", address, strings.NewReader(`{"query":"{ `+strings.Repeat("no ", 900)+`}"}`),
			contentType, acceptJSON)
		if n := strings.Count(r.body, `"message"`); n != 20 {
			t.Errorf("got %d errors", n)
		}
	})
}
