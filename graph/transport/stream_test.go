package transport_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/openhomeroom/homeroom/graph/transport"
	"github.com/openhomeroom/homeroom/internal/viewer"
)

var events = transport.SSE{Limits: limits, KeepAlive: time.Minute, Patience: 100 * time.Millisecond}

// TestServerSentEvents checks what a stream does when its operation goes wrong.
func TestServerSentEvents(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what, query string
		run         func(ctx context.Context) *graphql.Response
		want        string
	}{
		{"an operation has its answer", "{ ok }", fine, `{"data":{"ok":true}}`},
		{"an operation may not take for ever", "{ ok }", func(ctx context.Context) *graphql.Response {
			<-ctx.Done()
			return nil
		}, `"code":"TIMEOUT"`},
		{"a panic ends the stream and not the server", "subscription { ok }", func(context.Context) *graphql.Response { panic("oh") }, `"errors":[`},
		{"a subscription that ends before its time says why", "subscription { ok }",
			func(ctx context.Context) *graphql.Response {
				transport.Fail(ctx, errors.New("why"))
				return nil
			}, `{"errors":[{"message":"why"}]}`},
		{"a subscription that is refused has one answer", "subscription { ok }", func(context.Context) *graphql.Response {
			return &graphql.Response{Errors: gqlerror.List{transport.Errorf("NOT_FOUND", "x")}}
		}, `"code":"NOT_FOUND"`},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			address := serve(t, c.run, events)
			r := send(t, "POST", address, strings.NewReader(`{"query":"`+c.query+`"}`), contentType, acceptJSON, "Accept",
				"text/event-stream")
			if r.status != 200 || r.header.Get(contentType) != "text/event-stream; charset=utf-8" ||
				strings.Count(r.body, "event: next\n") != 1 ||
				!strings.Contains(r.body, c.want) || !strings.HasSuffix(r.body, "\n\nevent: complete\ndata:\n\n") {
				t.Errorf("got %d %v %q", r.status, r.header, r.body)
			}
		})
	}

	t.Run("a GET never changes anything", func(t *testing.T) {
		t.Parallel()
		address := serve(t, fine, events)
		r := send(t, "GET", address+"?query="+url.QueryEscape("mutation { ok }"), nil, "Accept", "text/event-stream")
		if !strings.Contains(r.body, "METHOD_NOT_ALLOWED") || strings.Contains(r.body, `"data":`) {
			t.Errorf("got %q", r.body)
		}
	})

	t.Run("what is not well-formed has no stream", func(t *testing.T) {
		t.Parallel()
		address := serve(t, fine, events)
		r := send(t, "POST", address, strings.NewReader(`{`), contentType, acceptJSON, "Accept", "text/event-stream")
		if r.status != 400 || r.code() != "BAD_REQUEST" {
			t.Errorf("got %d %q", r.status, r.body)
		}
	})
}

// TestWhoReadsJSONGetsNoStream says what a client gets that accepts both: JSON, unless it
// is a subscription.
func TestWhoReadsJSONGetsNoStream(t *testing.T) {
	t.Parallel()
	// What urql sends with queries and mutations, and with subscriptions.
	const urql = "application/graphql-response+json, application/graphql+json, application/json, text/event-stream, " +
		"multipart/mixed"
	const urqlStream = "text/event-stream, multipart/mixed"
	const stream = "text/event-stream"
	address := serve(t, fine, events)
	for _, c := range []struct {
		accept, query string
		status        int
		media, code   string
	}{
		{urql, "{ ok }", 200, acceptResult, ""},
		{urql, "mutation { ok }", 200, acceptResult, ""},
		{urql, "subscription { ok }", 200, stream, ""},
		{urql, "{ no }", 400, acceptResult, "GRAPHQL_VALIDATION_FAILED"},
		{urql, "{", 400, acceptResult, "GRAPHQL_PARSE_FAILED"},
		{urqlStream, "subscription { ok }", 200, stream, ""},
		{urqlStream, "{ ok }", 200, stream, ""},
		{stream + ", */*;q=0.1", "{ ok }", 200, acceptJSON, ""},
		{stream + ";q=1, " + acceptJSON + ";q=0.1", "mutation { ok }", 200, acceptJSON, ""},
		{stream + ", " + acceptJSON + ";q=0", "{ ok }", 200, stream, ""},
		{stream + ", " + acceptJSON + ";q=0, */*", "{ ok }", 200, acceptResult, ""},
		// Who accepts no stream has none.
		{stream + ";q=0, " + acceptJSON, "{ ok }", 200, acceptJSON, ""},
		{stream + ";q=0, " + acceptJSON, "subscription { ok }", 400, acceptJSON, "BAD_REQUEST"},
		{stream + ";q=0", "{ ok }", 406, acceptJSON, "NOT_ACCEPTABLE"},
		{"text/*", "subscription { ok }", 200, stream, ""},
		{"*/*", "subscription { ok }", 400, acceptJSON, "BAD_REQUEST"},
		{`text/plain;x="text/event-stream", ` + acceptJSON, "{ ok }", 200, acceptJSON, ""},
	} {
		t.Run(c.accept+" "+c.query, func(t *testing.T) {
			t.Parallel()
			r := send(t, "POST", address, strings.NewReader(`{"query":"`+c.query+`"}`), contentType, acceptJSON,
				"Accept", c.accept)
			if media := r.header.Get(contentType); r.status != c.status || media != c.media+"; charset=utf-8" ||
				r.header.Get("Vary") != "Accept" {
				t.Errorf("got %d %v %q, want %d %s", r.status, r.header, r.body, c.status, c.media)
			}
			if c.media == stream && !strings.Contains(r.body, "event: next\ndata: {\"data\":{\"ok\":true}}\n\n") ||
				c.media != stream && c.status == 200 && r.body != `{"data":{"ok":true}}` || c.code != "" && r.code() != c.code {
				t.Errorf("got %d %q", r.status, r.body)
			}
		})
	}

	t.Run("a mutation by GET", func(t *testing.T) {
		t.Parallel()
		r := send(t, "GET", address+"?query="+url.QueryEscape("mutation { ok }"), nil, "Accept", urql)
		if r.status != 405 || r.header.Get("Allow") != "POST" || r.code() != "METHOD_NOT_ALLOWED" {
			t.Errorf("got %d %v %q", r.status, r.header, r.body)
		}
	})

	t.Run("what takes too long has a status", func(t *testing.T) {
		t.Parallel()
		address := serve(t, func(ctx context.Context) *graphql.Response {
			<-ctx.Done()
			return nil
		}, events)
		r := send(t, "POST", address, strings.NewReader(`{"query":"{ ok }"}`), contentType, acceptJSON, "Accept", urql)
		if r.status != 503 || r.code() != "TIMEOUT" {
			t.Errorf("got %d %q", r.status, r.body)
		}
	})
}

// TestEveryErrorNamesItsRequest says that an error can be found in the log, over every
// transport, and that requests share no error.
func TestEveryErrorNamesItsRequest(t *testing.T) {
	t.Parallel()
	shared := gqlerror.List{transport.Errorf("NOT_FOUND", "x"), {Message: "y"}}
	endpoint := httptest.NewUnstartedServer(nil)
	endpoint.Config.Handler = endpointOf(func(context.Context) *graphql.Response {
		return &graphql.Response{Errors: shared}
	}, events, files(nil))
	inner := endpoint.Config.Handler
	endpoint.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin := viewer.Origin{RequestID: r.Header.Get("X-Request-Id")}
		inner.ServeHTTP(w, r.WithContext(viewer.WithOrigin(r.Context(), origin)))
	})
	endpoint.Start()
	t.Cleanup(endpoint.Close)
	for _, accept := range []string{acceptJSON, acceptResult, "text/event-stream"} {
		for body, n := range map[string]int{`{"query":"{ ok }"}`: 2, `{"query":"{ no }"}`: 1, `{`: 1} {
			r := send(t, "POST", endpoint.URL, strings.NewReader(body), contentType, acceptJSON, "Accept", accept,
				"X-Request-Id", "the-one")
			if strings.Count(r.body, `"requestId":"the-one"`) != n || strings.Count(r.body, `"message"`) != n {
				t.Errorf("%s, %s: got %s", accept, body, r.body)
			}
		}
	}
	r := send(t, "POST", endpoint.URL, strings.NewReader(`{"query":"{ ok }"}`), contentType, acceptJSON)
	if strings.Contains(r.body, "requestId") {
		t.Errorf("without a request id: got %s", r.body)
	}
	for _, err := range shared {
		if _, changed := err.Extensions["requestId"]; changed {
			t.Errorf("the error itself has changed: %v", err)
		}
	}
}

// TestErrorsRepeatLittle says that a name of a request comes back in part.
func TestErrorsRepeatLittle(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ä", 1500)
	address := serve(t, func(context.Context) *graphql.Response {
		err := transport.Errorf("BAD_USER_INPUT", "%s", long)
		err.Path = ast.Path{ast.PathName("variable"), ast.PathName(long), ast.PathIndex(7)}
		return &graphql.Response{Errors: gqlerror.List{err}}
	})
	r := send(t, "POST", address, strings.NewReader(`{"query":"{ ok }"}`), contentType, acceptJSON)
	var a struct {
		Errors []struct {
			Message string
			Path    []any
		}
	}
	if err := json.Unmarshal([]byte(r.body), &a); err != nil || len(a.Errors) != 1 || len(a.Errors[0].Path) != 3 {
		t.Fatalf("got %v, %s", err, r.body)
	}
	if e := a.Errors[0]; e.Message != strings.Repeat("ä", 1000)+"…" || e.Path[0] != "variable" || e.Path[2] != 7.0 ||
		e.Path[1] != strings.Repeat("ä", 100)+"…" {
		t.Errorf("got %s", r.body)
	}
}
