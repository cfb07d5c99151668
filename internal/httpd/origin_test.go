package httpd_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/internal/config"
	"github.com/openhomeroom/homeroom/internal/httpd"
)

func TestOrigins(t *testing.T) {
	t.Parallel()
	var calls int
	s := start(t, func(w http.ResponseWriter, r *http.Request) { calls++; ok(w, r) },
		func(c *config.Server, _ *httpd.Deps) { c.PublicURL = "https://homeroom.example.org" })
	form := func() *strings.Reader { return strings.NewReader("--x--") }

	for name, c := range map[string]struct {
		headers []string
		status  int
	}{
		"a form of a foreign page":                   {[]string{"Origin", "https://evil.example"}, 403},
		"the same with fetch metadata":               {[]string{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}, 403},
		"a sibling of the allowed page":              {[]string{"Origin", allowed + ".evil.example", "Sec-Fetch-Site", "cross-site"}, 403},
		"the allowed page without encryption":        {[]string{"Origin", "http://dashboard.example.org"}, 403},
		"a page without an origin":                   {[]string{"Origin", "null"}, 403},
		"the allowed page":                           {[]string{"Origin", allowed, "Sec-Fetch-Site", "cross-site"}, 200},
		"the server's own page":                      {[]string{"Origin", s.url, "Sec-Fetch-Site", "same-origin"}, 200},
		"its own page, in an old browser":            {[]string{"Origin", s.url}, 200},
		"its own page behind a proxy, in an old one": {[]string{"Origin", "https://homeroom.example.org"}, 200},
		"a program that is no browser":               {nil, 200},
	} {
		before := calls
		r := s.send(t, "POST", "/graphql", form(), append(c.headers, "Content-Type", multipart)...)
		if r.status != c.status || (calls > before) != (c.status == 200) {
			t.Errorf("%s: %d after %d calls, want %d", name, r.status, calls-before, c.status)
		}
		if c.status == 403 &&
			(r.code() != "FORBIDDEN" || r.header.Get("Access-Control-Allow-Origin") != "" ||
				r.header.Get("X-Request-Id") == "") {
			t.Errorf("%s: %s %v", name, r.body, r.header)
		}
	}

	t.Run("a foreign page opens no WebSocket", func(t *testing.T) {
		for origin, want := range map[string]int{"https://evil.example": 403, allowed: 200} {
			r := s.send(t, "GET", "/graphql", nil, "Origin", origin, "Connection", "Upgrade", "Upgrade", "websocket")
			if r.status != want {
				t.Errorf("%s: %d, want %d", origin, r.status, want)
			}
		}
	})

	t.Run("the allowed page may read answers, with credentials", func(t *testing.T) {
		h := s.send(t, "POST", "/graphql", form(), "Origin", allowed).header
		if h.Get("Access-Control-Allow-Origin") != allowed || h.Get("Access-Control-Allow-Credentials") != "true" ||
			!strings.Contains(h.Get("Access-Control-Expose-Headers"), "X-Request-Id") ||
			!strings.Contains(h.Get("Vary"), "Origin") {
			t.Errorf("the headers are %v", h)
		}
	})

	t.Run("a preflight tells what the allowed page may send, and a foreign one nothing", func(t *testing.T) {
		ask := func(origin, headers string) http.Header {
			before := calls
			r := s.send(t, "OPTIONS", "/graphql", nil, "Origin", origin,
				"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", headers)
			if r.status != 204 || calls != before {
				t.Errorf("%d, and the handler was called %d times", r.status, calls-before)
			}
			return r.header
		}
		h := ask(allowed, "authorization,content-type,x-request-id")
		if h.Get("Access-Control-Allow-Origin") != allowed || h.Get("Access-Control-Max-Age") != "600" ||
			h.Get("Access-Control-Allow-Methods") != "POST" ||
			!strings.Contains(h.Get("Access-Control-Allow-Headers"), "authorization") {
			t.Errorf("the headers are %v", h)
		}
		// What clients send by themselves, in the order of browsers.
		for client, headers := range map[string]string{
			"Apollo":  "apollo-require-preflight,apollographql-client-name,apollographql-client-version,content-type",
			"Kotlin":  "content-type,x-apollo-operation-id,x-apollo-operation-name",
			"Hive":    "authorization,content-type,graphql-client-name,graphql-client-version",
			"tracing": "baggage,content-type,sentry-trace,traceparent,tracestate",
			"Datadog": "content-type,x-datadog-origin,x-datadog-parent-id,x-datadog-sampling-priority,x-datadog-trace-id",
			"events":  "cache-control,last-event-id",
		} {
			if h := ask(allowed, headers); h.Get("Access-Control-Allow-Headers") != headers ||
				h.Get("Access-Control-Allow-Origin") != allowed {
				t.Errorf("%s: the headers are %v", client, h)
			}
			if h := ask("https://evil.example", headers); h.Get("Access-Control-Allow-Headers") != "" {
				t.Errorf("%s from elsewhere: the headers are %v", client, h)
			}
		}
		for origin, headers := range map[string]string{"https://evil.example": "content-type", allowed: "x-other"} {
			if h := ask(origin, headers); h.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%s may send %s: %v", origin, headers, h)
			}
		}
	})

	t.Run("without a list no page elsewhere may do anything", func(t *testing.T) {
		closed := start(t, ok, func(c *config.Server, _ *httpd.Deps) { c.AllowedOrigins = nil })
		if r := closed.send(t, "GET", "/graphql", nil, "Origin", allowed); r.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("the headers are %v", r.header)
		}
		if r := closed.send(t, "POST", "/graphql", form(), "Origin", allowed); r.status != 403 {
			t.Errorf("got %d", r.status)
		}
	})
}
