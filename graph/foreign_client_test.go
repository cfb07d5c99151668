package graph_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/openhomeroom/homeroom/graph"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	"github.com/openhomeroom/homeroom/internal/globalid"
)

// TestForeignClients lets programs of others loose on the endpoint: the audits of
// graphql-http, which check the GraphQL-over-HTTP draft, and the clients of Apollo, urql
// with graphcache, graphql-ws and graphql-sse. It needs node and npm (.ci/with-node), and fails
// without them.
func TestForeignClients(t *testing.T) {
	t.Parallel()
	folder := nodeFolder(t)
	for _, script := range []struct {
		file string
		// checks is how many the script has: one that ends early has failed.
		checks int
	}{{"audit.mjs", 61}, {"websocket.mjs", 9}, {"sse.mjs", 6}, {"persisted.mjs", 5}, {"urql.mjs", 5},
		{"cache.mjs", 4}} {
		t.Run(strings.TrimSuffix(script.file, ".mjs"), func(t *testing.T) {
			t.Parallel()
			s := newServer(t, dbtest.Open(t, database.SQLite), func(l *graph.Limits) { l.SessionCheck = 100 * time.Millisecond })
			work, stop := context.WithCancel(fixture.System())
			done := make(chan struct{})
			go func() {
				defer close(done)
				if err := s.importer.Run(work); !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
			}()
			defer func() {
				stop()
				<-done
			}()
			ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
			defer cancel()
			command := exec.CommandContext(ctx, "node", script.file)
			command.Dir = folder
			command.Env = append(os.Environ(), "HOMEROOM_URL="+s.http.URL+"/graphql", "HOMEROOM_TOKEN="+s.token(t, s.NorthAdmin),
				"HOMEROOM_NORTH="+globalid.Encode(globalid.Organization, s.North.ID),
				"HOMEROOM_EAST="+globalid.Encode(globalid.Organization, s.East.ID))
			var complaints bytes.Buffer
			command.Stderr = &complaints
			out, err := command.Output()
			if err != nil {
				t.Errorf("%v\n%s", err, complaints.String())
			}
			checks := 0
			for line := range strings.Lines(string(out)) {
				var c struct{ Name, Status, Why string }
				if err := json.Unmarshal([]byte(line), &c); err != nil {
					t.Fatalf("%q: %v", line, err)
				}
				checks++
				t.Run(c.Name, func(t *testing.T) {
					if c.Status != "ok" {
						t.Errorf("%s: %s", c.Status, c.Why)
					}
				})
			}
			if checks != script.checks {
				t.Errorf("%d checks ran; want %d", checks, script.checks)
			}
		})
	}
}

// nodeFolder is a folder with the scripts and the packages that they need.
func nodeFolder(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("npm"); err != nil {
		dbtest.Lacks(t, "%v: install node 18 or later with npm, or run this by .ci/with-node", err)
	}
	folder := t.TempDir()
	if err := os.CopyFS(folder, os.DirFS(filepath.Join("testdata", "audit"))); err != nil {
		t.Fatal(err)
	}
	command := exec.Command("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
	command.Dir = folder
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("npm ci: %v; install node 18 or later with npm, or run this by .ci/with-node\n%s", err, out)
	}
	return folder
}
