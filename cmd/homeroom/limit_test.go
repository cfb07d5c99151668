package main_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/graph"
	"github.com/openhomeroom/homeroom/internal/config"
)

// TestTheLimitsOfAnOperationAreSettings sets each limit on the text of an
// operation so low that an ordinary one goes beyond it.
func TestTheLimitsOfAnOperationAreSettings(t *testing.T) {
	t.Parallel()
	in := installation{t: t, url: "sqlite:" + t.TempDir() + "/homeroom.db", folder: t.TempDir()}
	s := in.start("serve", "--max-document-bytes", "1KiB", "--max-tokens", "200", "--max-depth", "5", "--max-fields", "50",
		"--max-aliases", "1", "--max-root-fields", "1")
	for code, query := range map[string]string{
		"DOCUMENT_TOO_LARGE":   "{ __typename } #" + strings.Repeat("x", 1024),
		"TOO_MANY_TOKENS":      "{ " + strings.Repeat("a ", 210) + "}",
		"TOO_DEEP":             "{ a { b { c { d { e { f } } } } } }",
		"TOO_MANY_FIELDS":      "{ viewer { " + strings.Repeat("a ", 60) + "} }",
		"TOO_MANY_ALIASES":     "{ viewer { x: a y: a } }",
		"TOO_MANY_ROOT_FIELDS": "{ viewer { a } organization { a } }",
	} {
		answer, err := http.Post(s.address+"/graphql", "application/json", bytes.NewReader([]byte(`{"query": "`+query+`"}`)))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || !strings.Contains(string(body), `"`+code+`"`) {
			t.Errorf("%s: %s, %v", code, body, err)
		}
	}
	s.stop()
}

// TestTheLimitsHaveOneDefault compares what the manual says with what the endpoint
// does by itself.
func TestTheLimitsHaveOneDefault(t *testing.T) {
	t.Parallel()
	c, g := config.Default().Limits, graph.DefaultLimits()
	got := [...]int{int(c.DocumentBytes), c.Tokens, c.Depth, c.Fields, c.Aliases, c.RootFields, c.Complexity, c.Operations,
		c.Subscriptions, c.Uploads, c.AllSubscriptions, c.Sockets, c.AllSockets, c.NewSockets, c.AllNewSockets,
		int(c.BodyMemory), int(c.UploadStorage), int(config.Default().Server.MaxRequestBytes)}
	want := [...]int{g.DocumentBytes, g.Tokens, g.Depth, g.Fields, g.Aliases, g.RootFields, g.Complexity, g.Operations,
		g.Subscriptions, g.Uploads, g.AllSubscriptions, g.Sockets, g.AllSockets, g.NewSockets, g.AllNewSockets,
		int(g.BodyMemory), int(g.UploadStorage), int(g.RequestBytes)}
	if got != want {
		t.Errorf("the settings have %v; the endpoint has %v", got, want)
	}
}
