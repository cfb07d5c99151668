package accept_test

import (
	"net/http"
	"testing"

	"github.com/openhomeroom/homeroom/internal/accept"
)

func TestOf(t *testing.T) {
	t.Parallel()
	// What urql sends with every query and mutation.
	const urql = "application/graphql-response+json, application/graphql+json, application/json, text/event-stream, " +
		"multipart/mixed"
	for _, c := range []struct {
		header, media string
		want          accept.Media
	}{
		{"", "text/html", accept.Media{Quality: 1}},
		{" ", "text/html", accept.Media{Quality: 1}},
		{"*/*", "text/html", accept.Media{Quality: 1}},
		{"text/*", "text/html", accept.Media{Quality: 1, Named: true}},
		{"text/*", "application/json", accept.Media{}},
		{"TEXT/HTML;Q=0.5", "text/html", accept.Media{Quality: 0.5, Named: true}},
		{urql, "application/json", accept.Media{Quality: 1, Named: true, Place: 2}},
		{urql, "text/event-stream", accept.Media{Quality: 1, Named: true, Place: 3}},
		{urql, "text/html", accept.Media{}},
		// The closest range counts, whatever stands before it and however high it is.
		{"*/*, text/*;q=0.5, text/html;q=0", "text/html", accept.Media{Named: true, Place: 2}},
		{"text/html;q=0.1, text/*;q=0.5, */*", "text/html", accept.Media{Quality: 0.1, Named: true}},
		{"text/html;q=0.1, text/*;q=0.5, */*", "text/plain", accept.Media{Quality: 0.5, Named: true, Place: 1}},
		// Of two that fit alike, the first.
		{"text/html;q=0.2, text/html;q=0.9", "text/html", accept.Media{Quality: 0.2, Named: true}},
		// Parameters and quoted commas.
		{`text/html;charset=utf-8;q=0.3`, "text/html", accept.Media{Quality: 0.3, Named: true}},
		{`a/b;c="d, \", text/html;q=1", text/html;q=0.4`, "text/html", accept.Media{Quality: 0.4, Named: true, Place: 1}},
		// What makes no sense is passed over.
		{"text/html;q=2, text/html;q=NaN, text/html;q=-1, text/html;q=, /, text/html;q=0.7", "text/html",
			accept.Media{Quality: 0.7, Named: true, Place: 5}},
		{"html", "text/html", accept.Media{}},
		{"text", "text/html", accept.Media{}},
		{`"`, "text/html", accept.Media{}},
	} {
		if got := accept.Of(http.Header{"Accept": {c.header}}, c.media); got != c.want {
			t.Errorf("%q, %s: got %+v, want %+v", c.header, c.media, got, c.want)
		}
	}

	several := http.Header{"Accept": {"text/html;q=0.1", "text/plain"}}
	if got := accept.Of(several, "text/plain"); got != (accept.Media{Quality: 1, Named: true, Place: 1}) {
		t.Errorf("in two lines: got %+v", got)
	}
	if got := accept.Of(nil, "text/plain"); got.Quality != 1 || got.Named {
		t.Errorf("without a header: got %+v", got)
	}
}

func TestEventStream(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]bool{
		"text/event-stream": true, "text/*": true, "application/json, text/event-stream;q=0.1": true,
		"": false, "*/*": false, "text/event-stream;q=0, */*": false, "text/event-streams": false,
	} {
		if got := accept.EventStream(http.Header{"Accept": {header}}); got != want {
			t.Errorf("%q: got %v", header, got)
		}
	}
}
