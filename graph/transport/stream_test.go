package transport_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/openhomeroom/homeroom/graph/transport"
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
