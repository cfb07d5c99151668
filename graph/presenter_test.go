package graph_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/openhomeroom/homeroom/graph"
	"github.com/openhomeroom/homeroom/internal/database"
	"github.com/openhomeroom/homeroom/internal/dbtest"
	"github.com/openhomeroom/homeroom/internal/fixture"
	jobs "github.com/openhomeroom/homeroom/internal/job"
)

// TestErrorsAreMasked breaks the server on purpose: the caller learns that something went
// wrong, and the log shows what.
func TestErrorsAreMasked(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *database.DB) {
		w := fixture.New(t, d)
		var log bytes.Buffer
		// Without its services every resolver that needs one panics.
		endpoint := graph.NewHandler(&graph.Resolver{DB: d, Importer: &jobs.Service{},
			Log: slog.New(slog.NewTextHandler(&log, nil))}, graph.Limits{})
		asking := w.As(t, w.DistrictAdmin)
		ask := func(query string) (string, answer) {
			t.Helper()
			body, _ := json.Marshal(map[string]any{"query": query})
			req := httptest.NewRequest(http.MethodPost, "/graphql", bytes.NewReader(body)).WithContext(asking)
			req.Header.Set("Content-Type", "application/json")
			recorder := httptest.NewRecorder()
			endpoint.ServeHTTP(recorder, req)
			var a answer
			if err := json.Unmarshal(recorder.Body.Bytes(), &a); err != nil {
				t.Fatal(err)
			}
			return recorder.Body.String(), a
		}
		masked := func(t *testing.T, query, cause string) {
			t.Helper()
			log.Reset()
			text, a := ask(query)
			if a.code() != "INTERNAL_SERVER_ERROR" || strings.Contains(text, cause) || strings.Contains(text, "goroutine") {
				t.Errorf("got %s", text)
			}
			if n := strings.Count(log.String(), "level=ERROR"); n != 1 || !strings.Contains(log.String(), cause) {
				t.Errorf("the log has %d errors: %s", n, log.String())
			}
		}
		t.Run("a panic of a resolver", func(t *testing.T) {
			masked(t, `{ dashboardNotifications(organizationId: "org_1") { count } }`, "nil pointer")
		})
		t.Run("an error of the database", func(t *testing.T) {
			if _, err := d.Client(fixture.System()).
				ExecContext(fixture.System(), "ALTER TABLE role_assignments RENAME TO gone_role_assignments"); err != nil {
				t.Fatal(err)
			}
			masked(t, `{ viewer { educator { roles { role } } } }`, "role_assignments")
		})
	})
}
